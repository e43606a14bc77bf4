import type { UnixMs } from '../core/ids.ts';
import type { Cause, Observation } from './facts.ts';
import type { Judgement } from './judge/judgement.ts';
import type { Step } from './plan.ts';
import { currentStep, isBeforeLive, type RolloutState } from './rollout-state.ts';

type JudgedCause = Omit<Cause, 'step'>;

/** Harm that the judge has found in a rollout that is judged, which turns it at once; null: none. */
export function harmCause(state: RolloutState, judgement: Judgement | null): JudgedCause | null {
  if (judgement === null || !isJudged(state)) return null;
  const { verdict, broken, sentence } = judgement;
  if (verdict === 'harmful') return causeOf('judged-harmful', sentence);
  if (broken.length > 0) return causeOf('limit-broken', sentence);
  return isBudgetSpent(judgement) && isBeforeLive(state) ? causeOf('undecided', sentence) : null;
}

/** Judging may take no longer, and the release is not proven to be healthy; null: it may, or it is. */
export function undecidedCause(state: RolloutState, seen: Observation): JudgedCause | null {
  const isOver = judgedForMs(state, seen.at) >= (state.plan.judge?.withinMs ?? Infinity);
  if (!isOver || seen.judgement?.verdict === 'healthy') return null;
  const why = seen.judgement?.sentence ?? 'nobody could judge';
  return causeOf('undecided', `still undecided when judging might take no longer: ${why}`);
}

/** Has the deadline of judging passed, or the clock been set to before its beginning? */
export function isJudgingOverdue(state: RolloutState, now: UnixMs): boolean {
  const forMs = judgedForMs(state, now);
  return forMs < 0 || forMs >= (state.plan.judge?.withinMs ?? Infinity);
}

/** How long it has been judged, in milliseconds; 0 where no step waits for the judge any more. */
function judgedForMs(state: RolloutState, now: UnixMs): number {
  return state.judgedSince === null || !isJudged(state) || !needsHealth(state) ? 0 : now - state.judgedSince;
}

/** Must the judge be heard before the next step, and has it nothing to say? */
export function isBlind(state: RolloutState, seen: Observation): boolean {
  return seen.judgement === null && isJudged(state) && needsHealth(state);
}

/** What the watch leaves open, for people; null: the release is proven to be healthy, or nobody judged. */
export function notHealthyNote(step: Step, seen: Observation): string | null {
  if (!step.isJudged || step.phase !== 'watch' || seen.judgement?.verdict === 'healthy') return null;
  return `not judged healthy: ${seen.judgement?.sentence ?? 'nobody could judge'}`;
}

/** A budget is for what it may cost to find out: whoever is found healthy has not spent it. */
function isBudgetSpent({ verdict, exposure: { spent, budget } }: Judgement): boolean {
  return budget !== null && spent >= budget && verdict !== 'healthy';
}

/** Is there a step, from the current one on, that is not done before the judge has found the release healthy? */
function needsHealth({ plan, index, advanced }: RolloutState): boolean {
  const ahead = plan.steps.slice(advanced ? index + 1 : index);
  return ahead.some((step) => step.until.some((condition) => condition.kind === 'judged-healthy'));
}

/** Only the release can break a limit or be harmful; that nothing could be found out is nobody's fault. */
function causeOf(kind: 'judged-harmful' | 'limit-broken' | 'undecided', message: string): JudgedCause {
  return { code: 'returned', kind, message, logTail: [], inRelease: kind !== 'undecided' };
}

/**
 * Is the judge heard? While a judged step is under way, and between two of them: users of both revisions are there all
 * the same.
 */
export function isJudged(state: RolloutState): boolean {
  if (state.direction === 'back') return false;
  const begun = state.stage === 'next' ? state.plan.steps[state.index - 1] : currentStep(state);
  return begun?.isJudged ?? false;
}
