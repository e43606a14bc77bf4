import { badKinds, good, type Kind } from '../bildwerk/troubles.ts';
import { strangers, type Strangers } from './crowd.ts';

/** What is replayed again and again. */
export interface Setting extends Wanted {
  /** Each draws from streams of chance of its own, whichever others are replayed. */
  readonly number: number;
}

interface Wanted {
  /** Of the new release: a stretch of the recording. */
  readonly kind: string;
  readonly strangers: Strangers;
  readonly strategy: StrategyName;
  readonly wanted: 'kept' | 'back';
  /** Whether its failures are held to the exposure budget. */
  readonly isBudgeted: boolean;
  /** What part of the replays may end otherwise than wanted: kept ones by an accusation. */
  readonly mostMissed: number;
}

/** As they stand in a manifest. */
export const strategies = {
  budget: '{ canary: 30 failed requests, within: 2h, watch: 2m }',
  shares: '{ canary: [1%, 5%, 25%, 50%], within: 2h, watch: 2m }',
} as const;
export type StrategyName = keyof typeof strategies;

/** What the exposure budget of `strategies.budget` is. */
export const budget = 30;

/** A release that dies of its requests is left to real processes. */
const bad = badKinds.filter(({ trouble }) => trouble.leakBytes === 0);

const all: readonly Wanted[] = [
  ...strangers.map((strange) => goodSetting('budget', strange)),
  ...bad.map((kind) => badSetting('budget', kind)),
  goodSetting('shares', 'nobody'),
  ...bad.map((kind) => badSetting('shares', kind)),
];

export const settings: readonly Setting[] = all.map((wanted, number) => ({ ...wanted, number }));

function goodSetting(strategy: StrategyName, strange: Strangers): Wanted {
  const { name } = good;
  return { kind: name, strangers: strange, strategy, wanted: 'kept', isBudgeted: false, mostMissed: 0.01 };
}

/** Explicit shares have no budget: then only that it comes back counts. */
function badSetting(strategy: StrategyName, { name, isBudgeted }: Kind): Wanted {
  const mostMissed = isBudgeted ? 0.01 : 0.05;
  const held = isBudgeted && strategy === 'budget';
  return { kind: name, strangers: 'nobody', strategy, wanted: 'back', isBudgeted: held, mostMissed };
}
