import type { Plan } from '../../src/rollout/plan.ts';
import type { End } from '../../src/rollout/rollout-events.ts';
import { webServices } from '../../src/rollout/release.ts';
import { hopeless, isOneOf, sound } from './behaviour.ts';
import type { World } from './world.ts';

/** What must be true once a rollout has ended and the world has calmed down. */
export function checkEnd(world: World, plan: Plan, end: End, wasStranded: boolean): void {
  const { environment } = world.invariants;
  if (environment.draining.length > 0) world.violate('something still drains after the end');
  switch (end) {
    case 'settled':
      return checkServes(
        world,
        plan.to.revision,
        environment.orders.some((order) => order.slots > 0),
      );
    case 'returned':
      if (runs(world).some(([revision]) => revision === plan.to.revision)) world.violate('the new release still runs');
      if (wasStranded) return;
      if (plan.before.kind === 'revision') return checkServes(world, plan.before.revision, true);
      if (world.traffic.routing !== null && world.traffic.routing.mode.kind !== 'maintenance')
        world.violate('a first release that failed does not leave the maintenance page');
      return;
    case 'stranded':
      return checkBestServes(world, plan);
  }
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
    const own = world.target.observe().filter((slot) => slot.revision === id && slot.service === service);
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

/** As long as one side has everything ready, users get it. */
function checkBestServes(world: World, plan: Plan): void {
  const sides = [plan.to.revision, ...(plan.before.kind === 'revision' ? [plan.before.revision] : [])];
  const whole = sides.filter((id) => {
    const revision = world.revisions.get(id);
    if (revision === undefined || webServices(revision).length === 0) return false;
    return webServices(revision).every(({ service }) =>
      world.target.observe().some((slot) => slot.revision === id && slot.service === service && slot.state === 'ready'),
    );
  });
  if (whole.length > 0 && world.traffic.answering() === null)
    world.violate(`stranded, and nobody serves although ${whole.join(', ')} could`);
}

/** Where nobody interferes the quality of a release decides how its rollout ends. */
export function checkVerdict(world: World, plan: Plan, end: End): void {
  const quality = world.qualityOf(plan.to.revision);
  const isVerified = plan.steps.some((step) => step.id === 'verify-before');
  const showsOnlyWhenTold = quality === 'verification-fails' || quality === 'fails-in-public';
  const isHopeless = showsOnlyWhenTold ? isVerified : isOneOf(hopeless, quality);
  if (isHopeless && end === 'settled') world.violate(`a release that ${quality} has settled`);
  if (isOneOf(sound, quality) && end !== 'settled') world.violate(`a release that is ${quality} was ${end}`);
}

function runs(world: World): readonly (readonly [revision: string, slots: number])[] {
  const counted = new Map<string, number>();
  for (const slot of world.target.observe()) counted.set(slot.revision, (counted.get(slot.revision) ?? 0) + 1);
  return [...counted];
}

/** Two worlds that ended alike have the same text here. */
export function endState(world: World): string {
  const { environment, rollout } = world.invariants;
  const slots = world.target.observe().map((slot) => `${slot.revision}/${slot.service}/${slot.slot} ${slot.state}`);
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
