import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EpochCounters } from '../../core/routing-document.ts';
import { InheritedCounters } from './inherited-counters.ts';

function epoch(number: number, closedAtMs: number | null, ok = 0): EpochCounters {
  const rest = { clientError: 0, serverError: 0, failed: 0, clientGone: 0, late: [] };
  const counts = [{ service: 'web', revision: 'r', bucket: -1, started: ok, ok, ...rest }];
  const name = { app: 'shop', environment: 'production', epoch: number, proxyStart: 'old' };
  return { ...name, openedAtMs: 1, closedAtMs, counts, durations: [] };
}

const told = (counters: InheritedCounters) =>
  counters.all().map(({ epoch: number, closedAtMs, counts }) => [number, closedAtMs, counts[0]?.ok]);

describe('inherited counters', () => {
  it('follow the predecessor until an epoch is closed, and then never change', () => {
    const counters = new InheritedCounters();
    counters.record([epoch(1, 5, 10), epoch(2, null, 3)]);
    counters.record([epoch(1, 5, 99), epoch(2, null, 4)]);
    counters.record([epoch(1, 5, 99), epoch(2, 8, 6)]);
    assert.deepEqual(told(counters), [
      [1, 5, 10],
      [2, 8, 6],
    ]);
  });

  it('do not come back once they are acknowledged, although the predecessor names them still', () => {
    const counters = new InheritedCounters();
    counters.record([epoch(1, 5, 10), epoch(2, null, 3)]);
    counters.acknowledge(counters.all());
    assert.deepEqual(told(counters), [[2, null, 3]]);
    counters.record([epoch(1, 5, 10), epoch(2, 8, 6)]);
    assert.deepEqual(told(counters), [[2, 8, 6]]);
  });

  it('stand as they were last told when the predecessor ends without a last word', () => {
    const counters = new InheritedCounters();
    counters.record([epoch(1, 5, 10), epoch(2, null, 3)]);
    counters.close(100);
    assert.deepEqual(told(counters), [
      [1, 5, 10],
      [2, 100, 3],
    ]);
  });

  it('of a build that knew one threshold and no durations are told without them', () => {
    const counters = new InheritedCounters();
    const { durations: _, ...before } = JSON.parse(JSON.stringify(epoch(1, 5, 10)));
    counters.record([{ ...before, counts: [{ ...before.counts[0], late: 7 }] }]);
    assert.deepEqual(counters.all(), [epoch(1, 5, 10)]);
  });

  it('are bounded: of those that nobody asks for the newest 64 of an environment are kept', () => {
    const counters = new InheritedCounters();
    counters.record([...Array.from({ length: 100 }, (_, number) => epoch(number, 5)), epoch(100, null)]);
    const numbers = counters.all().map((each) => each.epoch);
    assert.deepEqual([numbers.length, numbers[0], numbers.at(-1)], [64, 37, 100]);
  });
});
