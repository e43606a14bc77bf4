import type { Plan } from '../../src/rollout/plan.ts';
import { harmful, isOneOf, mannersOf, type Quality } from './behaviour.ts';
import type { World } from './world.ts';

/** These treat their users as well as any other release does: they are up from the first request on. */
const neutral = ['good', 'slow'] as const satisfies readonly Quality[];

/** How often the judge was right, for the bounds over a whole run. */
export function countJudged(world: World, { to, judge }: Plan, hadMishaps: boolean): void {
  const { rollout } = world.invariants;
  if (judge === null || rollout?.end == null) return;
  const cause = rollout.cause?.kind ?? 'settled';
  const quality = world.qualityOf(to.revision);
  world.count(`judged: ${quality} ${rollout.end.kind} ${cause}`);
  const isNeutral = isOneOf(neutral, quality) && isOneOf(neutral, world.qualityOf(judge.oldRevision));
  if (isNeutral && !hadMishaps) {
    world.count('canaries of an equal release');
    if (cause === 'judged-harmful') world.count('canaries of an equal release, found harmful');
  }
  const isOldHarmful = isOneOf(harmful, world.qualityOf(judge.oldRevision));
  if (rollout.plan.strategy !== 'canary' || isOldHarmful || world.wasAdvanced(rollout.plan.rollout)) return;
  const { failing, hanging, meets } = mannersOf(world.seed, quality, to.revision);
  const isSettled = rollout.end.kind === 'settled';
  // More than any tolerance of the simulation allows.
  for (const [name, part] of [
    ['fails', failing * meets],
    ['hangs', hanging * meets],
  ] as const) {
    if (part < 0.3) continue;
    world.count(`canaries of a release that ${name}`);
    if (isSettled) world.count(`canaries of a release that ${name}, settled`);
  }
}
