import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EpochCounters, TrafficCount } from '../../core/routing-document.ts';
import { Judge } from './judge.ts';
import type { JudgeRules } from './judge-rules.ts';

const rules: JudgeRules = {
  newRevision: 'new',
  oldRevision: 'old',
  services: [{ service: 'web', isSticky: true, lateAfterMs: [100], timedUpToPermille: 500 }],
  margin: 1.1,
  tolerance: 2,
  toleratedRate: 0.005,
  exposureBudget: null,
  withinMs: 7_200_000,
  limits: [],
  signals: [],
};

/** Visits of people who come back, drawn from a seed: 150 a second, of which a part is late whatever serves them. */
class Visits {
  readonly #counts = new Map<number, TrafficCount & { late: readonly number[] }>();
  readonly #lateNew: number;
  #state: number;
  #cold = 50;

  constructor(seed: number, lateNew: number) {
    this.#state = seed * 2_654_435_761;
    this.#lateNew = lateNew;
  }

  /** mulberry32 (public domain). */
  #draw(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let value = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  }

  second(): EpochCounters {
    for (let visit = 0; visit < 150; visit++) this.#visit(Math.floor(this.#draw() * 600));
    const counts = [...this.#counts.values()];
    const shares = [
      { revision: 'old', permille: 900 },
      { revision: 'new', permille: 100 },
    ];
    const name = { app: 'shop', environment: 'production', epoch: 1, proxyStart: 'one' };
    return { ...name, openedAtMs: 0, closedAtMs: null, shares, counts, durations: [] };
  }

  #visit(bucket: number): void {
    const revision = bucket < 60 ? 'new' : 'old';
    const isCold = revision === 'new' && this.#cold > 0;
    if (isCold) this.#cold--;
    const isLate = this.#draw() < (revision === 'new' ? this.#lateNew : 0.4) && !isCold;
    const none = { started: 0, ok: 0, clientError: 0, serverError: 0, failed: 0, clientGone: 0, untimed: 0, late: [0] };
    const before = this.#counts.get(bucket) ?? { service: 'web', revision, bucket, ...none };
    this.#counts.set(bucket, {
      ...before,
      started: before.started + 1,
      ok: before.ok + 1,
      untimed: (before.untimed ?? 0) + (isCold ? 1 : 0),
      late: [(before.late[0] ?? 0) + (isLate ? 1 : 0)],
    });
  }
}

function harmfulOf(times: number, lateNew: number): number {
  let harmful = 0;
  for (let seed = 1; seed <= times; seed++) {
    const judge = new Judge(rules);
    const visits = new Visits(seed, lateNew);
    for (let second = 1; second <= 20; second++) {
      const epochs = [visits.second()];
      const probes = { new: { asked: 0, failed: 0 }, old: { asked: 0, failed: 0 } };
      judge.look({ at: second * 1_000, epochs, probes, signals: [] });
    }
    if (judge.now.verdict === 'harmful') harmful++;
  }
  return harmful;
}

describe('an instance that warms up', () => {
  it('makes no release slow whose visitors are late as often as those of the old one', () => {
    const harmful = harmfulOf(300, 0.4);
    // At 1 % these are at most 9 in all but one of a thousand cases.
    assert.ok(harmful <= 9, `${harmful} of 300`);
  });

  it('hides no release that is late twice as often', () => {
    const harmful = harmfulOf(100, 0.8);
    assert.ok(harmful >= 90, `${harmful} of 100`);
  });
});
