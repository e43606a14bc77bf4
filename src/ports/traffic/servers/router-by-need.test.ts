import assert from 'node:assert/strict';
import { test } from 'node:test';
import { environment } from '../../../proxy/fixtures/documents.ts';
import type { TrafficRouter } from '../traffic.ts';
import { RouterByNeed } from './router-by-need.ts';

const unused = (): Promise<never> => Promise.reject(new Error('not asked in this test'));
const calls = { publish: unused, withdraw: unused, status: unused, counters: unused, acknowledge: unused };
const telling = (name: string): TrafficRouter => ({
  ...{ ...calls, prove: unused, keepJournalHeads: unused },
  environments: async () => [environment([], { domains: [name] })],
});

test('this machine’s router is asked until another one is needed, which is opened once', async () => {
  let isNeeded = false;
  let opened = 0;
  const open = async () => {
    opened++;
    return telling('all');
  };
  const router = new RouterByNeed(telling('own'), () => isNeeded, open);
  const asked = async () => (await router.environments())[0]?.domains[0];
  assert.deepEqual([await asked(), opened], ['own', 0]);
  isNeeded = true;
  assert.deepEqual([await asked(), await asked(), opened], ['all', 'all', 1]);
});
