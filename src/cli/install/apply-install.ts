import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { LotseError } from '../../core/errors.ts';
import { runProgram } from '../run-program.ts';
import type { InstallPlan, PlannedCommand, PlannedFile } from './plan-install.ts';

/** Told of each step that was done. */
export interface InstallSteps {
  wrote(file: PlannedFile): void;
  ran(command: PlannedCommand): void;
  /** A program is not there; in an image that is a remark. */
  left(command: PlannedCommand, why: string): void;
}

/** Writes what differs, then runs the commands. Errors: `forbidden`, `disk-full`; `internal` names the command that failed and what it said. */
export async function applyInstall(plan: InstallPlan, isImage: boolean, steps: InstallSteps): Promise<void> {
  for (const file of plan.files) {
    if (file.change !== 'same') writeWhole(file.target, file.content);
    steps.wrote(file);
  }
  for (const command of plan.commands) await run(command, isImage, steps);
}

/** Either the old or the new one is there, whatever happens. */
function writeWhole(target: string, content: string): void {
  try {
    mkdirSync(dirname(target), { recursive: true, mode: 0o755 });
    writeFileSync(`${target}.new`, content, { mode: 0o644 });
    renameSync(`${target}.new`, target);
  } catch (cause) {
    const isRefused = cause instanceof Error && 'code' in cause && (cause.code === 'EACCES' || cause.code === 'EPERM');
    if (!isRefused) throw cause;
    throw new LotseError('forbidden', `${target} may not be written`, { hint: 'Run it as root.', cause });
  }
}

async function run(command: PlannedCommand, isImage: boolean, steps: InstallSteps): Promise<void> {
  const [program] = command.argv;
  try {
    const { exitCode, stdout, stderr } = await runProgram(command.argv, { cwd: '/', timeoutMs: 240_000 });
    if (exitCode === 0) return steps.ran(command);
    throw new LotseError('internal', `\`${command.argv.join(' ')}\` failed (exit code ${exitCode})`, {
      hint: 'What was written stays; the same command goes on from here.',
      details: `${stdout}${stderr}`.trim().split('\n').slice(-20),
    });
  } catch (thrown) {
    if (!isImage || !(thrown instanceof LotseError) || thrown.code !== 'not-found') throw thrown;
    steps.left(command, `${program} is not here; run it when the image is put together`);
  }
}
