import type { StrategyName } from '../../src/rollout/plan.ts';
import type { Quality } from './behaviour.ts';
import { checkEnd, checkVerdict, endState } from './end-state.ts';
import { planFor, revision, service } from './shapes.ts';
import { Voyage } from './voyage.ts';
import { calm } from './weather.ts';

/** Two web services, a worker that can be told to wait, and one that cannot. */
const services = [
  service('web', { instances: 2 }),
  service('api', { path: '/api' }),
  service('sizes', { kind: 'worker', port: null, readsClaim: true, instances: 2 }),
  service('mails', { kind: 'worker', port: null }),
];

/** So much is tolerated that a good release is found healthy after a few looks. */
const judging = {
  canary: { shares: [300, 600].map((permille) => ({ permille, everyMs: 0, expectedMs: null })) },
  holdbackPermille: 50,
  rules: {
    margin: 1.1,
    tolerance: 4,
    toleratedRate: 0.1,
    limits: [],
    signals: [],
    exposureBudget: null,
    withinMs: 60_000,
  },
};

export interface Passage {
  readonly points: number;
  readonly crashes: number;
  readonly endState: string;
  readonly violations: readonly string[];
}

/** A good release serves; then one of this quality comes, and the control plane is killed at one point of its rollout. */
export async function passage(strategy: StrategyName, quality: Quality, killAt: number | null): Promise<Passage> {
  const voyage = new Voyage(7, calm, { killAt, pace: 0.1 });
  const { world, weather } = voyage;
  weather.isOn = false;
  for (const [number, each] of [
    [1, 'good'],
    [2, quality],
  ] as const) {
    const to = revision(number, services);
    world.add(to, each);
    const wanted = { kind: 'deploy', to, strategy, watchMs: 300, gates: [], ...judging } as const;
    const plan = await voyage.begin((view) => planFor(world, view.environment, number, wanted));
    const end = await voyage.end();
    if (end === null) break;
    await voyage.calmDown();
    checkEnd(world, plan, end, false);
    checkVerdict(world, plan, end);
    weather.isOn = true;
  }
  const { points } = weather;
  await voyage.close();
  return {
    points,
    crashes: world.counts.get('faults: crash') ?? 0,
    endState: endState(world),
    violations: world.violations,
  };
}
