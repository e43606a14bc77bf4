import { LotseError } from '../core/errors.ts';
import type { EpochCounters } from '../core/routing-document.ts';
import type { RolloutId, Scope } from '../core/ids.ts';
import { Judge } from '../rollout/judge/judge.ts';
import type { JudgeRules } from '../rollout/judge/judge-rules.ts';
import type { EvidencePoint, JudgeInput, Judgement } from '../rollout/judge/judgement.ts';
import type { Plan } from '../rollout/plan.ts';
import { formatEvidence, noEvidence, parseEvidence, type Evidence } from './parse-evidence.ts';
import type { EngineParts } from './parts.ts';
import { ProbePairs } from './probe-pairs.ts';
import { RequestRate } from './request-rate.ts';
import type { SharedCounters } from './shared-counters.ts';
import { SignalReadings } from './signal-readings.ts';

/** What is thought of a rollout, and how the evidence grew. */
export interface Judged {
  readonly rollout: RolloutId;
  readonly judgement: Judgement;
  readonly points: readonly EvidencePoint[];
}

/** What a judged rollout needs of its environment. */
export interface JudgedParts {
  readonly parts: EngineParts;
  readonly counters: SharedCounters;
  /** The engine goes on trying; a problem that lasts is told once. Null: it is over. */
  readonly report: (during: string, problem: unknown) => void;
}

/** Below so many requests a second to the new release, probes are asked too. */
const thinPerSecond = 1;
/** How old the shared answer of the proxy may be, in milliseconds. */
const countersMs = 250;

export function checkpointKey({ app, rollout }: Pick<Plan, 'app' | 'rollout'>): string {
  return `judge:${app}/${rollout}`;
}

/** The judge of one rollout with all that it hears, and its checkpoint. */
export class JudgedRollout {
  readonly plan: Plan;
  readonly #of: JudgedParts;
  readonly #rules: JudgeRules;
  readonly #scope: Scope;
  readonly #probes: ProbePairs;
  readonly #signals: SignalReadings;
  readonly #rate: RequestRate;
  #judge: Judge;
  #isRestored: boolean;
  #judgement: Judgement | null;
  /** What the saved state has counted; null: nothing is saved, or not all that is known. */
  #saved: string | null = null;

  private constructor(of: JudgedParts, plan: Plan, rules: JudgeRules, judge: Judge, evidence: Evidence) {
    this.plan = plan;
    this.#of = of;
    this.#rules = rules;
    this.#scope = { app: plan.app, environment: plan.environment };
    this.#judge = judge;
    this.#isRestored = evidence.judge !== null;
    this.#judgement = evidence.judge === null ? null : judge.now;
    this.#probes = new ProbePairs(of.parts, plan, evidence.probes);
    this.#signals = new SignalReadings(of.parts, plan);
    this.#rate = new RequestRate(rules);
  }

  /**
   * Goes on from the checkpoint. One that is damaged, or of another version, is told and begun anew. Errors: those of
   * reading it that may pass.
   */
  static async open(of: JudgedParts, plan: Plan, rules: JudgeRules): Promise<JudgedRollout> {
    const text = await of.parts.checkpoints.load(checkpointKey(plan));
    const evidence = text === null ? noEvidence : parseEvidence(text);
    try {
      if (evidence === null) throw new Error('it is damaged, or of another version');
      return new JudgedRollout(of, plan, rules, new Judge(rules, evidence.judge), evidence);
    } catch (error) {
      of.report('going on from the evidence', anew(error));
      return new JudgedRollout(of, plan, rules, new Judge(rules), noEvidence);
    }
  }

  get judged(): Judged | null {
    const judgement = this.#judgement;
    return judgement === null ? null : { rollout: this.plan.rollout, judgement, points: this.#judge.points };
  }

  /**
   * One look. Only epochs from `firstEpoch` on belong to the rollout. `mayProbe`: no verification of the rollout's own is
   * running. Errors: the proxy cannot be asked; then nothing has been looked at.
   */
  async look(firstEpoch: number, mayProbe: boolean): Promise<void> {
    const { counters, parts } = this.#of;
    const all = await counters.of(this.#scope, countersMs);
    const own = all.filter(({ epoch }) => epoch >= firstEpoch);
    const at = parts.clock.now();
    this.#rate.record(at, own);
    await this.#probe(mayProbe);
    const { counts } = this.#probes.state;
    const signals = this.#signals.take();
    const input = { at, epochs: own, probes: counts, signals };
    this.#judgement = this.#hear(input);
    if (signals.length > 0) this.#saved = null;
    await this.#keep(own);
    const closed = all.filter(({ closedAtMs }) => closedAtMs !== null);
    if (this.#saved !== null && closed.length > 0) await this.#acknowledge(closed);
    this.#signals.follow();
  }

  /** The rollout's own verification runs next, or nobody judges any more. */
  async endProbes(): Promise<void> {
    await this.#probes.cancel();
  }

  close(): void {
    this.#signals.close();
  }

  #hear(input: JudgeInput): Judgement {
    try {
      return this.#judge.look(input);
    } catch (error) {
      if (!this.#isRestored) throw error;
      this.#isRestored = false;
      this.#of.report('going on from the evidence', anew(error));
      this.#judge = new Judge(this.#rules);
      return this.#judge.look(input);
    }
  }

  async #probe(mayProbe: boolean): Promise<void> {
    const { perSecond } = this.#rate;
    const isThin = perSecond !== null && perSecond < thinPerSecond;
    await this.#attempt('probing both releases', () =>
      mayProbe ? this.#probes.follow(isThin) : this.#probes.cancel(),
    );
  }

  /** Where nothing was counted since, nothing is written. What cannot be written is told, and not acknowledged. */
  async #keep(own: readonly EpochCounters[]): Promise<void> {
    const { state } = this.#probes;
    const counted = `${JSON.stringify(state)} ${own.map(countedIn).join(' ')}`;
    if (counted === this.#saved) return;
    this.#saved = null;
    const { checkpoints, atPoint } = this.#of.parts;
    const isKept = await this.#attempt('keeping the evidence', async () => {
      const evidence = { judge: this.#judge.state, probes: state };
      atPoint('judge: before keeping evidence');
      await checkpoints.save(checkpointKey(this.plan), formatEvidence(evidence));
      atPoint('judge: evidence kept');
    });
    if (isKept) this.#saved = counted;
  }

  async #acknowledge(closed: readonly EpochCounters[]): Promise<void> {
    const { counters, parts } = this.#of;
    await this.#attempt('acknowledging counters', async () => {
      parts.atPoint('judge: before acknowledging counters');
      await counters.acknowledge(this.#scope, closed);
      parts.atPoint('judge: counters acknowledged');
    });
  }

  async #attempt(during: string, act: () => Promise<void>): Promise<boolean> {
    try {
      await act();
      this.#of.report(during, null);
      return true;
    } catch (error) {
      this.#of.report(during, error);
      return false;
    }
  }
}

/** All counts only grow, so that the sum of them tells whether anything was counted since. */
function countedIn({ proxyStart, epoch, closedAtMs, counts }: EpochCounters): string {
  let sum = 0;
  for (const { started, ok, clientError, serverError, failed, clientGone, late } of counts) {
    sum += started + ok + clientError + serverError + failed + clientGone;
    for (const each of late) sum += each;
  }
  return `${proxyStart}/${epoch}/${closedAtMs ?? ''}/${sum}`;
}

function anew(error: unknown): LotseError {
  const reason = error instanceof Error ? error.message : String(error);
  return new LotseError('internal', `the evidence so far cannot be used, and the judge begins anew: ${reason}`);
}
