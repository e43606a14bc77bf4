import type { RevisionId } from '../core/ids.ts';
import { heldBack, type PlanInput } from './plan-input.ts';
import { planNotes } from './plan-notes.ts';
import { phases, type Plan, type Step, type StrategyName } from './plan.ts';
import { webServices } from './release.ts';
import { blueGreenSteps } from './strategies/blue-green.ts';
import { canarySteps, whyNoCanary } from './strategies/canary.ts';
import { handBackSteps } from './strategies/hand-back.ts';
import { recreateSteps } from './strategies/recreate.ts';
import { rollingSteps } from './strategies/rolling.ts';
import { recheckedGates } from './strategies/shared-steps.ts';

/** Compiles a rollout: steps with compensations, deadlines and gates. Pure: nothing is touched. */
export function compilePlan(wish: PlanInput): Plan {
  const strategy = chosenStrategy(wish);
  const keepsOld = strategy === 'blue-green' || strategy === 'canary';
  const input: PlanInput = { ...wish, holdbackPermille: keepsOld ? heldBack(wish) : 0 };
  const steps = withJudging(input, gatedFirst(input, withPartSteps(stepsOf(input, strategy), input.partSteps)));
  return {
    rollout: input.rollout,
    app: input.app,
    environment: input.environment,
    kind: input.kind,
    startedBy: input.startedBy,
    strategy,
    salt: input.salt,
    before: input.before,
    to: { revision: input.to.id, release: input.to.release },
    webServices: [input.from, input.to].flatMap((side) =>
      side === null ? [] : webServices(side).map(({ service }) => ({ revision: side.id, service })),
    ),
    steps,
    gates: input.gates,
    judge: steps.some((step) => step.isJudged) ? input.judge : null,
    notes: planNotes(wish, strategy, steps),
  };
}

function chosenStrategy(wish: PlanInput): StrategyName {
  if (wish.cannotRunTwice.length > 0) return 'recreate';
  return wish.strategy === 'canary' && whyNoCanary(wish) !== null ? 'blue-green' : wish.strategy;
}

function stepsOf(input: PlanInput, strategy: StrategyName): readonly Step[] {
  if (input.upstream !== undefined) return handBackSteps(input, input.upstream);
  switch (strategy) {
    case 'blue-green':
      return blueGreenSteps(input);
    case 'rolling':
      return rollingSteps(input);
    case 'recreate':
      return recreateSteps(input);
    case 'canary':
      return input.from === null ? blueGreenSteps(input) : canarySteps(input, input.from);
  }
}

/**
 * Judged is what goes on while both revisions have users. Absolute limits hold also where only the new one has; after
 * the watch there is no way back, and so no judge.
 */
function withJudging(input: PlanInput, steps: readonly Step[]): readonly Step[] {
  const { judge, from, to } = input;
  if (judge === null || input.kind === 'rollback') return steps;
  const judged: Step[] = [];
  let users: readonly RevisionId[] = [];
  for (const step of steps) {
    users = usersAfter(step, users);
    const isShared = from !== null && users.includes(from.id);
    const isJudged = users.includes(to.id) && (isShared || judge.limits.length > 0) && step.phase !== 'settled';
    judged.push({ ...step, isJudged });
  }
  return judged;
}

/** The revisions that have users once the step's effects are performed. */
function usersAfter(step: Step, before: readonly RevisionId[]): readonly RevisionId[] {
  const route = step.effects.findLast((effect) => effect.kind === 'route');
  if (route === undefined) return before;
  return route.level.kind === 'shares' ? route.level.shares.map((share) => share.revision) : [];
}

/** Steps of parts come at the end of their phase; those before the start come first. */
function withPartSteps(own: readonly Step[], parts: readonly Step[]): readonly Step[] {
  return parts.reduce<readonly Step[]>((steps, step) => {
    const phase = phases.indexOf(step.phase);
    const last = steps.findLastIndex((each) => phases.indexOf(each.phase) <= phase);
    return [...steps.slice(0, last + 1), step, ...steps.slice(last + 1)];
  }, own);
}

/** A part's step that comes first is what the gates stand before; where they stood, they are asked again. */
function gatedFirst(input: PlanInput, steps: readonly Step[]): readonly Step[] {
  const all = input.gates.map((gate) => gate.id);
  const [first, ...rest] = steps;
  if (first === undefined || all.every((gate) => first.gates.includes(gate))) return steps;
  const later = rest.map((step) =>
    all.every((gate) => step.gates.includes(gate)) ? { ...step, gates: recheckedGates(input) } : step,
  );
  return [{ ...first, gates: all }, ...later];
}
