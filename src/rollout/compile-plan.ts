import { blindWorkers, oldServices, type PlanInput } from './plan-input.ts';
import { phases, type Plan, type Step, type StrategyName } from './plan.ts';
import { webServices } from './release.ts';
import { blueGreenSteps } from './strategies/blue-green.ts';
import { recreateSteps } from './strategies/recreate.ts';
import { rollingSteps } from './strategies/rolling.ts';
import { recheckedGates } from './strategies/shared-steps.ts';

const strategies: Readonly<Record<StrategyName, (input: PlanInput) => readonly Step[]>> = {
  'blue-green': blueGreenSteps,
  rolling: rollingSteps,
  recreate: recreateSteps,
};

/** Compiles a rollout: steps with compensations, deadlines and gates. Pure: nothing is touched. */
export function compilePlan(input: PlanInput): Plan {
  const strategy = input.cannotRunTwice.length > 0 ? 'recreate' : input.strategy;
  const steps = gatedFirst(input, withPartSteps(strategies[strategy](input), input.partSteps));
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
    notes: notesOf(input, strategy, steps),
  };
}

/** Steps of parts come at the end of their phase; those before the start come first. */
function withPartSteps(own: readonly Step[], parts: readonly Step[]): readonly Step[] {
  if (parts.length === 0) return own;
  const early = parts.filter((step) => phases.indexOf(step.phase) < phases.indexOf('start'));
  const late = parts.filter((step) => step.phase === 'settled');
  const rest = parts.filter((step) => !early.includes(step) && !late.includes(step));
  const merged = rest.reduce<readonly Step[]>((steps, step) => {
    const phase = phases.indexOf(step.phase);
    const last = steps.findLastIndex((each) => phases.indexOf(each.phase) <= phase);
    return [...steps.slice(0, last + 1), step, ...steps.slice(last + 1)];
  }, own);
  return [...early, ...merged, ...late];
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

function notesOf(input: PlanInput, strategy: StrategyName, steps: readonly Step[]): readonly string[] {
  const notes: string[] = [];
  if (strategy !== input.strategy) {
    notes.push(`pause and switch instead of ${input.strategy}: ${input.cannotRunTwice.join('; ')}`);
  }
  if (strategy === 'recreate' && input.from !== null) {
    notes.push('requests are held while the old release stops and the new one starts; the way back is a start too');
  }
  const isRolling = steps.some((step) => step.id === 'stop-1');
  if (isRolling) notes.push('the way back starts old instances again, one after the other');
  if (input.from !== null) {
    const blind = blindWorkers([...input.to.services, ...oldServices(input)]).map((service) => service.service);
    for (const service of new Set(blind)) {
      notes.push(`${service} cannot read a claim: it is stopped, then replaced, and its way back is a start`);
    }
  }
  if (input.before.kind === 'maintenance') notes.push('a first release: the way back is the maintenance page');
  return notes;
}
