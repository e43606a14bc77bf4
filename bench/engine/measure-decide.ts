import { decide } from '../../src/rollout/decide.ts';
import { evolve, foldRollout } from '../../src/rollout/evolve.ts';
import type { Fact, Observation } from '../../src/rollout/facts.ts';
import { judgement, seen, through, written } from '../../src/rollout/fixtures/example-rollout.ts';
import type { Plan, StrategyName } from '../../src/rollout/plan.ts';
import type { RolloutEvent } from '../../src/rollout/rollout-events.ts';
import type { RolloutState } from '../../src/rollout/rollout-state.ts';
import { quantile } from '../quantile.ts';
import { openGate, planTo, shutGate, type Fleet } from './fleet.ts';

export interface DecideFigures {
  /** States of a rollout with a fact that may come then. */
  readonly situations: number;
  /** Middle and worst of the rounds, in microseconds a call. */
  readonly decideUs: number;
  readonly worstDecideUs: number;
  readonly evolveUs: number;
}

interface Situation {
  readonly state: RolloutState;
  readonly fact: Fact;
  readonly now: number;
}

const fleet: Fleet = { environments: 1, servicesEach: 5 };
const scope = { app: 'shop', environment: 'production' };
const strategies: readonly StrategyName[] = ['blue-green', 'rolling', 'recreate', 'canary'];
const startedAt = Date.UTC(2030, 0, 7, 10);
const callsEach = 50_000;

/** What a call of the pure machine costs, over all states that rollouts of each strategy go through. */
export function measureDecide(rounds: number): DecideFigures {
  const situations = strategies.flatMap((strategy) => situationsOf(planOf(strategy)));
  const events = strategies.flatMap((strategy) => eventsOf(planOf(strategy)).map((event) => written(event, startedAt)));
  const state = stateAfter(planOf('blue-green'), 0);
  const decideOne = ({ state: from, fact, now }: Situation) => decide(from, fact, now).events.length;
  const evolveOne = (event: (typeof events)[number]) => evolve(state, event).index;
  // The first round is thrown away: by then the code is warm.
  const decided = Array.from({ length: rounds + 1 }, () => microsecondsEach(situations, decideOne)).slice(1);
  const evolved = Array.from({ length: rounds + 1 }, () => microsecondsEach(events, evolveOne)).slice(1);
  return {
    situations: situations.length,
    decideUs: quantile(decided, 0.5) ?? 0,
    worstDecideUs: Math.max(...decided),
    evolveUs: quantile(evolved, 0.5) ?? 0,
  };
}

function microsecondsEach<Case>(cases: readonly Case[], act: (one: Case) => number): number {
  let sum = 0;
  const from = performance.now();
  for (let call = 0; call < callsEach; call++) {
    const one = cases[call % cases.length];
    if (one !== undefined) sum += act(one);
  }
  const tookMs = performance.now() - from;
  if (Number.isNaN(sum)) throw new Error('nothing was decided');
  return (tookMs * 1_000) / callsEach;
}

function planOf(strategy: StrategyName): Plan {
  return planTo(scope, 2, fleet, { strategy, watchMs: 900_000, gates: [openGate, shutGate] });
}

function eventsOf(plan: Plan): readonly RolloutEvent[] {
  return [{ type: 'rollout-planned', payload: { plan } }, ...plan.steps.flatMap((step) => through(step, 'forward'))];
}

function stateAfter(plan: Plan, events: number): RolloutState {
  const state = foldRollout(
    eventsOf(plan)
      .slice(0, events + 1)
      .map((event) => written(event, startedAt)),
  );
  if (state === null) throw new Error('a plan gives a state');
  return state;
}

/** Every state on the way forward; most facts are looks, as in a rollout that waits. */
function situationsOf(plan: Plan): readonly Situation[] {
  const now = startedAt + 1_500;
  return eventsOf(plan).flatMap((_, events) => {
    const state = stateAfter(plan, events);
    const looks = [false, false, true].map((isUp): Fact => ({ kind: 'observed', observation: look(plan, now, isUp) }));
    const others: readonly Fact[] = [{ kind: 'tick' }, { kind: 'performed' }, { kind: 'restarted' }, shutGates(plan)];
    return [...looks, ...others].map((fact) => ({ state, fact, now }));
  });
}

function look(plan: Plan, at: number, isUp: boolean): Observation {
  const slots = plan.steps
    .flatMap((step) => step.effects.flatMap((effect) => (effect.kind === 'ensure' && effect.slots > 0 ? [effect] : [])))
    .map(({ revision, service }) => ({
      ...{ revision, service, slot: 0, attempt: 1, state: isUp ? ('ready' as const) : ('starting' as const) },
      ...{ unexpectedExits: 0, open: 0, note: null, logTail: [] },
    }));
  return seen(at, { slots, judgement: judgement(isUp ? 'healthy' : 'undecided') });
}

function shutGates(plan: Plan): Fact {
  const state = { kind: 'waiting', opensAt: null } as const;
  const results = plan.gates.map(({ id }) => ({ gate: id, title: id, state, message: 'Nobody has approved it yet.' }));
  return { kind: 'gates', results };
}
