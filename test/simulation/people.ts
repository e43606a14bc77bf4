import type { Command } from '../../src/rollout/facts.ts';
import type { Evidence } from '../../src/rollout/gate.ts';
import type { Plan } from '../../src/rollout/plan.ts';
import type { Random } from './random.ts';
import type { Voyage } from './voyage.ts';
import type { World } from './world.ts';

const actor = { kind: 'person', id: 'grace' } as const;

/** An approval that comes, expires and comes again; and now and then a proof that is lost on the way. */
export function giveEvidence(world: World, random: Random, release: string): void {
  const first = world.time.now + random.between(0, 8_000);
  const second = first + random.between(4_000, 20_000);
  const approval = (at: number, until: number | null): Evidence => ({
    id: `approval-${at}`,
    gate: 'approval',
    environment: world.scope.environment,
    subject: { kind: 'release', release },
    by: actor,
    at,
    until,
    hash: '',
    summary: '',
  });
  world.evidence.push(approval(first, first + random.between(300, 4_000)), approval(second, null));
  world.unprovenFrom = random.chance(0.15) ? world.time.now + random.between(0, 15_000) : null;
}

/** People press buttons at all the wrong moments. */
export function disturb(voyage: Voyage, random: Random, plan: Plan): void {
  const { time } = voyage.world;
  const times = random.between(0, 3);
  for (let nth = 0; nth < times; nth++) {
    const kind = random.pick(['pause', 'pause', 'resume', 'advance', 'abort'] as const);
    const afterMs = random.between(0, 12_000);
    const command: Command =
      kind === 'abort'
        ? { kind, actor, reason: null, blame: random.chance(0.5) }
        : { kind, actor, reason: 'they had their reasons' };
    time.after(afterMs, () => voyage.command(command));
    if (kind === 'pause') time.after(afterMs + random.between(1, 60_000), () => resume(voyage, plan));
  }
  // Somebody resumes in the end, so that a day's pause need not be simulated.
  for (const afterMs of [70_000, 200_000, 300_000, 400_000, 500_000, 650_000, 800_000, 1_000_000])
    time.after(afterMs, () => resume(voyage, plan));
}

/** Somebody deploys while another rollout is under way, or would have it over with. */
export function intrude(voyage: Voyage, random: Random, plan: Plan): void {
  const { world } = voyage;
  const answered = (what: string, isWrong: (answer: unknown) => boolean) => ({
    followed: (answer: unknown) => {
      world.count(`${what}: followed`);
      if (isWrong(answer)) world.violate(`${what}, and it was followed`);
    },
    refused: () => world.count(`${what}: refused`),
  });
  world.time.after(random.between(0, 4_000), () => {
    if (!isUnderWay(voyage, plan)) return;
    const { followed, refused } = answered('a deploy while another rollout is under way', () => true);
    voyage.engine.begin({ ...plan, rollout: `${plan.rollout}-too` }).then(followed, refused);
  });
  if (random.chance(0.5)) return;
  world.time.after(random.between(500, 12_000), () => {
    if (!isUnderWay(voyage, plan)) return;
    const isEarly = (isOver: unknown) => isOver === true && isUnderWay(voyage, plan);
    const { followed, refused } = answered('a watch is ended', isEarly);
    voyage.engine.settle(world.scope, actor).then(followed, refused);
  });
}

/** A newer deploy takes the place of one that still waits; one that is under way is left alone. */
export function supersede(voyage: Voyage, random: Random, plan: Plan): void {
  const command: Command = { kind: 'supersede', actor, reason: null, release: 'r99-0000000' };
  voyage.world.time.after(random.between(0, 9_000), () => {
    if (isUnderWay(voyage, plan)) voyage.command(command);
  });
}

function isUnderWay({ view }: Voyage, { rollout }: Plan): boolean {
  return view.rollout?.plan.rollout === rollout && view.rollout.end === null;
}

function resume(voyage: Voyage, plan: Plan): void {
  if (voyage.view.rollout?.plan.rollout !== plan.rollout) return;
  voyage.command({ kind: 'resume', actor, reason: null });
}
