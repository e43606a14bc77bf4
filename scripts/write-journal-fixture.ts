/**
 * Writes a small, varied journal with the code as it is now: `test/fixtures/journals/v<version>.sqlite`, and beside it
 * `v<version>.json` with what a reader must find. Run once per release, after adding the release's new event types to
 * `events.json` there; journals of released versions are never written again (a test opens all of them).
 *
 *   node scripts/write-journal-fixture.ts [--force]
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import packageJson from '../package.json' with { type: 'json' };
import type { ChainName } from '../src/core/ids.ts';
import { backupDatabase } from '../src/database/backup.ts';
import { openJournal } from '../src/database/journal.ts';
import type { DatabaseJournal, JournalOptions } from '../src/database/journal.ts';
import { openDatabase } from '../src/database/open-database.ts';

const folder = fileURLToPath(new URL('../test/fixtures/journals/', import.meta.url));

const actor = z.object({ kind: z.enum(['person', 'token', 'system']), id: z.string() });
const chain = z.custom<ChainName>((value) => value === 'control' || /^[a-z0-9-]+\/[a-z0-9-]+$/.test(String(value)));
const event = z.object({
  type: z.string(),
  version: z.int().positive().default(1),
  actor: actor.default({ kind: 'system', id: 'lotse' }),
  reason: z.string().nullable().default(null),
  correlationId: z.string().nullable().default(null),
  payload: z.unknown(),
});
const fence = z.int();
const step = z.union([
  z.strictObject({ chain, fence, events: z.array(event) }),
  z.strictObject({ chain, fence, erase: z.int(), reason: z.string() }),
]);

/** The same list gives the same hashes each time. */
function fixedSources(): JournalOptions {
  let count = 0;
  const start = Date.UTC(2026, 0, 1);
  const digits = (of: string): string => createHash('sha256').update(`${of} ${count}`).digest('hex');
  return {
    now: () => start + (count += 1) * 1000,
    newId: () => {
      const time = (start + count * 1000).toString(16).padStart(12, '0');
      return `${time.slice(0, 8)}-${time.slice(8)}-7${digits('a').slice(0, 3)}-8${digits('b').slice(0, 3)}-${digits('c').slice(0, 12)}`;
    },
    newSalt: () => digits('salt').slice(0, 32),
  };
}

async function writeSteps(journal: DatabaseJournal, steps: readonly z.infer<typeof step>[]): Promise<void> {
  for (const each of steps) {
    if ('events' in each) await journal.append(each.chain, each.fence, each.events);
    else {
      const { reason } = each;
      await journal.erase(each.chain, each.erase, { fence: each.fence, reason, actor: { kind: 'person', id: 'p-01' } });
    }
  }
}

async function writeFixture(force: boolean): Promise<string> {
  const target = join(folder, `v${packageJson.version}.sqlite`);
  if (force) rmSync(target, { force: true });
  if (statSync(target, { throwIfNoEntry: false }) !== undefined) {
    throw new Error(
      `${target} exists. A released journal is never written again; --force is for one that is not released yet.`,
    );
  }
  const steps = z.array(step).parse(JSON.parse(readFileSync(join(folder, 'events.json'), 'utf8')));
  const work = mkdtempSync(join(tmpdir(), 'lotse-fixture-'));
  try {
    const database = await openDatabase({ file: join(work, 'lotse.sqlite'), now: () => Date.UTC(2026, 0, 1) });
    const journal = openJournal(database, fixedSources());
    await writeSteps(journal, steps);
    const { heads } = await backupDatabase(database, target);
    const expected = { version: packageJson.version, events: await journal.lastPosition(), heads };
    writeFileSync(target.replace(/\.sqlite$/, '.json'), `${JSON.stringify(expected, null, 2)}\n`);
    await database.close();
    return target;
  } finally {
    rmSync(work, { recursive: true });
  }
}

console.log(`written: ${await writeFixture(process.argv.includes('--force'))}`);
