import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KnownSecretView } from '../../../src/capabilities/secrets/secrets-api.ts';
import { startingFlags, startingVersions } from '../../../test/fixtures/dashboard/harbour-settings.ts';
import { configDifferences, flagDifferences, newSecrets, secretDifferences } from './compare-rows.ts';

const secret = (name: string, setAt: number, oldVersion: string | null = null): KnownSecretView => ({
  ...{ name, version: `${name}-2`, setAt, oldVersion, expiresAt: null },
});
const event = (name: string, actor: string, at: number) => ({
  ...{ position: at, chain: 'shop/production', sequence: at, id: `e${at}`, type: 'secret-set', at, actor },
  ...{ reason: null, correlationId: null, payload: { name } },
});

test('a line of config says who has changed it last', () => {
  const line = { variable: 'LOG_LEVEL', service: null, from: 'info', to: 'debug' };
  const [found] = configDifferences({ from: 'a', to: 'b', lines: [line] }, [startingVersions()]);
  assert.equal(found?.changed?.reason, 'looking for the slow album');
  const own = { ...line, service: 'sizes' };
  const [ofService] = configDifferences({ from: 'a', to: 'b', lines: [own] }, [startingVersions()]);
  assert.deepEqual([ofService?.what, ofService?.changed], ['sizes LOG_LEVEL', null]);
});

test('secrets differ where one side has none of the name, whatever their versions', () => {
  const events = [event('SMTP', 'ada', 5), event('SMTP', 'lin', 9)];
  const found = secretDifferences([secret('KEY', 1), secret('SMTP', 9)], [secret('KEY', 7)], events);
  assert.deepEqual(found, [{ what: 'SMTP', from: 'SMTP-2', to: null, changed: { by: 'lin', at: 9, reason: null } }]);
});

test('a secret that was set after the revision has begun to serve is not what runs', () => {
  const found = newSecrets([secret('OLD', 10), secret('NEW', 30), secret('TURNED', 5, 'TURNED-1')], 20, []);
  assert.deepEqual(
    found.map(({ what, from, to }) => [what, from, to]),
    [
      ['NEW', null, 'NEW-2'],
      ['TURNED', 'TURNED-1', 'TURNED-2'],
    ],
  );
});

test('a flag differs where users get something else', () => {
  const [first, ...rest] = startingFlags();
  assert.ok(first !== undefined);
  const say = ({ isOn }: { readonly isOn: boolean }) => (isOn ? 'on' : 'off');
  assert.deepEqual(flagDifferences([first, ...rest], [first, ...rest], say), []);
  const [found] = flagDifferences([first, ...rest], [{ ...first, isOn: false }, ...rest], say);
  assert.deepEqual([found?.what, found?.from, found?.to], [first.flag, 'on', 'off']);
});
