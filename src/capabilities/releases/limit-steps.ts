import type { Step } from '../../rollout/plan.ts';

/** `strategy.within`: no step up to the one that makes the release live waits longer than the whole way may take. */
export function limitSteps(steps: readonly Step[], withinMs: number): readonly Step[] {
  const live = steps.findIndex((step) => step.makesLive);
  return steps.map((step, index) =>
    index > live ? step : { ...step, deadlineMs: Math.min(step.deadlineMs, withinMs) },
  );
}
