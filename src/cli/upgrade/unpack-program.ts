import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LotseError } from '../../core/errors.ts';
import { runProgram } from '../run-program.ts';
import { readProgram, type LotseProgram } from './lotse-program.ts';

/** A registry may be slow. */
const installMs = 900_000;

/**
 * Unpacks a tarball of Lotse (`npm pack`, or one that has its packages in it) below the state folder, where all may read it,
 * and lets npm bring the packages that it lacks. Errors: `bad-input`, `internal`, `disk-full`.
 */
export async function unpackProgram(tarball: string, state: string): Promise<LotseProgram> {
  const programs = join(state, 'programs');
  const part = join(programs, `unpacking-${process.pid}`);
  mkdirSync(programs, { recursive: true, mode: 0o755 });
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { mode: 0o755 });
  try {
    await run(['tar', '-xzf', tarball, '--strip-components=1', '--no-same-owner', '-C', part], part, 'bad-input');
    const { version } = readProgram(part);
    if (!existsSync(join(part, 'node_modules'))) {
      const how = existsSync(join(part, 'package-lock.json')) ? 'ci' : 'install';
      await run(['npm', how, '--omit=dev', '--no-audit', '--no-fund', '--ignore-scripts'], part, 'internal');
    }
    const folder = join(programs, version);
    if (existsSync(folder)) {
      throw new LotseError('conflict', `${folder} is there already`, {
        hint: `\`lotse upgrade --to ${folder}\` takes that one; or delete it, when no control plane runs from it.`,
      });
    }
    renameSync(part, folder);
    return readProgram(folder);
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
}

async function run(argv: readonly [string, ...string[]], cwd: string, code: 'bad-input' | 'internal'): Promise<void> {
  const { exitCode, stdout, stderr } = await runProgram(argv, { cwd, timeoutMs: installMs });
  if (exitCode === 0) return;
  throw new LotseError(code, `\`${argv.slice(0, 3).join(' ')}\` failed (exit code ${exitCode})`, {
    details: `${stdout}${stderr}`.trim().split('\n').slice(-12),
  });
}
