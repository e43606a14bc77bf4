import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { shareOfGeneration } from './error-budget.ts';
import type { JudgedService, JudgeRules } from './judge-rules.ts';
import { plannedTests } from './planned-tests.ts';

function testsFor(services: readonly Pick<JudgedService, 'isSticky' | 'lateAfterMs'>[]) {
  const rules: JudgeRules = {
    ...{ newRevision: 'production-2', oldRevision: 'production-1', exposureBudget: null, withinMs: 7_200_000 },
    ...{ margin: 1.1, tolerance: 2, toleratedRate: 0.005, limits: [], signals: [] },
    services: services.map((service, index) => ({ ...service, service: `service-${index}`, timedUpToPermille: 500 })),
  };
  return plannedTests(rules);
}

const anyService = fc.record({
  isSticky: fc.boolean(),
  lateAfterMs: fc.uniqueArray(fc.integer({ min: 1, max: 9_999 }), { maxLength: 4 }),
});

describe('what is tested', () => {
  it('shares one error budget, whatever services there are', () => {
    fc.assert(
      fc.property(fc.array(anyService, { minLength: 1, maxLength: 12 }), (services) => {
        const sum = testsFor(services).reduce((total, { part }) => total + part, 0);
        assert.ok(Math.abs(sum - 1) < 1e-12, String(sum));
      }),
    );
  });

  it('leaves nothing over for fresh starts either', () => {
    let sum = 0;
    for (let generation = 0; generation < 100_000; generation++) sum += shareOfGeneration(generation);
    assert.ok(sum <= 1 && sum > 0.9999);
  });

  it('gives half of it to failures, and more where durations are not judged', () => {
    const partOf = (services: Parameters<typeof testsFor>[0]) =>
      testsFor(services)
        .filter(({ metric }) => metric === 'failures')
        .reduce((total, { part }) => total + part, 0);
    assert.equal(partOf([{ isSticky: true, lateAfterMs: [100, 400] }]), 0.5);
    assert.equal(partOf([{ isSticky: true, lateAfterMs: [] }]), 0.9);
  });

  it('is every threshold of a sticky service, and rank and last threshold of another', () => {
    const namesOf = (isSticky: boolean) =>
      testsFor([{ isSticky, lateAfterMs: [100, 400] }]).map(({ metric, threshold, kind }) => {
        return `${metric} ${threshold?.ms ?? '-'} by ${kind}`;
      });
    assert.deepEqual(namesOf(true), [
      ...['failures - by buckets', 'late 100 by buckets', 'late 400 by buckets', 'probes - by requests'],
    ]);
    assert.deepEqual(namesOf(false), [
      ...['failures - by requests', 'durations - by durations', 'late 400 by requests', 'probes - by requests'],
    ]);
  });

  it('begins afresh with each epoch where the event is frequent, and expects clumps of how long requests take', () => {
    const kindsOf = (isSticky: boolean) =>
      testsFor([{ isSticky, lateAfterMs: [100] }]).map(({ metric, isFrequent, isClumped }) =>
        [metric, ...(isFrequent ? ['frequent'] : []), ...(isClumped ? ['clumped'] : [])].join(' '),
      );
    assert.deepEqual(kindsOf(true), ['failures', 'late frequent', 'probes']);
    assert.deepEqual(kindsOf(false), ['failures', 'durations clumped', 'late frequent clumped', 'probes']);
  });
});
