import { LotseError } from '../../core/errors.ts';
import { nameOf } from './lotse-program.ts';
import type { Move } from './next-move.ts';
import { untilWell } from './plane-health.ts';
import { forgetWords, lastWords, swapPlane, whyItIsOver } from './swap-plane.ts';
import { writeRecord, type UpgradeRecord } from './upgrade-record.ts';

export interface CarryOut {
  readonly state: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How long the new control plane may take to be well, in milliseconds. */
  readonly withinMs: number;
  readonly now: () => number;
  readonly say: (text: string) => void;
}

/** The old one was well before: it gets more time than the new one. */
const backWithinMs = 600_000;

/**
 * Takes an upgrade from any point to its end: the new control plane is well, or the old one is again. Each step is written
 * down before it is done. Errors: `stranded` when neither is well, with what both said; those of `swapPlane`.
 */
export async function carryOut(given: UpgradeRecord, first: Move, parts: CarryOut): Promise<UpgradeRecord> {
  let record = given;
  let move = first;
  for (;;) {
    const step = await take(move, record, parts);
    record = { ...step.record, at: parts.now() };
    writeRecord(parts.state, record);
    if (step.next === null) return record;
    move = step.next;
  }
}

interface Step {
  readonly record: UpgradeRecord;
  readonly next: Move | null;
}

async function take(move: Move, record: UpgradeRecord, parts: CarryOut): Promise<Step> {
  const { from, to } = record;
  const [old, next] = [nameOf(from, to), nameOf(to, from)];
  switch (move) {
    case 'begin':
      return { record: { ...record, phase: 'swapping' }, next: 'swap' };
    case 'swap':
      return await swapToNew(record, parts);
    case 'watch': {
      const cause = await well(record, to, parts.withinMs, parts);
      if (cause === null) return { record: { ...record, phase: 'upgraded' }, next: null };
      parts.say(`${next} is not well: ${cause}`);
      return { record: { ...record, phase: 'returning', cause }, next: 'go-back' };
    }
    case 'go-back': {
      parts.say(`${old} takes its place again`);
      const cause = record.cause ?? 'it did not run any more';
      const returning: UpgradeRecord = { ...record, phase: 'returning', cause };
      writeRecord(parts.state, returning);
      await swap(returning, parts, true);
      return { record: returning, next: 'watch-old' };
    }
    case 'watch-old': {
      const cause = await well(record, from, backWithinMs, parts);
      if (cause === null) return { record: { ...record, phase: 'returned' }, next: null };
      throw stranded(record, cause, parts.state);
    }
  }
}

/** What could not even be started is not well, and goes back as any other. */
async function swapToNew(record: UpgradeRecord, parts: CarryOut): Promise<Step> {
  parts.say(
    `${nameOf(record.to, record.from)} takes the place of ${nameOf(record.from, record.to)}; apps and proxy go on`,
  );
  try {
    await swap(record, parts, false);
    return { record, next: 'watch' };
  } catch (thrown) {
    const cause = thrown instanceof Error ? thrown.message : String(thrown);
    return { record: { ...record, phase: 'returning', cause }, next: 'go-back' };
  }
}

async function swap(record: UpgradeRecord, { state, env }: CarryOut, isBack: boolean): Promise<void> {
  forgetWords(state);
  const [from, to] = isBack ? [record.to, record.from] : [record.from, record.to];
  await swapPlane({ state, record, from, to, env });
}

async function well(
  record: UpgradeRecord,
  program: UpgradeRecord['to'],
  withinMs: number,
  { state }: CarryOut,
): Promise<string | null> {
  const { expected } = record;
  try {
    return await untilWell({ state, program, expected, withinMs, isOver: () => whyItIsOver(record, program, state) });
  } finally {
    forgetWords(state);
  }
}

function stranded(record: UpgradeRecord, cause: string, state: string): LotseError {
  const { from, to } = record;
  return new LotseError('stranded', `Neither Lotse ${to.version} nor ${from.version} is well`, {
    hint: 'Apps and proxy go on as they were. `lotse doctor` says what is wrong; `lotse upgrade` tries again.',
    details: [
      `${to.version}: ${record.cause ?? 'it did not run'}`,
      `${from.version}: ${cause}`,
      ...lastWords(record, state),
    ],
  });
}
