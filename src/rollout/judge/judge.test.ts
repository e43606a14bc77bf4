import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EpochCounters, TrafficCount } from '../../core/routing-document.ts';
import { Judge } from './judge.ts';
import type { JudgedService, JudgeRules } from './judge-rules.ts';
import type { JudgeInput } from './judgement.ts';

type Line = Pick<TrafficCount, 'revision' | 'bucket'> & {
  readonly ok: number;
  readonly failed?: number;
  readonly late?: number;
};

function epoch(number: number, lines: readonly Line[], service = 'web'): EpochCounters {
  const none = { clientError: 0, serverError: 0, clientGone: 0 };
  const counts = lines.map(({ revision, bucket, ok, failed = 0, late = 0 }) => {
    return { service, revision, bucket, started: ok + failed, ...none, ok, failed, late: [late] };
  });
  const name = { app: 'shop', environment: 'production', epoch: number, proxyStart: 'one' };
  return { ...name, openedAtMs: number, closedAtMs: null, counts, durations: [] };
}

const noProbes = { asked: 0, failed: 0 };
const seen = (epochs: readonly EpochCounters[]): JudgeInput => ({
  at: 0,
  epochs,
  probes: { new: noProbes, old: noProbes },
  signals: [],
});

function rules(services: readonly JudgedService[]): JudgeRules {
  const tolerances = { margin: 1.1, tolerance: 2, toleratedRate: 0.005 };
  return {
    newRevision: 'production-2',
    oldRevision: 'production-1',
    services,
    ...tolerances,
    limits: [],
    signals: [],
    exposureBudget: null,
    withinMs: 7_200_000,
  };
}

const byRequest: JudgedService = { service: 'web', isSticky: false, lateAfterMs: [100], timedUpToPermille: 500 };
const sticky: JudgedService = { service: 'web', isSticky: true, lateAfterMs: [], timedUpToPermille: 500 };
const lines = (fresh: Omit<Line, 'revision' | 'bucket'>, old: Omit<Line, 'revision' | 'bucket'>): readonly Line[] => [
  { revision: 'production-2', bucket: -1, ...fresh },
  { revision: 'production-1', bucket: -1, ...old },
];
/** All 1,000 buckets; the first 50 are the canary's. `fails`: which have one failure. */
const buckets = (fails: (bucket: number) => boolean): readonly Line[] =>
  Array.from({ length: 1000 }, (_, bucket) => ({
    revision: bucket < 50 ? 'production-2' : 'production-1',
    ...{ bucket, ok: 10, failed: fails(bucket) ? 1 : 0 },
  }));

describe('the judge', () => {
  it('calls a release harmful that fails far more often, and says by which metric', () => {
    const judge = new Judge(rules([byRequest]));
    const judgement = judge.look(seen([epoch(1, lines({ ok: 80, failed: 20 }, { ok: 1_890, failed: 10 }))]));
    assert.equal(judgement.verdict, 'harmful');
    const [failures, late] = judgement.findings;
    assert.deepEqual([failures?.metric, failures?.verdict], ['failures', 'harmful']);
    assert.deepEqual(failures?.counted.new, { requests: 100, events: 20 });
    assert.notEqual(late?.verdict, 'harmful');
  });

  it('calls one healthy only when every service with traffic is', () => {
    const judge = new Judge(rules([byRequest, { ...byRequest, service: 'api' }]));
    const good = lines({ ok: 6_000 }, { ok: 114_000 });
    const few = lines({ ok: 600 }, { ok: 11_400 });
    const first = { ...epoch(1, good), counts: [...epoch(1, good).counts, ...epoch(1, few, 'api').counts] };
    assert.equal(judge.look(seen([first])).verdict, 'undecided');
    const both = { ...epoch(1, good), counts: [...epoch(1, good).counts, ...epoch(1, good, 'api').counts] };
    assert.equal(judge.look(seen([both])).verdict, 'healthy');
  });

  it('is undecided without data, and never healthy without a service to judge', () => {
    assert.equal(new Judge(rules([byRequest])).look(seen([])).verdict, 'undecided');
    assert.equal(new Judge(rules([])).look(seen([epoch(1, [])])).verdict, 'undecided');
  });

  it('does not mind failures that both revisions have alike, however many', () => {
    const judge = new Judge(rules([byRequest]));
    const judgement = judge.look(seen([epoch(1, lines({ ok: 50, failed: 50 }, { ok: 950, failed: 950 }))]));
    assert.notEqual(judgement.verdict, 'harmful');
  });

  it('counts a sticky bucket once, so that one client that always fails accuses nobody', () => {
    const judge = new Judge(rules([sticky]));
    for (let look = 1; look <= 50; look++) {
      const one = buckets((bucket) => bucket === 7).map((line) => ({
        ...line,
        ok: look * 10,
        failed: (line.failed ?? 0) * look * 9,
      }));
      assert.notEqual(judge.look(seen([epoch(1, one)])).verdict, 'harmful');
    }
  });

  it('finds harm that many sticky buckets meet', () => {
    const judgement = new Judge(rules([sticky])).look(
      seen([
        epoch(
          1,
          buckets((bucket) => bucket < 12 || bucket === 600),
        ),
      ]),
    );
    assert.equal(judgement.verdict, 'harmful');
  });

  it('leaves inner requests of a sticky service out, which have no bucket', () => {
    const judgement = new Judge(rules([sticky])).look(seen([epoch(1, lines({ ok: 0, failed: 500 }, { ok: 9_000 }))]));
    assert.equal(judgement.verdict, 'undecided');
    assert.equal(judgement.findings[0]?.counted.new.requests, 0);
  });

  it('sees harm that begins late, when all that failed before has been counted', () => {
    const judge = new Judge(rules([sticky]));
    const old = buckets((bucket) => bucket % 3 === 0).map((line) => ({ ...line, ok: 100 }));
    judge.look(seen([epoch(1, old)]));
    const later = old.map((line) => ({ ...line, ok: 200, failed: (line.failed ?? 0) + (line.bucket < 25 ? 1 : 0) }));
    const judgement = judge.look(seen([epoch(1, later)]));
    assert.equal(judgement.verdict, 'harmful');
  });

  it('goes on from its state as if nothing had happened, and what was reached stays reached', () => {
    const judge = new Judge(rules([sticky, { ...byRequest, service: 'api' }]));
    judge.look(
      seen([
        epoch(
          1,
          buckets((bucket) => bucket % 40 === 0),
        ),
      ]),
    );
    const other = new Judge(rules([sticky, { ...byRequest, service: 'api' }]), JSON.parse(JSON.stringify(judge.state)));
    const next = [
      epoch(
        1,
        buckets((bucket) => bucket % 40 === 0 || bucket < 12),
      ),
    ];
    assert.deepEqual(other.look(seen(next)), judge.look(seen(next)));
    assert.equal(judge.now.verdict, 'harmful');
    const calm = [
      epoch(
        2,
        buckets(() => false).map((line) => ({ ...line, ok: 100_000 })),
      ),
    ];
    assert.equal(judge.look(seen(calm)).verdict, 'harmful');
  });

  it('never mixes two epochs: a shared blip across a change of shares accuses nobody', () => {
    const judge = new Judge(rules([byRequest]));
    const before = epoch(1, lines({ ok: 10 }, { ok: 990 }));
    const blip = epoch(2, lines({ ok: 100, failed: 25 }, { ok: 300, failed: 75 }));
    assert.equal(judge.look(seen([before, blip])).verdict, 'undecided');
  });
});
