import { createHash } from 'node:crypto';
import type { Scope, UnixMs } from '../core/ids.ts';
import type { JudgeInput } from '../rollout/judge/judgement.ts';
import type { Plan } from '../rollout/plan.ts';
import { stepJob } from './orders.ts';
import type { EngineParts } from './parts.ts';
import { startJob } from './perform.ts';

export type Side = 'new' | 'old';
export type ProbeCounts = JudgeInput['probes'];

/** Plain data that survives JSON. */
export interface ProbeState {
  readonly counts: ProbeCounts;
  /** Number of the next pair. */
  readonly next: number;
  readonly lastBeganAt: UnixMs | null;
  readonly running: RunningPair | null;
}

interface RunningPair {
  readonly number: number;
  /** What the first one said, once it has ended. */
  readonly first: 'passed' | 'failed' | null;
}

/** The next pair begins not earlier than so long after the last one began, in milliseconds. */
const pairIntervalMs = 30_000;

export const noProbes: ProbeState = {
  counts: { new: { asked: 0, failed: 0 }, old: { asked: 0, failed: 0 } },
  next: 1,
  lastBeganAt: null,
  running: null,
};

/**
 * Where users send too little to compare, the verification asks both releases, one after the other, in an order that is
 * drawn anew for each pair. A job runs once under its key, and keys are numbered: what a crash cut off is taken up.
 */
export class ProbePairs {
  readonly #parts: EngineParts;
  readonly #plan: Plan;
  #state: ProbeState;

  constructor(parts: EngineParts, plan: Plan, state: ProbeState) {
    this.#parts = parts;
    this.#plan = plan;
    this.#state = state;
  }

  get state(): ProbeState {
    return this.#state;
  }

  /** Follows the pair that is running, and begins the next one where traffic is thin. Errors: those of the target. */
  async follow(isThin: boolean): Promise<void> {
    const now = this.#parts.clock.now();
    const { running, lastBeganAt, next } = this.#state;
    if (running !== null) return await this.#goOn(running);
    const sinceMs = lastBeganAt === null ? Infinity : now - lastBeganAt;
    const isDue = sinceMs >= pairIntervalMs || sinceMs < 0;
    if (!isThin || !isDue || !(await this.#canBeAsked())) return;
    this.#state = { ...this.#state, lastBeganAt: now, next: next + 1, running: { number: next, first: null } };
    await this.#goOn({ number: next, first: null });
  }

  /** Nobody waits for the pair any more: it counts for nothing. */
  async cancel(): Promise<void> {
    const { running } = this.#state;
    if (running === null) return;
    await this.#parts.target.cancelJob(this.#keyOf(running.number, this.#sideOf(running)));
    this.#state = { ...this.#state, running: null };
  }

  async #goOn(running: RunningPair): Promise<void> {
    const side = this.#sideOf(running);
    const seen = await this.#parts.target.observeJob(this.#keyOf(running.number, side));
    if (seen === null) return await this.#start(running.number, side);
    if (seen.state === 'running') return;
    // Lost, or ended by a signal and so from outside: that says nothing about the release, and a half pair neither.
    if (seen.state === 'lost' || seen.exitCode === null) this.#state = { ...this.#state, running: null };
    else await this.#took(running, seen.state === 'succeeded' ? 'passed' : 'failed');
  }

  async #took({ number, first }: RunningPair, outcome: 'passed' | 'failed'): Promise<void> {
    if (first === null) {
      this.#state = { ...this.#state, running: { number, first: outcome } };
      return await this.#goOn({ number, first: outcome });
    }
    const [one, other] = this.#order(number);
    const outcomes = { [one]: first, [other]: outcome };
    const add = (side: Side) => {
      const { asked, failed } = this.#state.counts[side];
      return { asked: asked + 1, failed: failed + (outcomes[side] === 'failed' ? 1 : 0) };
    };
    this.#state = { ...this.#state, running: null, counts: { new: add('new'), old: add('old') } };
  }

  async #start(number: number, side: Side): Promise<void> {
    const { bindings } = this.#parts;
    const { scope, revision } = await this.#revisionOf(side);
    const key = this.#keyOf(number, side);
    const job = revision.verification?.job ?? '';
    const effect = { kind: 'job', key, job, revision: revision.id, baseUrl: 'pinned' } as const;
    await startJob(this.#parts, scope, await stepJob(bindings, scope, effect));
  }

  async #canBeAsked(): Promise<boolean> {
    const both = await Promise.all([this.#revisionOf('new'), this.#revisionOf('old')]);
    return both.every(({ revision }) => revision.verification !== null);
  }

  async #revisionOf(side: Side) {
    const { app, environment, to, judge } = this.#plan;
    const scope: Scope = { app, environment };
    const id = side === 'new' ? to.revision : (judge?.oldRevision ?? to.revision);
    return { scope, revision: await this.#parts.bindings.revision(scope, id) };
  }

  #sideOf({ number, first }: RunningPair): Side {
    return this.#order(number)[first === null ? 0 : 1];
  }

  /** Drawn from the rollout's salt, so that a restart goes on in the same order. */
  #order(number: number): readonly [Side, Side] {
    const draw = createHash('sha256').update(`${this.#plan.salt} ${number}`).digest()[0] ?? 0;
    return draw % 2 === 0 ? ['new', 'old'] : ['old', 'new'];
  }

  #keyOf(number: number, side: Side): string {
    const { app, environment, rollout } = this.#plan;
    return `${app}/${environment}/${rollout}/probe/${number}/${side}`;
  }
}
