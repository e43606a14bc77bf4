import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { durationBin, durationBins } from '../../core/durations.ts';
import type { EpochCounters, Share, TrafficCount } from '../../core/routing-document.ts';
import { Judge } from './judge.ts';
import type { JudgeRules } from './judge-rules.ts';
import type { JudgeInput } from './judgement.ts';

const fresh = 'production-2';
const old = 'production-1';

function rulesOf(more: Partial<JudgeRules>): JudgeRules {
  const margins = { margin: 1.1, tolerance: 2, toleratedRate: 0.005 };
  const rules = { newRevision: fresh, oldRevision: old, ...margins, limits: [], signals: [], exposureBudget: null };
  return {
    ...rules,
    services: [{ service: 'web', isSticky: false, lateAfterMs: [100, 800], timedUpToPermille: 500 }],
    withinMs: 7_200_000,
    ...more,
  };
}

interface Line {
  readonly revision: string;
  readonly service?: string;
  readonly bucket?: number;
  readonly ok: number;
  readonly failed?: number;
  readonly untimed?: number;
  readonly late?: readonly number[];
  readonly durations?: readonly number[];
}

function epochOf(number: number, lines: readonly Line[]): EpochCounters {
  const counts = lines.map(
    ({ service = 'web', revision, bucket = -1, ok, failed = 0, untimed = 0, late = [] }): TrafficCount => {
      const none = { clientError: 0, serverError: 0, clientGone: 0 };
      return { service, revision, bucket, started: ok + failed, ok, failed, ...none, untimed, late };
    },
  );
  const durations = lines.flatMap(({ service = 'web', revision, durations: bins }) => {
    return bins === undefined ? [] : [{ service, revision, counts: bins }];
  });
  const name = { app: 'shop', environment: 'production', epoch: number, proxyStart: 'one' };
  return { ...name, openedAtMs: number, closedAtMs: null, counts, durations };
}

const none = { asked: 0, failed: 0 };
function inputOf(more: Partial<JudgeInput>): JudgeInput {
  return { at: 0, epochs: [], probes: { new: none, old: none }, signals: [], ...more };
}
const counters = (...epochs: readonly EpochCounters[]) => inputOf({ epochs });

/** Five looks, each of which finds as much again: what is seen once might be a pause. */
function lasting(rules: JudgeRules, lines: readonly Line[], shares: readonly Share[] = []) {
  const judge = new Judge(rules);
  for (let times = 1; times <= 5; times++) {
    const so = (count: number) => count * times;
    const totals = lines.map((line) => ({
      ...line,
      ok: so(line.ok),
      ...(line.late === undefined ? {} : { late: line.late.map(so) }),
      ...(line.durations === undefined ? {} : { durations: line.durations.map(so) }),
    }));
    judge.look(counters({ ...epochOf(1, totals), shares }));
  }
  return judge.now;
}

describe('what the judge hears', () => {
  it('from hanging requests, which finish nothing, is that they are late', () => {
    const lines = [
      { revision: fresh, ok: 0, late: [2, 2] },
      { revision: old, ok: 180, late: [18, 1] },
    ];
    const judgement = lasting(rulesOf({}), lines);
    assert.equal(judgement.verdict, 'harmful');
    assert.match(judgement.sentence, /^web of the new release takes longer than 800 ms for 100 % of requests, /);
  });

  it('from requests that are not answered is that what was answered does not make a release healthy', () => {
    const hanging = (bucket: number, open: number, ok: number): TrafficCount => {
      const revision = bucket < 50 ? fresh : old;
      const zero = { clientError: 0, serverError: 0, failed: 0, clientGone: 0, late: [] };
      return { service: 'web', revision, bucket, started: ok + open, ok, ...zero };
    };
    const services = [{ service: 'web', isSticky: true, lateAfterMs: [100], timedUpToPermille: 500 }];
    const judge = new Judge(rulesOf({ services }));
    const look = (openOf: (bucket: number) => number, ok = 60) => {
      const counts = Array.from({ length: 1000 }, (_, bucket) => hanging(bucket, openOf(bucket), ok));
      return judge.look(counters({ ...epochOf(1, []), counts }));
    };
    const { verdict, findings, sentence } = look((bucket) => (bucket < 50 ? 6 : 0));
    assert.deepEqual([verdict, findings[0]?.verdict], ['undecided', 'healthy']);
    assert.match(sentence, /^Undecided: web of the new release has left 9.1 % of requests without an answer, /);
    assert.equal(judge.points.at(-1)?.health, 0);
    assert.equal(new Judge(rulesOf({ services }), JSON.parse(JSON.stringify(judge.state))).now.verdict, 'undecided');
    assert.equal(look(() => 6).verdict, 'healthy', 'the old release leaves as many open: they wait for news');
    assert.equal(look(() => 0, 66).verdict, 'healthy');
  });

  it('from durations is that all requests have become slower', () => {
    const bins = (count: number, ms: number) =>
      Array.from({ length: durationBins }, (_, bin) =>
        Math.round(count * Math.exp(-((bin - durationBin(ms)) ** 2) / 30)),
      );
    const verdictOf = (ms: number) =>
      lasting(rulesOf({}), [
        { revision: fresh, ok: 400, durations: bins(40, ms) },
        { revision: old, ok: 8_000, durations: bins(800, 50) },
      ]);
    assert.equal(verdictOf(100).verdict, 'harmful');
    assert.match(verdictOf(100).sentence, /^Requests to web take longer with the new release than with the old: /);
    assert.notEqual(verdictOf(52).verdict, 'harmful');
    assert.notEqual(verdictOf(20).verdict, 'harmful');
  });

  const binsAt = (ms: number, count: number) =>
    Array.from({ length: durationBins }, (_, bin) => (bin === durationBin(ms) ? count : 0));
  const slower = (shares: readonly Share[], [freshMs, oldMs]: readonly [number, number] = [100, 50]) => {
    const services = [{ service: 'web', isSticky: false, lateAfterMs: [80], timedUpToPermille: 500 }];
    const lines = [
      { revision: fresh, ok: 400, durations: binsAt(freshMs, 400), late: [400] },
      { revision: old, ok: 8_000, durations: binsAt(oldMs, 8_000), late: [0] },
    ];
    const untold = lines.map((line) => ({ ...line, late: [0] }));
    return [lines, untold].map((each) => lasting(rulesOf({ services }), each, shares).verdict === 'harmful');
  };

  it('from durations is nothing while an instance of the new release has more to do than one of the old', () => {
    const at = (permille: number) =>
      slower([
        { revision: old, permille: 1000 - permille },
        { revision: fresh, permille },
      ]);
    for (const [permille, isHarmful] of [
      [500, true],
      [501, false],
      [950, false],
    ] as const)
      assert.deepEqual(at(permille), [isHarmful, isHarmful], `${permille}`);
  });

  it('from requests to an instance that is warming up is nothing about how long requests take', () => {
    const services = [{ service: 'web', isSticky: true, lateAfterMs: [80], timedUpToPermille: 500 }];
    const judge = new Judge(rulesOf({ services }));
    // At first nothing of the new release is timed, then half of its requests are late, which a tenth of the old ones are.
    const totals = (second: number) =>
      Array.from({ length: 1000 }, (_, bucket) => {
        const isNew = bucket < 50;
        const late = Array.from({ length: second }, (_each, at) => at + 1).filter(
          (at) => (!isNew || at > 3) && (bucket + at) % (isNew ? 2 : 10) === 0,
        ).length;
        const line = { revision: isNew ? fresh : old, bucket, ok: second, late: [late] };
        return isNew ? { ...line, untimed: Math.min(second, 3) } : line;
      });
    const logs = [];
    for (let second = 1; second <= 6; second++) {
      const { findings } = judge.look(counters(epochOf(1, totals(second))));
      logs.push(findings.find(({ metric }) => metric === 'late')?.harm.log ?? Number.NaN);
    }
    assert.deepEqual(logs.slice(0, 3), [0, 0, 0]);
    assert.equal(judge.now.verdict, 'harmful', logs.join(' '));
  });

  it('from durations is nothing that nobody notices', () => {
    assert.equal(slower([], [9, 1])[1], false);
    assert.equal(slower([], [18, 1])[1], true);
  });

  it('from sticky buckets is which threshold they passed', () => {
    const services = [{ service: 'web', isSticky: true, lateAfterMs: [100, 800], timedUpToPermille: 500 }];
    const lines = Array.from({ length: 1000 }, (_, bucket): Line => {
      const isNew = bucket < 50;
      const late = [bucket % 10 === 0 ? 1 : 0, (isNew ? bucket % 4 : bucket % 100) === 0 ? 1 : 0];
      return { revision: isNew ? fresh : old, bucket, ok: 10, late };
    });
    const { findings } = new Judge(rulesOf({ services })).look(counters(epochOf(1, lines)));
    const verdicts = findings.map(({ metric, thresholdMs, verdict }) => [metric, thresholdMs, verdict]);
    assert.deepEqual(verdicts.slice(1, 3), [
      ['late', 100, 'undecided'],
      ['late', 800, 'harmful'],
    ]);
  });

  it('from the verification is counted in runs, and only new ones', () => {
    const judge = new Judge(rulesOf({}));
    const probed = (asked: number, failed: number) =>
      judge.look(inputOf({ probes: { new: { asked, failed }, old: { asked, failed: 0 } } }));
    for (let look = 0; look < 50; look++) assert.equal(probed(4, 4).verdict, 'undecided');
    assert.equal(probed(8, 8).verdict, 'undecided');
    const judgement = probed(12, 12);
    assert.equal(judgement.verdict, 'harmful');
    assert.match(judgement.sentence, /^The verification fails in 12 of 12 runs with the new release, in 0 of 12 /);
  });

  it('while an order of a person was in force counts for nothing', () => {
    const bad = [
      { revision: fresh, ok: 0, failed: 500 },
      { revision: old, ok: 9_500 },
    ];
    const judgement = new Judge(rulesOf({})).look(counters(epochOf(-1, bad)));
    assert.equal(judgement.verdict, 'undecided');
    assert.equal(judgement.exposure.spent, 0);
  });

  it('of a service that nobody asks holds nothing up, and silence altogether is no health', () => {
    const services = ['web', 'admin'].map((service) => ({
      service,
      isSticky: false,
      lateAfterMs: [],
      timedUpToPermille: 500,
    }));
    const judge = new Judge(rulesOf({ services }));
    assert.equal(judge.look(counters()).sentence, 'Nothing can be said yet: no service has had a request.');
    const good: readonly Line[] = [
      { revision: fresh, ok: 6_000 },
      { revision: old, ok: 114_000 },
    ];
    const judgement = judge.look(counters(epochOf(1, good)));
    assert.equal(judgement.verdict, 'healthy');
    assert.match(judgement.sentence, /admin had too few requests to tell\.$/);
    const asked = [...good, { service: 'admin', revision: old, ok: 60_000 }];
    assert.equal(
      judge.look(counters(epochOf(1, asked))).sentence,
      'Undecided: admin has had no request of the new release.',
    );
  });

  it('about limits breaks them by the new release alone', () => {
    const limits = [
      { kind: 'failures', mostRate: 0.01 },
      { kind: 'duration', part: 0.99, mostMs: 800 },
    ] as const;
    const both = (late: number, failed: number): readonly Line[] => [
      { revision: fresh, ok: 950, failed, late: [100, late] },
      { revision: old, ok: 950, failed: 50, late: [100, 100] },
    ];
    const brokenBy = (late: number, failed: number) =>
      new Judge(rulesOf({ limits })).look(counters(epochOf(1, both(late, failed)))).broken;
    assert.deepEqual(brokenBy(5, 5), []);
    assert.deepEqual(brokenBy(5, 50), ['web of the new release fails 5 % of requests; at most 1 % may.']);
    assert.deepEqual(brokenBy(100, 5), [
      'web of the new release takes longer than 800 ms for 10 % of requests; at most 1 % may.',
    ]);
  });

  it('from signals breaks what they are held to', () => {
    const judge = new Judge(rulesOf({ signals: [{ signal: 'orders', better: 'higher' }] }));
    const readings = (from: number, count: number) =>
      Array.from({ length: count }, (_, index) => ({ signal: 'orders', at: from + index * 1_000, new: 8, old: 10 }));
    assert.deepEqual(judge.look(inputOf({ at: 3_000, signals: readings(0, 4) })).broken, []);
    const { broken, sentence } = judge.look(inputOf({ at: 4_000, signals: readings(4_000, 1) }));
    assert.deepEqual(broken, ['orders is 8 with the new release and 10 with the old, 5 times in a row.']);
    assert.equal(sentence, broken[0]);
  });

  it('of failures is what the release has cost', () => {
    const { exposure, verdict } = new Judge(rulesOf({ exposureBudget: 30 })).look(
      counters(
        epochOf(1, [
          { revision: fresh, ok: 0, failed: 2 },
          { revision: old, ok: 40 },
        ]),
      ),
    );
    assert.equal(verdict, 'undecided');
    assert.equal(exposure.budget, 30);
    assert.ok(exposure.spent > 1 && exposure.spent <= 2, String(exposure.spent));
  });

  it('is all in its state', () => {
    const rules = rulesOf({
      signals: [{ signal: 'orders', better: 'higher' }],
      limits: [{ kind: 'failures', mostRate: 0.01 }],
      services: [
        { service: 'web', isSticky: false, lateAfterMs: [100, 800], timedUpToPermille: 500 },
        { service: 'api', isSticky: true, lateAfterMs: [100], timedUpToPermille: 500 },
      ],
    });
    const inputAt = (look: number): JudgeInput => {
      const lines: readonly Line[] = [
        { revision: fresh, ok: 10 * look, failed: look >> 1, late: [look], durations: [0, look, 3 * look] },
        { revision: old, ok: 190 * look, failed: look, late: [9 * look, look], durations: [look, 90 * look] },
        ...[3, 700].map((bucket) => ({
          ...{ service: 'api', revision: bucket < 50 ? fresh : old, bucket, ok: look, failed: look >> 2 },
        })),
      ];
      const probes = { new: { asked: look, failed: look >> 2 }, old: { asked: look, failed: 0 } };
      const signals = [{ signal: 'orders', at: look * 1_000, new: 1, old: look % 3 }];
      return { at: look * 1_000, epochs: [epochOf(1 + (look >> 3), lines)], probes, signals };
    };
    const whole = new Judge(rules);
    let restarted = new Judge(rules);
    for (let look = 1; look <= 24; look++) {
      assert.deepEqual(restarted.look(inputAt(look)), whole.look(inputAt(look)));
      restarted = new Judge(rules, JSON.parse(JSON.stringify(restarted.state)));
      assert.deepEqual(restarted.now, whole.now);
      assert.deepEqual(restarted.points, whole.points);
    }
    assert.equal(whole.points.length, 24);
    assert.throws(() => new Judge(rulesOf({}), whole.state), /other rules/);
  });
});
