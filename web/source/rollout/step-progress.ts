import type { RolloutView, StepView } from '../../../src/capabilities/releases/releases-api.ts';

/** Nothing moves any more. */
export function hasEnded({ status }: Pick<RolloutView, 'status'>): boolean {
  return status === 'settled' || status === 'returned' || status === 'stranded';
}

/**
 * The steps as they are shown. What failed is marked as failed also after it was taken back; what a person ended did
 * not fail.
 */
export function shownSteps({ steps, cause }: Pick<RolloutView, 'steps' | 'cause'>): readonly StepView[] {
  if (cause === null) return steps;
  const isByPerson = cause.kind === 'aborted';
  return steps.map((step) => {
    if (step.id !== cause.step) return step;
    if (!isByPerson) return step.state === 'undone' ? { ...step, state: 'failed' } : step;
    if (step.state !== 'failed') return step;
    return { ...step, state: step.startedAt === null ? 'skipped' : 'undone' };
  });
}

/** The step under way, else the next one; -1 when there is none left. */
export function currentIndex(steps: readonly Pick<StepView, 'state'>[]): number {
  const running = steps.findIndex((step) => step.state === 'running' || step.state === 'undoing');
  return running >= 0 ? running : steps.findIndex((step) => step.state === 'next');
}

/** How long a step took, or has taken so far if it runs, in milliseconds; null: not begun, or its end is not known. */
export function elapsedMs(step: Pick<StepView, 'state' | 'startedAt' | 'endedAt'>, now: number): number | null {
  if (step.startedAt === null) return null;
  const endedAt = step.endedAt ?? (step.state === 'running' ? now : null);
  return endedAt === null ? null : Math.max(0, endedAt - step.startedAt);
}

/** What is left until the deadline, in milliseconds, never below 0; null: not under way. */
export function deadlineLeftMs(step: Pick<StepView, 'state' | 'startedAt' | 'deadlineMs'>, now: number): number | null {
  if (step.startedAt === null || step.state !== 'running') return null;
  return Math.max(0, step.startedAt + step.deadlineMs - now);
}

/**
 * How full the piece of line behind a step's mark is, 0 to 1. A running step is a guess from what it usually takes,
 * so it never looks finished before it is.
 */
export function stepProgress(
  step: Pick<StepView, 'state' | 'startedAt' | 'endedAt' | 'expectedMs'>,
  now: number,
): number {
  switch (step.state) {
    case 'done':
      return 1;
    case 'next':
    case 'skipped':
    case 'undone':
    case 'failed':
      return 0;
    case 'running':
      return guess(step, now);
    case 'undoing':
      return 0.5;
  }
}

const mostOfIt = 0.92;

function guess(step: Pick<StepView, 'state' | 'startedAt' | 'endedAt' | 'expectedMs'>, now: number): number {
  const elapsed = elapsedMs(step, now) ?? 0;
  if (step.expectedMs <= 0) return mostOfIt / 2;
  return Math.min(mostOfIt, elapsed / step.expectedMs);
}

/** Where the pilot boat lies on the line, 0 to 1, and where it heads. */
export function boatPosition(rollout: Pick<RolloutView, 'steps' | 'status'>): { at: number; heading: 'on' | 'back' } {
  const { steps, status } = rollout;
  const heading = status === 'returning' || status === 'returned' ? 'back' : 'on';
  if (status === 'settled' || steps.length === 0) return { at: 1, heading };
  if (status === 'returned') return { at: 0, heading };
  const index = heading === 'back' ? returningIndex(steps) : currentIndex(steps);
  return { at: index < 0 ? lastTouched(steps) : markAt(index, steps.length), heading };
}

/** The middle of a mark's piece of the line. */
export function markAt(index: number, count: number): number {
  return (index + 0.5) / count;
}

function returningIndex(steps: readonly Pick<StepView, 'state'>[]): number {
  const undoing = steps.findIndex((step) => step.state === 'undoing');
  return undoing >= 0 ? undoing : steps.findLastIndex((step) => step.state === 'done' || step.state === 'failed');
}

function lastTouched(steps: readonly Pick<StepView, 'state'>[]): number {
  const index = steps.findLastIndex((step) => step.state !== 'next' && step.state !== 'skipped');
  return index < 0 ? 0 : markAt(index, steps.length);
}

export interface PhaseSpan {
  readonly phase: StepView['phase'];
  readonly steps: number;
  /** Index of its first step. */
  readonly from: number;
}

/** Neighbouring steps of one phase together, for the words over the line. */
export function phaseSpans(steps: readonly Pick<StepView, 'phase'>[]): readonly PhaseSpan[] {
  const spans: { phase: StepView['phase']; steps: number; from: number }[] = [];
  for (const [from, { phase }] of steps.entries()) {
    const last = spans.at(-1);
    if (last?.phase === phase) last.steps += 1;
    else spans.push({ phase, steps: 1, from });
  }
  return spans;
}
