import type { Plan, Step } from '../../rollout/plan.ts';

/**
 * `strategy.within`: no step up to the one that makes the release live waits longer than the whole way may take. A canary
 * is given that time by its judge, from its first share on; its steps keep their own deadlines.
 */
export function limitSteps({ steps, strategy }: Plan, withinMs: number): readonly Step[] {
  if (strategy === 'canary') return steps;
  const live = steps.findIndex((step) => step.makesLive);
  return steps.map((step, index) =>
    index > live ? step : { ...step, deadlineMs: Math.min(step.deadlineMs, withinMs) },
  );
}
