import { randomBytes } from 'node:crypto';
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { uuidv7 } from 'uuidv7';
import { systemActor, type EventDraft } from '../../src/core/events.ts';
import { openJournal, type DatabaseJournal } from '../../src/database/journal.ts';
import { openDatabase } from '../../src/database/open-database.ts';
import { through } from '../../src/rollout/fixtures/example-rollout.ts';
import { quantile } from '../quantile.ts';
import { openGate, planTo } from './fleet.ts';

export interface JournalFigures {
  /** Until an append of what one decision brings is durable, one after the other, in milliseconds. */
  readonly middleMs: number;
  readonly p99Ms: number;
  /** Of that, processor time. */
  readonly processorMs: number;
  /** With 300 environments that write at once: appends a second. */
  readonly togetherPerSecond: number;
  /** What the same disk takes for 4 KiB that are written and synchronised, in milliseconds: nobody can be faster. */
  readonly diskMs: number;
}

const environments = 300;

/** What a durable write of the journal costs, on the disk of the temporary folder. */
export async function measureJournal(writes: number): Promise<JournalFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'lotse-journal-'));
  try {
    const diskMs = quantile(diskWrites(join(folder, 'raw'), writes), 0.5) ?? 0;
    const database = await openDatabase({ file: join(folder, 'lotse.sqlite') });
    const newSalt = () => randomBytes(16).toString('hex');
    const journal = openJournal(database, { now: Date.now, newId: uuidv7, newSalt });
    const before = process.cpuUsage();
    const alone: number[] = [];
    for (let write = 0; write < writes; write++) alone.push(await append(journal, 0));
    const { user, system } = process.cpuUsage(before);
    const from = performance.now();
    await Promise.all(Array.from({ length: environments }, (_, index) => append(journal, index + 1)));
    const togetherPerSecond = (environments * 1_000) / (performance.now() - from);
    await database.close();
    const [middleMs, p99Ms] = [quantile(alone, 0.5) ?? 0, quantile(alone, 0.99) ?? 0];
    return { middleMs, p99Ms, processorMs: (user + system) / 1_000 / writes, togetherPerSecond, diskMs };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function append(journal: DatabaseJournal, environment: number): Promise<number> {
  const from = performance.now();
  await journal.append(`app${environment}/production`, 1, decision);
  return performance.now() - from;
}

/** A step that is done and the intent of the next one: what most decisions write. */
const decision: readonly EventDraft[] = (() => {
  const scope = { app: 'app', environment: 'production' };
  const fleet = { environments: 1, servicesEach: 5 };
  const plan = planTo(scope, 2, fleet, { strategy: 'blue-green', watchMs: 0, gates: [openGate] });
  const [done, intended] = [plan.steps[0], plan.steps[1]].map((step) =>
    step === undefined ? [] : through(step, 'forward'),
  );
  const events = [done?.at(-1), intended?.[0]].filter((event) => event !== undefined);
  const common = { version: 1, actor: systemActor, reason: null, correlationId: plan.rollout };
  return events.map((event) => ({ ...common, ...event }));
})();

function diskWrites(file: string, writes: number): readonly number[] {
  const opened = openSync(file, 'w');
  const page = randomBytes(4_096);
  const tookMs = Array.from({ length: writes }, () => {
    const from = performance.now();
    writeSync(opened, page);
    fdatasyncSync(opened);
    return performance.now() - from;
  });
  closeSync(opened);
  return tookMs;
}
