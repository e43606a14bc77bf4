import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LotseError } from '../../core/errors.ts';
import { upgradeFolder } from './upgrade-record.ts';

/** One upgrade at a time. Errors: `locked`, `forbidden`, `not-found`. Answers how to let go. */
export function holdUpgrades(state: string): () => void {
  const folder = upgradeFolder(state);
  const file = join(folder, 'pid');
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (thrown) {
    refuseUnless('EEXIST', thrown, state);
  }
  const holder = holderOf(file);
  if (holder !== null) {
    throw new LotseError('locked', `Another \`lotse upgrade\` is under way (process ${holder})`, {
      hint: 'Wait until it has ended.',
    });
  }
  try {
    writeFileSync(file, `${process.pid}\n`, { mode: 0o600 });
  } catch (thrown) {
    refuseUnless('nothing', thrown, state);
  }
  return () => rmSync(file, { force: true });
}

function holderOf(file: string): number | null {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    const isUpgrade = readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('upgrade');
    return isUpgrade && pid !== process.pid ? pid : null;
  } catch {
    return null;
  }
}

function refuseUnless(expected: string, thrown: unknown, state: string): void {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : null;
  if (code === expected) return;
  if (code === 'ENOENT') throw new LotseError('not-found', `There is no state folder ${state}`, { cause: thrown });
  if (code !== 'EACCES' && code !== 'EPERM') throw thrown;
  throw new LotseError('forbidden', `${state} may not be written`, {
    hint: 'Run it as the user that the control plane runs as: `sudo lotse upgrade`.',
    cause: thrown,
  });
}
