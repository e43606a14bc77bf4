import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { durationBin, durationBins } from '../../core/durations.ts';
import type { EpochCounters, Share, TrafficCount } from '../../core/routing-document.ts';
import { moreTime } from './figures.ts';
import { healthyRequests } from './healthy-requests.ts';
import { Judge } from './judge.ts';
import type { JudgedService, JudgeRules } from './judge-rules.ts';
import type { Finding, JudgeInput, Judgement, Metric } from './judgement.ts';

const [fresh, old] = ['production-2', 'production-1'];

const byRequest = (service: string): JudgedService => {
  return { service, isSticky: false, lateAfterMs: [100, 800], timedUpToPermille: 500 };
};
const sticky = (service: string): JudgedService => ({ ...byRequest(service), isSticky: true });

function rulesOf(services: readonly JudgedService[], more: Partial<JudgeRules> = {}): JudgeRules {
  const rules = { newRevision: fresh, oldRevision: old, margin: 1.1, tolerance: 2, toleratedRate: 0.005 };
  return { ...rules, services, limits: [], signals: [], exposureBudget: null, withinMs: 7_200_000, ...more };
}

function count(service: string, revision: string, more: Partial<TrafficCount>): TrafficCount {
  const none = { ok: 0, clientError: 0, serverError: 0, failed: 0, clientGone: 0, late: [] };
  const counted = { service, revision, bucket: -1, ...none, ...more };
  return { started: counted.ok + counted.failed, ...counted };
}

function epochOf(epoch: number, counts: readonly TrafficCount[], more: Partial<EpochCounters> = {}): EpochCounters {
  const name = { app: 'shop', environment: 'production', epoch, proxyStart: 'one' };
  return { ...name, openedAtMs: epoch, closedAtMs: null, counts, durations: [], ...more };
}

const none = { asked: 0, failed: 0 };
const inputOf = (more: Partial<JudgeInput>): JudgeInput => {
  return { at: 0, epochs: [], probes: { new: none, old: none }, signals: [], ...more };
};
const lookAt = (judge: Judge, ...epochs: readonly EpochCounters[]) => judge.look(inputOf({ epochs }));
const findingOf = ({ findings }: Judgement, metric: Metric, service: string | null = 'web'): Finding => {
  const finding = findings.find((each) => each.metric === metric && each.service === service);
  assert.ok(finding);
  return finding;
};
const both = (service: string, freshOk: number, oldOk: number) => [
  count(service, fresh, { ok: freshOk }),
  count(service, old, { ok: oldOk }),
];
/** All 1,000 buckets of a service; the first 50 are the canary's. */
const buckets = (service: string, each: (bucket: number) => Partial<TrafficCount>) =>
  Array.from({ length: 1000 }, (_, bucket) => count(service, bucket < 50 ? fresh : old, { bucket, ...each(bucket) }));

describe('what the judge counts', () => {
  it('is bucket 0 like all others, and the very first epoch', () => {
    const judge = new Judge(rulesOf([sticky('web')], { exposureBudget: 30 }));
    const judgement = lookAt(
      judge,
      epochOf(
        0,
        buckets('web', (bucket) => (bucket === 0 ? { ok: 7 } : {})),
      ),
    );
    assert.deepEqual(findingOf(judgement, 'failures').counted.new, { requests: 7, events: 0 });
    const failing = buckets('web', (bucket) => (bucket < 4 ? { failed: 9 } : { ok: 9 }));
    const of = (counts: readonly TrafficCount[]) =>
      lookAt(new Judge(rulesOf([sticky('web')], { exposureBudget: 30 })), epochOf(1, counts)).exposure.spent;
    const renamed = failing.map((each) => {
      return each.bucket === 0 ? { ...each, bucket: 49 } : each.bucket === 49 ? { ...each, bucket: 0 } : each;
    });
    assert.ok(of(failing) > 0);
    assert.equal(of(renamed), of(failing), 'whichever buckets they are');
  });

  it('is every request for failures, and for lateness those that say how long they take', () => {
    const judge = new Judge(rulesOf([byRequest('web')]));
    const counts = [
      count('web', fresh, { ok: 90, failed: 10, untimed: 60, late: [9, 4] }),
      count('web', old, { ok: 500 }),
    ];
    const judgement = lookAt(judge, epochOf(1, counts));
    assert.deepEqual(findingOf(judgement, 'failures').counted.new, { requests: 100, events: 10 });
    assert.deepEqual(findingOf(judgement, 'late').counted.new, { requests: 40, events: 4 });
  });

  it('is failures also while an instance warms up, and at shares at which durations are not compared', () => {
    const failing = (more: Partial<TrafficCount>) =>
      buckets('web', (bucket) => (bucket < 50 ? { ok: 5, failed: 5, ...more } : { ok: 10 }));
    const shares: readonly Share[] = [
      { revision: old, permille: 50 },
      { revision: fresh, permille: 950 },
    ];
    for (const epoch of [epochOf(1, failing({ untimed: 10 })), epochOf(1, failing({}), { shares })])
      assert.equal(lookAt(new Judge(rulesOf([sticky('web')])), epoch).verdict, 'harmful');
  });

  it('is durations of the judged service alone, request by request', () => {
    const at = (ms: number, requests: number) =>
      Array.from({ length: durationBins }, (_, bin) => (bin === durationBin(ms) ? requests : 0));
    const durations = [
      { service: 'admin', revision: fresh, counts: at(900, 500) },
      { service: 'web', revision: 'production-0', counts: at(900, 700) },
      { service: 'web', revision: old, counts: at(50, 800) },
      { service: 'web', revision: fresh, counts: at(50, 40) },
    ];
    const judgement = lookAt(new Judge(rulesOf([byRequest('web')])), epochOf(1, both('web', 40, 800), { durations }));
    const { counted, harm } = findingOf(judgement, 'durations');
    assert.deepEqual([counted.new.requests, counted.old.requests], [40, 800]);
    assert.ok(harm.log < 0);
  });

  it('is runs of the verification in pairs: one side waits for the other', () => {
    const judge = new Judge(rulesOf([byRequest('web')]));
    const counted = (asked: number, oldAsked: number) => {
      const probes = { new: { asked, failed: 0 }, old: { asked: oldAsked, failed: 0 } };
      const { new: own, old: other } = findingOf(judge.look(inputOf({ probes })), 'probes', null).counted;
      return [own.requests, other.requests];
    };
    assert.deepEqual(counted(4, 0), [0, 0]);
    assert.deepEqual(counted(4, 3), [4, 3]);
    assert.deepEqual(counted(4, 8), [4, 3]);
    assert.deepEqual(counted(4, 8), [4, 3]);
    assert.deepEqual(counted(9, 8), [9, 8]);
  });

  it('is what still ends of an epoch, as long as nobody has asked the service in the next', () => {
    const judge = new Judge(rulesOf([sticky('web'), sticky('api')]));
    const web = (failed: number) => buckets('web', (bucket) => ({ ok: 9, failed: bucket < 50 ? failed : 0 }));
    const next = epochOf(
      2,
      buckets('api', () => ({ ok: 9 })),
    );
    lookAt(judge, epochOf(1, web(0)), next);
    assert.equal(lookAt(judge, epochOf(1, web(1)), next).verdict, 'harmful');
  });
});

describe('what the judge says of several services', () => {
  it('is how long it takes for the slowest, at the pace of each', () => {
    const tolerances = { tolerance: 2, toleratedRate: 0.005 };
    const judge = new Judge(rulesOf([byRequest('web'), byRequest('api')], tolerances));
    for (let look = 0; look < 6; look++) {
      const counts = [...both('web', 20 * look, 380 * look), ...both('api', 5 * look, 95 * look)];
      judge.look(inputOf({ at: look * 20_000, epochs: [epochOf(1, counts)] }));
    }
    const { sentence } = judge.now;
    const { health } = findingOf(judge.now, 'failures', 'api');
    const needed = healthyRequests(0, 19, tolerances) * (1 - health.log / health.threshold);
    const expected = moreTime((needed / 0.25) * 1_000);
    assert.equal(sentence, `Undecided: at today's load about ${expected} needed until api can be called healthy.`);
  });

  it('leaves out those that hardly anybody asks, and those that only the new release was asked for', () => {
    const sentenceOf = (admin: readonly [freshOk: number, oldOk: number]) => {
      const judge = new Judge(rulesOf([byRequest('web'), byRequest('admin')]));
      return lookAt(judge, epochOf(1, [...both('web', 6_000, 114_000), ...both('admin', ...admin)])).sentence;
    };
    const healthy = (names: string) => `Healthy: ${names} of the new release`;
    const too = 'no more requests than is tolerated; admin had too few requests to tell.';
    assert.equal(sentenceOf([60, 1_140]), `${healthy('web')} fails ${too}`);
    assert.equal(sentenceOf([6_000, 0]), `${healthy('web')} fails ${too}`);
    assert.equal(sentenceOf([6_000, 114_000]), `${healthy('web and admin')} fail no more requests than is tolerated.`);
  });

  it('is that the old release had no request, where only the new one has', () => {
    const judge = new Judge(rulesOf([byRequest('web')]));
    assert.equal(
      lookAt(judge, epochOf(1, both('web', 30, 0))).sentence,
      'Nothing can be said yet: web has had no request of the old release.',
    );
  });
});

describe('how evidence grew', () => {
  const pointAfter = (...counts: readonly TrafficCount[]) => {
    const judge = new Judge(rulesOf([byRequest('web'), byRequest('api')]));
    const judgement = judge.look(inputOf({ at: 5_000, epochs: [epochOf(1, counts)] }));
    const [point] = judge.points;
    assert.ok(point);
    const parts = judgement.findings.filter(({ metric }) => metric === 'failures');
    return { point, parts };
  };
  const near = (value: number, other: number) => assert.ok(Math.abs(value - other) <= 0.0005, `${value}, ${other}`);

  it('is nothing without a request', () => {
    assert.deepEqual(pointAfter().point, { at: 5_000, harm: 0, health: 0 });
  });

  it('is for health the service that has come least far, as a part of what is needed', () => {
    const { point, parts } = pointAfter(...both('web', 500, 9_500), ...both('api', 200, 3_800));
    const [web = 0, api = 0] = parts.map(({ health }) => health.log / health.threshold);
    assert.ok(api > 0.1 && api < web && web < 1, `${api} of ${web}`);
    near(point.health, api);
    assert.equal(point.harm, 0);
  });

  it('is for harm the metric that has come furthest, and health is never below nothing', () => {
    const failing = (failed: number) => [
      count('web', fresh, { ok: 100 - failed, failed }),
      count('web', old, { ok: 1_880, failed: 20 }),
    ];
    const { point, parts } = pointAfter(...failing(5), ...both('api', 100, 1_900));
    const [web] = parts;
    assert.ok(web !== undefined && web.harm.log > 0 && web.health.log < 0);
    near(point.harm, web.harm.log / web.harm.threshold);
    assert.equal(point.health, 0);
  });
});

describe('limits', () => {
  const limits = [
    { kind: 'failures', mostRate: 0.01 },
    { kind: 'duration', part: 0.99, mostMs: 800 },
  ] as const;

  it('are held by each service for itself, and told with the figures of then', () => {
    const judge = new Judge(rulesOf([byRequest('web'), byRequest('api')], { limits }));
    const web = (ok: number) => count('web', fresh, { ok, failed: 50 });
    const api = (ok: number) => count('api', fresh, { ok });
    const broken = ['web of the new release fails 5 % of requests; at most 1 % may.'];
    assert.deepEqual(lookAt(judge, epochOf(1, [web(950), api(1_000)])).broken, broken);
    assert.deepEqual(lookAt(judge, epochOf(1, [web(9_950), api(9_000)])).broken, broken);
  });

  it('on durations are for requests that say how long they take, those on failures for all', () => {
    const brokenBy = (more: Partial<TrafficCount>) =>
      lookAt(new Judge(rulesOf([byRequest('web')], { limits })), epochOf(1, [count('web', fresh, more)])).broken;
    assert.deepEqual(brokenBy({ ok: 950, failed: 50, untimed: 800 }), [
      'web of the new release fails 5 % of requests; at most 1 % may.',
    ]);
    assert.deepEqual(brokenBy({ ok: 1_000, untimed: 800, late: [40, 20] }), [
      'web of the new release takes longer than 800 ms for 10 % of requests; at most 1 % may.',
    ]);
  });

  it('that allow none say so', () => {
    const strict = { limits: [{ kind: 'failures', mostRate: 0 }] } as const;
    const judgement = lookAt(
      new Judge(rulesOf([byRequest('web')], strict)),
      epochOf(1, [count('web', fresh, { ok: 99, failed: 1 })]),
    );
    assert.deepEqual(judgement.broken, ['web of the new release fails 1 % of requests; none may.']);
  });
});
