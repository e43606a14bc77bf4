import type { Plan } from '../../src/rollout/plan.ts';
import type { End } from '../../src/rollout/rollout-events.ts';
import { webServices } from '../../src/rollout/release.ts';
import { isReleaseZero } from '../../src/rollout/release-zero.ts';
import { hopeless, isOneOf, sound } from './behaviour.ts';
import type { World } from './world.ts';

/** What must be true once a rollout has ended and the world has calmed down. */
export function checkEnd(world: World, plan: Plan, end: End, wasStranded: boolean, isFair = true): void {
  const { environment } = world.invariants;
  if (environment.draining.length > 0) world.violate('something still drains after the end');
  world.invariants.judging.ended(plan);
  switch (end) {
    case 'settled':
      if (isReleaseZero(plan.to)) return checkHandedBack(world);
      return checkServes(
        world,
        plan.to.revision,
        environment.orders.some((order) => order.slots > 0),
      );
    case 'returned':
      if (runs(world).some(([revision]) => revision === plan.to.revision)) world.violate('the new release still runs');
      if (wasStranded) return;
      if (plan.before.kind === 'revision') return checkServes(world, plan.before.revision, true);
      // Where no route was ever ordered, nothing had to be given back.
      if (environment.epoch > 0 && world.traffic.routing?.mode.kind !== plan.before.kind)
        world.violate(`a first release that failed does not leave what was there before (${plan.before.kind})`);
      return;
    case 'stranded':
      // What could serve a moment after a hung call was given up is not known to have been able to.
      return isFair ? checkBestServes(world, plan) : undefined;
  }
}

/** Users get what was adopted, and nothing of any release runs. */
function checkHandedBack(world: World): void {
  const mode = world.traffic.routing?.mode.kind;
  if (mode !== 'adopted') world.violate(`release 0 does not get all traffic but ${mode ?? 'nothing'}`);
  for (const [other] of runs(world)) world.violate(`${other} still runs beside release 0`);
}

/** Only this revision runs, with all its instances, all traffic and all work. */
function checkServes(world: World, id: string, isOrdered: boolean): void {
  const revision = world.revisions.get(id);
  const { routing } = world.traffic;
  if (revision === undefined || routing === null || !isOrdered) return world.violate(`nothing serves ${id}`);
  const shares = JSON.stringify(routing.shares);
  const isWhole = routing.mode.kind === 'serving' && shares === JSON.stringify([{ revision: id, permille: 1000 }]);
  if (!isWhole) world.violate(`${id} does not get all traffic but ${routing.mode.kind} ${shares}`);
  for (const [other] of runs(world)) if (other !== id) world.violate(`${other} still runs beside ${id}`);
  for (const { service, instances, readsClaim } of revision.services) {
    const own = world.target.slots().filter((slot) => slot.revision === id && slot.service === service);
    if (own.length !== instances) world.violate(`${id} ${service} has ${own.length} slots, not ${instances}`);
    const isReady = own.every((slot) => slot.state === 'ready');
    if (!isReady && isOneOf(sound, world.qualityOf(id)) && !world.tired.has(id))
      world.violate(`${id} ${service} is not ready`);
    const order = world.target.ordered().find((each) => each.revision === id && each.definition.service === service);
    if (readsClaim && order?.claim !== 'all') world.violate(`${id} ${service} takes ${order?.claim ?? 'nothing'}`);
  }
}

/** A rollout strands only where what served before does not serve well itself. */
export function checkStranding(world: World, { before }: Plan): void {
  const old = before.kind === 'revision' ? before.revision : null;
  if (old === null || (isOneOf(sound, world.qualityOf(old)) && !world.tired.has(old)))
    world.violate('stranded, although the old release is sound');
}

/** An environment without a rollout is looked at once a second: what came up since then is not known yet. */
const noticedMs = 1_100;

/** As long as one side has everything ready, users get it. */
function checkBestServes(world: World, plan: Plan): void {
  const sides = [plan.to.revision, ...(plan.before.kind === 'revision' ? [plan.before.revision] : [])];
  const whole = sides.filter((id) => {
    const revision = world.revisions.get(id);
    if (revision === undefined || webServices(revision).length === 0) return false;
    return webServices(revision).every(({ service }) => world.target.isReadyFor(noticedMs, id, service));
  });
  if (whole.length > 0 && world.traffic.answering() === null)
    world.violate(`stranded, and nobody serves although ${whole.join(', ')} could`);
}

/** Where nobody interferes the quality of a release decides how its rollout ends. */
export function checkVerdict(world: World, plan: Plan, end: End): void {
  const quality = world.qualityOf(plan.to.revision);
  const isVerified = plan.steps.some((step) => step.id === 'verify-before');
  const showsOnlyWhenTold = quality === 'verification-fails' || quality === 'fails-in-public';
  const isMigrated = plan.steps.some((step) => step.id === 'migrate');
  if (quality === 'migration-fails' && isMigrated && end === 'settled')
    world.violate('a release whose migration fails has settled');
  const isHopeless = showsOnlyWhenTold ? isVerified : isOneOf(hopeless, quality);
  if (isHopeless && end === 'settled') world.violate(`a release that ${quality} has settled`);
  const cause = world.invariants.rollout?.cause?.kind ?? null;
  // A judge may be wrong as often as its error says, or find nothing out: that is counted over the whole run.
  if (cause === 'judged-harmful' || cause === 'undecided' || cause === 'limit-broken') return;
  const isOldSound = plan.before.kind !== 'revision' || isOneOf(sound, world.qualityOf(plan.before.revision));
  if (isOldSound && isOneOf(sound, quality) && end !== 'settled')
    world.violate(`a release that is ${quality} was ${end}`);
}

function runs(world: World): readonly (readonly [revision: string, slots: number])[] {
  const counted = new Map<string, number>();
  for (const slot of world.target.slots()) counted.set(slot.revision, (counted.get(slot.revision) ?? 0) + 1);
  return [...counted];
}

/** Two worlds that ended alike have the same text here. */
export function endState(world: World): string {
  const { environment, rollout } = world.invariants;
  const slots = world.target.slots().map((slot) => `${slot.revision}/${slot.service}/${slot.slot} ${slot.state}`);
  const orders = environment.orders.filter((order) => order.slots > 0).map((order) => JSON.stringify(order));
  const { level, serving, previous } = environment;
  const { mode, shares } = world.traffic.routing ?? { mode: null, shares: null };
  const end = rollout?.end?.kind;
  return JSON.stringify(
    {
      end,
      cause: rollout?.cause?.kind,
      level,
      serving: serving?.revision,
      previous: previous?.revision,
      orders: orders.toSorted(),
      mode,
      shares,
      slots: slots.toSorted(),
    },
    null,
    1,
  );
}
