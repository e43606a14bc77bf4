import { z } from 'zod';
import { LotseError } from '../core/errors.ts';
import { migrationNames } from '../database/migrations/migrations.ts';

/** First in each backup: what is in it, and who wrote it. */
export const manifestName = 'manifest.json';
/** Grows when an older Lotse could not read what a newer one writes. */
export const backupFormat = 1;

const head = z.object({ sequence: z.number().int(), hash: z.string() });
const file = z.object({
  /** Below the state folder. */
  path: z.string(),
  bytes: z.number().int(),
  sha256: z.string(),
});

const backupManifest = z.object({
  format: z.literal(backupFormat),
  lotseVersion: z.string(),
  /** Unix milliseconds. */
  createdAt: z.number(),
  stateFolder: z.string(),
  /** Of the database, in order. */
  migrations: z.array(z.string()),
  /** Where each journal chain stood. */
  heads: z.record(z.string(), head),
  files: z.array(file),
});

export type BackupManifest = z.infer<typeof backupManifest>;
export type BackupFile = z.infer<typeof file>;

/** Errors: `state-too-new` for what a newer Lotse wrote, `bad-input` for what is no manifest of ours. */
export function parseBackupManifest(text: string, lotseVersion: string): BackupManifest {
  const given = z.looseObject({ format: z.number(), lotseVersion: z.string() }).safeParse(jsonOrNull(text));
  if (!given.success)
    throw new LotseError('bad-input', `this is no backup of Lotse: its ${manifestName} cannot be read`);
  const { format, lotseVersion: writer } = given.data;
  if (format > backupFormat) throw tooNew(writer, lotseVersion, `its format is ${format}`);
  const manifest = backupManifest.parse(given.data);
  const unknown = manifest.migrations.filter((name) => !migrationNames.includes(name));
  if (unknown.length > 0) throw tooNew(writer, lotseVersion, `its tables have had ${unknown.join(', ')}`);
  return manifest;
}

function tooNew(writer: string, own: string, why: string): LotseError {
  return new LotseError('state-too-new', `this backup was made by Lotse ${writer}, and this is ${own}: ${why}`, {
    hint: `Restore it with Lotse ${writer} or later. Nothing was written.`,
  });
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
