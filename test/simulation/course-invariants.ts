import type { JournalEvent } from '../../src/core/events.ts';
import { isOpen, type GateResult } from '../../src/rollout/gate.ts';
import type { Judgement } from '../../src/rollout/judge/judgement.ts';
import type { Plan, Step } from '../../src/rollout/plan.ts';
import type { WrittenEvent } from '../../src/rollout/rollout-events.ts';
import type { RolloutState } from '../../src/rollout/rollout-state.ts';

/** How long ago gates may have answered when their step is intended, and what they say have been so, in milliseconds. */
const gateAnswer = { toldMs: 2_000, seenMs: 12_000 };

/** What gates said: as it was at one time, told at another. */
export interface GateAnswer {
  readonly at: number;
  readonly toldAt: number;
  readonly results: readonly GateResult[];
}

/** What the control plane was told before it wrote. */
export interface Told {
  readonly now: number;
  readonly gates: GateAnswer | null;
  readonly judgement: Judgement | null;
}

type Of<Type extends WrittenEvent['type']> = Extract<WrittenEvent, { type: Type }>;

/**
 * A rollout does what its plan says, in that order and nothing else, and passes nothing without evidence. It keeps
 * count by itself, so that a mistake of the machine's own fold is seen.
 */
export class CourseInvariants {
  readonly #violate: (what: string) => void;
  #plan: Plan | null = null;
  #done = 0;
  #isTurned = false;
  #hasPassedGates = false;
  #isAdvanced = false;
  /** Something of it was ordered. */
  #hasBegun = false;
  #isPaused = false;

  constructor(violate: (what: string) => void) {
    this.#violate = violate;
  }

  /** `before`: the event written right before it in the same breath. */
  follow(
    event: JournalEvent & WrittenEvent,
    state: RolloutState | null,
    before: JournalEvent | null,
    told: Told,
  ): void {
    switch (event.type) {
      case 'rollout-planned':
        if (state !== null && state.end === null)
          this.#violate('a rollout was begun before the one before it had ended');
        return this.#begin(event.payload.plan);
      case 'gates-passed':
        return this.#checkGates(event, told);
      case 'step-intended':
        return event.payload.direction === 'forward' ? this.#checkIntent(event, before) : this.#checkBack(event);
      case 'step-done':
        return event.payload.direction === 'forward' ? this.#checkDone(event, told) : undefined;
      case 'rollout-advanced':
        this.#isAdvanced = true;
        this.#isPaused = false;
        return;
      case 'rollout-turned':
        return this.#checkTurn(event);
      case 'rollout-paused':
      case 'rollout-resumed':
        this.#isPaused = event.type === 'rollout-paused';
        return;
      case 'rollout-ended':
        return this.#checkEnd(event);
      default:
        return;
    }
  }

  #begin(plan: Plan): void {
    this.#plan = plan;
    this.#done = 0;
    this.#isTurned = false;
    this.#hasPassedGates = plan.gates.length === 0;
    this.#isAdvanced = false;
    this.#hasBegun = false;
    this.#isPaused = false;
  }

  get #next(): Step | null {
    return this.#plan?.steps[this.#done] ?? null;
  }

  #checkGates(event: Of<'gates-passed'>, { gates, now }: Told): void {
    const step = this.#next;
    const isFresh = gates !== null && now - gates.toldAt <= gateAnswer.toldMs && now - gates.at <= gateAnswer.seenMs;
    const isAnswered = step?.gates.every((id) => gates?.results.some((each) => each.gate === id && isOpen(each)));
    if (!isFresh || !isAnswered) this.#violate(`gates of ${event.payload.step} passed without fresh evidence`);
    this.#hasPassedGates ||= this.#plan?.gates.every((gate) => step?.gates.includes(gate.id)) ?? false;
  }

  #checkIntent({ payload }: Of<'step-intended'>, before: JournalEvent | null): void {
    const step = this.#next;
    this.#hasBegun = true;
    if (this.#isTurned) this.#violate(`${payload.step} was begun on the way back`);
    if (step === null || step.id !== payload.step)
      return this.#violate(`${payload.step} was begun when it was the turn of ${step?.id ?? 'nothing'}`);
    if (step.gates.length > 0 && before?.type !== 'gates-passed')
      this.#violate(`${step.id} was begun without asking its gates`);
    if (!this.#hasPassedGates) this.#violate(`${step.id} was begun before all gates of the rollout had been passed`);
    if (JSON.stringify(payload.effects) !== JSON.stringify(step.effects))
      this.#violate(`${step.id} orders something else than its plan says`);
  }

  #checkBack({ payload }: Of<'step-intended'>): void {
    const step = this.#plan?.steps.find((each) => each.id === payload.step);
    if (!this.#isTurned) this.#violate(`${payload.step} was taken back before the rollout had turned`);
    if (JSON.stringify(payload.effects) !== JSON.stringify(step?.compensation?.effects))
      this.#violate(`${payload.step} is taken back otherwise than its plan says`);
  }

  #checkDone({ payload }: Of<'step-done'>, { judgement }: Told): void {
    const step = this.#next;
    if (step === null || step.id !== payload.step)
      return this.#violate(`${payload.step} was done when it was the turn of ${step?.id ?? 'nothing'}`);
    const mustBeHealthy = step.until.some((each) => each.kind === 'judged-healthy') && !this.#isAdvanced;
    if (mustBeHealthy && judgement?.verdict !== 'healthy')
      this.#violate(`${step.id} was done though the release is ${judgement?.verdict ?? 'not judged'}`);
    if (step.isJudged && judgement?.verdict === 'harmful' && step.ifFails === 'turn')
      this.#violate(`${step.id} was done though the release is harmful`);
    this.#done++;
    this.#isAdvanced = false;
  }

  /** A newer deploy takes the place only of one that waits, and that no person holds. */
  #checkTurn({ payload: { cause } }: Of<'rollout-turned'>): void {
    const isSuperseded = cause.message.startsWith('superseded by');
    if (isSuperseded && this.#hasBegun) this.#violate('a rollout was superseded though it had begun');
    if (isSuperseded && this.#isPaused) this.#violate('a rollout was superseded though a person holds it');
    this.#isTurned = true;
  }

  #checkEnd({ payload }: Of<'rollout-ended'>): void {
    if (payload.end === 'settled' && (this.#next !== null || this.#isTurned))
      this.#violate(`settled when it was the turn of ${this.#next?.id ?? 'nothing'}`);
    if (payload.end === 'returned' && !this.#isTurned) this.#violate('returned without having turned');
  }
}
