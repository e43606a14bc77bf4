import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { uuidv7 } from 'uuidv7';
import { systemActor } from '../core/events.ts';
import type { EventDraft } from '../core/events.ts';
import { openJournal } from './journal.ts';
import type { DatabaseJournal, JournalOptions } from './journal.ts';
import { openDatabase } from './open-database.ts';
import type { Database } from './open-database.ts';

/** For tests: a folder that is gone afterwards. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'lotse-database-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface TemporaryDatabase {
  readonly folder: string;
  readonly file: string;
  readonly database: Database;
  readonly journal: DatabaseJournal;
}

/** For tests: a real database with its journal in a folder of its own, closed and removed afterwards. */
export async function temporaryDatabase(
  t: { after(end: () => Promise<void>): void },
  options: Partial<JournalOptions> = {},
): Promise<TemporaryDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'lotse-database-'));
  const file = join(folder, 'lotse.sqlite');
  const database = await openDatabase({ file });
  t.after(async () => {
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { folder, file, database, journal: openJournal(database, { ...realSources(), ...options }) };
}

/** Clock, ids and salts as the control plane uses them. */
export function realSources(): JournalOptions {
  return { now: Date.now, newId: uuidv7, newSalt: () => randomBytes(16).toString('hex') };
}

/** A small event. */
export function draft(payload: unknown, more: Partial<EventDraft> = {}): EventDraft {
  return { type: 'thing-done', version: 1, actor: systemActor, reason: null, correlationId: null, payload, ...more };
}
