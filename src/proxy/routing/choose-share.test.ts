import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { bucketCount } from '../../core/routing-document.ts';
import { bucketOf, chooseShare, saltHash } from './choose-share.ts';

const split = (old: number) => [
  { name: 'old', permille: old },
  { name: 'new', permille: bucketCount - old },
];

describe('shares', () => {
  it('give a bucket to the last share exactly when it is below its permille', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 0, max: 999 }), (permille, bucket) => {
        assert.equal(chooseShare(split(bucketCount - permille), bucket)?.name, bucket < permille ? 'new' : 'old');
      }),
    );
  });

  it('never take a visitor back while the last one grows', () => {
    const growing = fc
      .array(fc.integer({ min: 0, max: 1000 }), { minLength: 2, maxLength: 10 })
      .map((list) => list.sort((a, b) => a - b));
    fc.assert(
      fc.property(growing, fc.string(), fc.uuid(), (permilles, salt, visitor) => {
        const bucket = bucketOf(saltHash(salt), visitor);
        const way = permilles.map((permille) => chooseShare(split(bucketCount - permille), bucket)?.name);
        assert.ok(way.indexOf('new') === -1 || !way.slice(way.indexOf('new')).includes('old'), way.join(' '));
      }),
    );
  });

  it('of three revisions each get their part', () => {
    const shares = [
      { name: 'a', permille: 700 },
      { name: 'b', permille: 200 },
      { name: 'c', permille: 100 },
    ];
    const counts: Record<string, number> = { a: 0, b: 0, c: 0 };
    for (let bucket = 0; bucket < bucketCount; bucket++)
      counts[chooseShare(shares, bucket)?.name ?? ''] = (counts[chooseShare(shares, bucket)?.name ?? ''] ?? 0) + 1;
    assert.deepEqual(counts, { a: 700, b: 200, c: 100 });
  });
});

describe('buckets', () => {
  it('are equally full: 200,000 visitors pass a chi-square test at 1 in 10,000', () => {
    const counts = Array.from({ length: bucketCount }, () => 0);
    const visitors = 200_000;
    const salted = saltHash('salt');
    for (let i = 0; i < visitors; i++) {
      const bucket = bucketOf(salted, `visitor-${i}`);
      counts[bucket] = (counts[bucket] ?? 0) + 1;
    }
    const expected = visitors / bucketCount;
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // Mean 999, deviation 44.7.
    assert.ok(chiSquare > 999 - 4 * 44.7 && chiSquare < 999 + 4 * 44.7, `chi-square ${chiSquare}`);
  });

  it('are drawn anew by another salt', () => {
    const same = Array.from({ length: 10_000 }, (_, i) => `v${i}`).filter(
      (visitor) => bucketOf(saltHash('a'), visitor) === bucketOf(saltHash('b'), visitor),
    );
    assert.ok(same.length < 30, `${same.length} of 10,000 kept their bucket`);
  });
});
