import { chainOf, type Scope } from '../../src/core/ids.ts';
import type { JobOrder } from '../../src/ports/targets/targets.ts';
import type { Plan } from '../../src/rollout/plan.ts';
import { openGate, planTo, scopesOf, shutGate, type Fleet, type Voyage } from './fleet.ts';
import type { HarbourWishes } from './harbour.ts';
import type { Happening } from './simulated-machines.ts';

/** Where a rollout is held, so that all of them are in flight at once, each kind at another step. */
export interface Berth {
  readonly step: string;
  readonly standing: string;
  readonly voyage: Voyage;
  /** How it ends once nothing is held any more; null: it waits for a person, or for its watch to be over. */
  readonly end: 'settled' | 'returned' | null;
}

const blueGreen: Voyage = { strategy: 'blue-green', watchMs: 0, gates: [openGate] };
const rolling: Voyage = { ...blueGreen, strategy: 'rolling' };
const canary: Voyage = { ...blueGreen, strategy: 'canary' };
const recreate: Voyage = { ...blueGreen, strategy: 'recreate' };

const at = (step: string, voyage: Voyage, end: Berth['end'] = 'settled'): Berth => {
  const standing = end === 'returned' ? 'start performed back' : `${step} performed forward`;
  return { step, standing, voyage, end };
};

/** In turn, by environment. */
export const berths: readonly Berth[] = [
  at('start', blueGreen),
  at('verify-before', blueGreen),
  at('workers-pause', blueGreen),
  at('shift', blueGreen),
  at('verify-after', blueGreen),
  at('watch', { ...blueGreen, watchMs: 3_600_000 }, null),
  at('drain-old', blueGreen),
  at('stop-old', blueGreen),
  at('start-2', rolling),
  at('shift-1', rolling),
  at('stop-old', recreate),
  at('share-1', canary, null),
  at('back', blueGreen, 'returned'),
  { step: 'gate', standing: 'start next forward', voyage: { ...blueGreen, gates: [openGate, shutGate] }, end: null },
];

/** A fleet whose rollouts are all under way and stay where they are, until the machines let go. */
export class BerthedFleet {
  readonly plans: readonly Plan[];
  readonly fleet: Fleet;
  readonly #berths: ReadonlyMap<string, Berth>;
  #isLetGo = false;

  constructor(fleet: Fleet, number: number) {
    const placed = scopesOf(fleet).map((scope, index) => [scope, berthOf(index)] as const);
    this.fleet = fleet;
    this.#berths = new Map(placed.map(([scope, berth]) => [chainOf(scope), berth]));
    this.plans = placed.map(([scope, berth]) => planTo(scope, number, fleet, berth.voyage));
  }

  letGo(): void {
    this.#isLetGo = true;
  }

  /** How many stand where they are held, by step. */
  inBerth(standing: Readonly<Record<string, string>>): number {
    return [...this.#berths].filter(([chain, berth]) => standing[chain] === berth.standing).length;
  }

  /** Those that have not ended as they should, with where they stand. */
  notEnded(standing: Readonly<Record<string, string>>): readonly string[] {
    return [...this.#berths].flatMap(([chain, { end, standing: berth }]) => {
      const wanted = end ?? berth;
      return standing[chain] === wanted ? [] : [`${chain}: ${standing[chain] ?? 'unknown'} instead of ${wanted}`];
    });
  }

  get wishes(): Pick<HarbourWishes, 'isHeld' | 'exitCodeOf' | 'answersOld' | 'isBusy'> {
    const isAt = (scope: Scope, step: string) => this.#berths.get(chainOf(scope))?.step === step;
    const isNew = (id: string) => this.plans.some((plan) => plan.to.revision === id);
    const isBusy = (scope: Scope) => !this.#isLetGo && (isAt(scope, 'drain-old') || isAt(scope, 'shift-1'));
    return {
      isBusy,
      answersOld: (scope) => !this.#isLetGo && isAt(scope, 'shift'),
      exitCodeOf: (job: JobOrder) => (isAt(job, 'back') ? 1 : 0),
      isHeld: (happening) => isHeldAt(happening, (step) => isAt(happening, step), isNew(happening.revision)),
    };
  }
}

function berthOf(index: number): Berth {
  const berth = berths[index % berths.length];
  if (berth === undefined) throw new Error('there are no berths');
  return berth;
}

function isHeldAt({ kind, key, service, slot }: Happening, isAt: (step: string) => boolean, isNew: boolean): boolean {
  switch (kind) {
    case 'ready':
      return isNew && (isAt('start') || (isAt('start-2') && slot > 0));
    case 'stopped':
      if (isNew) return isAt('back');
      return service === 'web1' ? isAt('stop-old') : service === 'worker4' && isAt('workers-pause');
    case 'job-ended':
      return ['verify-before', 'verify-after'].some((step) => isAt(step) && key?.endsWith(step));
  }
}
