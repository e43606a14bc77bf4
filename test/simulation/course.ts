import { Random } from './random.ts';
import { calm, type Climate } from './weather.ts';

const faults: Climate = {
  failing: 0.03,
  'lost reply': 0.03,
  'slow request': 0.04,
  'slow reply': 0.04,
  outage: 0.002,
  duplicate: 0.02,
  'proxy restart': 0.01,
};
const crashes: Climate = { crash: 0.01 };
const lies: Climate = { 'half start': 0.15, lie: 0.004, hang: 0.0008 };
const silence: Climate = { silence: 0.002, 'slow request': 0.03 };
const clock: Climate = { 'clock jump': 0.003, 'slow request': 0.05, 'slow reply': 0.05 };

export const climates = {
  calm,
  crashes,
  faults,
  lies: { ...lies, 'slow request': 0.05 },
  silence,
  clock,
  disk: { 'full disk': 0.01, crash: 0.003 },
  storm: {
    ...faults,
    ...lies,
    crash: 0.006,
    silence: 0.0003,
    'full disk': 0.001,
    'clock jump': 0.002,
    'lost checkpoint': 0.2,
  },
} as const satisfies Record<string, Climate>;

/** What a seed stands for. */
export interface Course {
  readonly seed: number;
  readonly climate: keyof typeof climates;
  /** Persons give and withhold evidence, pause, advance and abort. */
  readonly hasPeople: boolean;
  /** Nothing in it depends on the moment: a crash of the control plane must not change how it ends. */
  readonly isSteady: boolean;
  /** Of one control plane, each with rollouts of its own. */
  readonly environments: readonly string[];
  readonly rollouts: number;
}

const names = ['production', 'staging', 'europe'] as const;

export function courseOf(seed: number): Course {
  const random = new Random(seed);
  const climate = random.pick([
    ...(['calm', 'crashes', 'crashes', 'faults', 'lies', 'silence'] as const),
    ...(['clock', 'disk', 'storm', 'storm', 'storm'] as const),
  ]);
  const isSteady = climate === 'crashes' && random.chance(0.6);
  const hasPeople = !isSteady && random.chance(0.6);
  const environments = names.slice(0, random.pick([1, 1, 2, 3]));
  return { seed, climate, isSteady, hasPeople, environments, rollouts: 4 };
}
