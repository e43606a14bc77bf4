import { toLotseError } from '../core/errors.ts';
import type { RolloutId, Scope, UnixMs } from '../core/ids.ts';
import type { Judgement } from '../rollout/judge/judgement.ts';
import type { Plan } from '../rollout/plan.ts';
import { currentMove, type RolloutState } from '../rollout/rollout-state.ts';
import type { EnvironmentView } from './environment-log.ts';
import { formatJudged, recordKey } from './judged-record.ts';
import { checkpointKey, JudgedRollout, type Judged, type JudgedParts } from './judged-rollout.ts';
import type { EngineParts } from './parts.ts';
import type { SharedCounters } from './shared-counters.ts';

/** The least time between two looks; those that take long are made more rarely, up to the second one. In milliseconds. */
const lookMs = { least: 1_000, most: 5_000 };
/** At most this part of the time is spent on looking. */
const lookingShare = 0.1;
/** What was thought so long ago is no reason to go on, in milliseconds. */
const knownMs = 10_000;
/** Without a judge, how often the proxy is told that nobody needs what it has counted, in milliseconds. */
const forgetMs = 60_000;

/** The engine's side of judging in one environment: when it is looked, and what is left behind when it is over. */
export class Judging {
  readonly #parts: EngineParts;
  readonly #counters: SharedCounters;
  readonly #scope: Scope;
  readonly #of: JudgedParts;
  /** The rollout that is judged, or was judged last. */
  #case: JudgedRollout | null = null;
  #lookAgainAt: UnixMs = 0;
  #triedAt: UnixMs = 0;
  #lookedAt: UnixMs | null = null;
  /** The rollout that has turned or ended, and of which nothing runs any more. */
  #left: RolloutId | null = null;
  /** Rollouts that have ended, and of which there may be a checkpoint still. */
  readonly #ended = new Map<RolloutId, Plan>();
  #closed: RolloutId | null = null;
  #forgetAt: UnixMs | null = null;
  readonly #problems = new Map<string, string>();

  constructor(parts: EngineParts, counters: SharedCounters, scope: Scope) {
    this.#parts = parts;
    this.#counters = counters;
    this.#scope = scope;
    this.#of = { parts, counters, report: (during, problem) => this.#report(during, problem) };
  }

  get judged(): Judged | null {
    return this.#case?.judged ?? null;
  }

  /** After a start: a rollout that had ended may have left its checkpoint. */
  takeUp({ rollout }: EnvironmentView): void {
    if (rollout !== null && rollout.end !== null) this.#end(rollout.plan);
  }

  /**
   * What the judge thinks, about a second old at most; null: nothing that is fresh enough to go on by. A look that fails
   * is told and skipped: the next one covers what it would have seen.
   */
  async judgement(rollout: RolloutState, view: EnvironmentView): Promise<Judgement | null> {
    const { plan } = rollout;
    if (plan.judge === null) return null;
    const now = this.#parts.clock.now();
    if (now >= this.#lookAgainAt || now < this.#triedAt) await this.#look(rollout, view, now);
    return this.#case?.plan.rollout === plan.rollout ? this.#known : null;
  }

  /** Right before a verification of the rollout's own: the probes make room for it. */
  async makeRoom(): Promise<void> {
    await this.#attempt('ending a probe', async () => await this.#case?.endProbes());
  }

  /** Called now and then, and at once when a rollout turns or ends: nothing is left behind, neither here nor in the proxy. */
  async tidy({ rollout }: EnvironmentView): Promise<void> {
    const isJudged = rollout !== null && rollout.plan.judge !== null;
    const isOver = rollout !== null && (rollout.end !== null || rollout.direction === 'back');
    if (isJudged && isOver) await this.#leave(rollout);
    if (this.#ended.size > 0) await this.#attempt('closing the evidence', () => this.#closeEvidence());
    if (rollout !== null && (isOver || !isJudged)) await this.#forget();
  }

  close(): void {
    this.#case?.close();
  }

  async #look(rollout: RolloutState, view: EnvironmentView, begunAt: UnixMs): Promise<void> {
    const { clock } = this.#parts;
    this.#triedAt = begunAt;
    this.#lookAgainAt = begunAt + lookMs.least;
    const isDone = await this.#attempt('judging', async () => {
      const judged = await this.#caseOf(rollout.plan);
      // Before the rollout has ordered its first route, nothing that was counted is about it.
      const firstEpoch = view.environment.salt === rollout.plan.salt ? view.firstEpoch : Infinity;
      // A verification of the rollout's own and a probe would be in each other's way.
      const isVerifying = currentMove(rollout)?.effects.some((effect) => effect.kind === 'job') ?? false;
      await judged?.look(firstEpoch, !isVerifying);
    });
    if (!isDone) return;
    this.#lookedAt = begunAt;
    const restMs = Math.max(lookMs.least, (clock.now() - begunAt) / lookingShare);
    this.#lookAgainAt = begunAt + Math.min(restMs, lookMs.most);
  }

  async #caseOf(plan: Plan): Promise<JudgedRollout | null> {
    if (plan.judge === null || this.#case?.plan.rollout === plan.rollout) return this.#case;
    this.#case?.close();
    this.#case = null;
    this.#lookedAt = null;
    this.#case = await JudgedRollout.open(this.#of, plan, plan.judge);
    return this.#case;
  }

  /** Harm stays harm, however long nobody could look. */
  get #known(): Judgement | null {
    const judgement = this.#case?.judged?.judgement ?? null;
    if (judgement === null || isBad(judgement)) return judgement;
    const ageMs = this.#lookedAt === null ? -1 : this.#parts.clock.now() - this.#lookedAt;
    return ageMs >= 0 && ageMs <= knownMs ? judgement : null;
  }

  async #leave({ plan, end }: RolloutState): Promise<void> {
    if (end !== null) this.#end(plan);
    if (this.#left === plan.rollout) return;
    const isLeft = await this.#attempt('ending the judgement', async () => {
      // After a restart only the checkpoint knows what was running.
      const judged = await this.#caseOf(plan);
      judged?.close();
      await judged?.endProbes();
    });
    if (isLeft) this.#left = plan.rollout;
  }

  #end(plan: Plan): void {
    if (plan.judge === null || this.#closed === plan.rollout) return;
    this.#closed = plan.rollout;
    this.#ended.set(plan.rollout, plan);
  }

  /** What was thought in the end is kept; what the judge needed to go on by is not. */
  async #closeEvidence(): Promise<void> {
    const { checkpoints, atPoint } = this.#parts;
    for (const plan of this.#ended.values()) {
      const key = checkpointKey(plan);
      if ((await checkpoints.load(key)) !== null) {
        const judged = await this.#lastOf(plan);
        atPoint('judge: before closing evidence');
        if (judged !== null) await checkpoints.save(recordKey(plan), formatJudged(judged));
        atPoint('judge: evidence closed');
        await checkpoints.remove(key);
        atPoint('judge: checkpoint removed');
      }
      this.#ended.delete(plan.rollout);
    }
  }

  async #lastOf(plan: Plan): Promise<Judged | null> {
    if (this.#case?.plan.rollout === plan.rollout) return this.#case.judged;
    return plan.judge === null ? null : (await JudgedRollout.open(this.#of, plan, plan.judge)).judged;
  }

  /** Closed epochs are for the judge alone; whoever wants today's load reads the open one. */
  async #forget(): Promise<void> {
    const now = this.#parts.clock.now();
    this.#forgetAt ??= now + forgetMs;
    if (now < this.#forgetAt) return;
    this.#forgetAt = now + forgetMs;
    await this.#attempt('forgetting counters', async () => {
      const all = await this.#counters.of(this.#scope, forgetMs / 2);
      const closed = all.filter(({ closedAtMs }) => closedAtMs !== null);
      if (closed.length > 0) await this.#counters.acknowledge(this.#scope, closed);
    });
  }

  async #attempt(during: string, act: () => Promise<void>): Promise<boolean> {
    try {
      await act();
      this.#report(during, null);
      return true;
    } catch (error) {
      this.#report(during, error);
      return false;
    }
  }

  /** A problem that lasts is told once, and again when it has changed. */
  #report(during: string, problem: unknown): void {
    if (problem === null) return void this.#problems.delete(during);
    const { message } = toLotseError(problem);
    if (this.#problems.get(during) === message) return;
    this.#problems.set(during, message);
    this.#parts.log({ environment: `${this.#scope.app}/${this.#scope.environment}`, during, error: problem });
  }
}

function isBad({ verdict, broken, exposure }: Judgement): boolean {
  return verdict === 'harmful' || broken.length > 0 || (exposure.budget !== null && exposure.spent >= exposure.budget);
}
