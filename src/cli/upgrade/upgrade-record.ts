import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { LotseError } from '../../core/errors.ts';
import { lotseProgram } from './lotse-program.ts';

/**
 * What `lotse upgrade` writes down before it does it, so that the next call can finish what this one could not, and what it
 * says when it is done, so that `--back` knows the way.
 */
const upgradeRecord = z.object({
  phase: z.enum(['swapping', 'returning', 'upgraded', 'returned']),
  /** Who starts the control plane: systemd, or we. */
  way: z.enum(['units', 'by-hand']),
  from: lotseProgram,
  to: lotseProgram,
  /** Of a control plane that we start: `serve --state …`, and where. */
  arguments: z.array(z.string()),
  cwd: z.string(),
  /** What served before, which has to be seen again. */
  expected: z.array(z.object({ app: z.string(), environment: z.string(), release: z.string(), ready: z.number() })),
  cause: z.string().nullable(),
  at: z.number(),
});
export type UpgradeRecord = z.infer<typeof upgradeRecord>;
export type Expected = UpgradeRecord['expected'][number];

/** All that upgrades keep in a state folder. */
export function upgradeFolder(state: string): string {
  return join(state, 'upgrade');
}

const fileOf = (state: string): string => join(upgradeFolder(state), 'record.json');

/** Null: there never was an upgrade. Error: `bad-input` for a file that is no record. */
export function readRecord(state: string): UpgradeRecord | null {
  const file = fileOf(state);
  if (!existsSync(file)) return null;
  try {
    return upgradeRecord.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    throw new LotseError('bad-input', `${file} is no record of an upgrade`, {
      hint: 'Look which control plane runs (`lotse doctor`), then move the file away.',
      cause,
    });
  }
}

/** Durable before it returns; either the old or the new one is there. */
export function writeRecord(state: string, record: UpgradeRecord): void {
  mkdirSync(upgradeFolder(state), { recursive: true, mode: 0o700 });
  const file = fileOf(state);
  const handle = openSync(`${file}.new`, 'w', 0o600);
  try {
    writeSync(handle, `${JSON.stringify(record, null, 2)}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(`${file}.new`, file);
}
