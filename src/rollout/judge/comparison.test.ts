import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Comparison } from './comparison.ts';

const rules = { kind: 'buckets', margin: 1.1, part: 1, isFrequent: false, isClumped: false, health: null } as const;

/** Everybody who has a request in this second fails: a third of the buckets, in whichever arm they are. */
function blip(share: number, second: number) {
  return Array.from({ length: 1000 }, (_, bucket) => bucket)
    .filter((bucket) => bucket % 3 === second % 3)
    .map((bucket) => ({ bucket, isNew: bucket < share, requests: 1, hasEvent: true }));
}

describe('a comparison by bucket', () => {
  it('does not take for harm what meets all who come in the first second after a step', () => {
    const comparison = new Comparison(rules);
    const calm = blip(10, 0).map((row) => ({ ...row, hasEvent: false }));
    const others = [...calm, ...[1, 2].flatMap((second) => blip(10, second))].map((row) => ({
      ...row,
      hasEvent: false,
    }));
    comparison.look({ kind: 'buckets', epoch: [1, 0], rows: others });
    comparison.look({ kind: 'buckets', epoch: [2, 0], rows: blip(250, 1) });
    assert.equal(comparison.verdict, 'undecided');
    assert.ok(comparison.now.harm.log < 1, String(comparison.now.harm.log));
  });

  it('finds nobody at risk at a larger share when all had the event before, unless it begins afresh there', () => {
    const late = (share: number, second: number, newPart: number) =>
      Array.from({ length: 1000 }, (_, bucket) => {
        const isNew = bucket < share;
        return { bucket, isNew, requests: 1, hasEvent: (bucket * 7 + second) % 10 < 10 * (isNew ? newPart : 0.5) };
      });
    const verdictOf = (isFrequent: boolean) => {
      const comparison = new Comparison({ ...rules, isFrequent });
      // Of ten buckets it cannot be told, and after ten seconds everybody was late once.
      for (let second = 0; second < 10; second++)
        comparison.look({ kind: 'buckets', epoch: [1, 0], rows: late(10, second, 0.8) });
      assert.equal(comparison.verdict, 'undecided');
      comparison.look({ kind: 'buckets', epoch: [2, 0], rows: late(500, 0, 0.8) });
      return comparison.verdict;
    };
    assert.deepEqual([verdictOf(true), verdictOf(false)], ['harmful', 'undecided']);
  });

  it('leaves out what still ends of an epoch when another one has begun', () => {
    const comparison = new Comparison(rules);
    const row = (bucket: number, hasEvent: boolean) => ({ bucket, isNew: bucket < 50, requests: 1, hasEvent });
    const all = Array.from({ length: 1000 }, (_, bucket) => row(bucket, false));
    comparison.look({ kind: 'buckets', epoch: [2, 7], rows: all });
    const failing = all.slice(0, 50).map(({ bucket }) => row(bucket, true));
    comparison.look({ kind: 'buckets', epoch: [1, 5], rows: failing });
    comparison.look({ kind: 'buckets', epoch: [2, 6], rows: failing });
    assert.equal(comparison.verdict, 'undecided');
    comparison.look({ kind: 'buckets', epoch: [2, 7], rows: failing });
    assert.equal(comparison.verdict, 'harmful');
  });
});

describe('a comparison by request', () => {
  const byRequest = { ...rules, kind: 'requests' } as const;
  const second = { newUnits: 40, newEvents: 0, oldUnits: 1960, oldEvents: 1 };
  const after = (isClumped: boolean, late: readonly number[]) => {
    const comparison = new Comparison({ ...byRequest, isClumped });
    for (const newEvents of late) comparison.look({ kind: 'requests', counts: { ...second, newEvents } });
    return comparison.verdict;
  };

  it('does not take one pause for harm where events are clumped, and takes it for that where they are not', () => {
    assert.deepEqual([after(true, [0, 12, 0]), after(false, [0, 12, 0])], ['undecided', 'harmful']);
  });

  it('finds what lasts within seconds all the same', () => {
    assert.equal(after(true, [4, 4, 4, 4, 4]), 'harmful');
  });
});
