import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { LotseError } from '../../core/errors.ts';
import { applyInstall } from '../install/apply-install.ts';
import { planFile } from '../install/plan-install.ts';
import { unitNames } from '../install/unit-files.ts';
import { ownProgram, type LotseProgram } from './lotse-program.ts';
import { filesNamed, moveUnit } from './move-units.ts';
import { planesLike, runningPlane } from './running-plane.ts';
import { upgradeFolder, type UpgradeRecord } from './upgrade-record.ts';

export interface Swap {
  readonly state: string;
  readonly record: UpgradeRecord;
  readonly from: LotseProgram;
  readonly to: LotseProgram;
  /** For a control plane that we start when none runs whose variables it could have. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Where systemd has the units of `lotse install`. */
const unitFolder = '/etc/systemd/system';

/**
 * Ends the control plane and starts the one of `to`; apps and proxy go on. Who calls it may be killed at any point: what was
 * begun is done by systemd, or by a process of its own. Resolves when the new one was started, which says nothing about
 * its health. May be called again. Errors: `internal`, `forbidden`, `disk-full`, `bad-input`.
 */
export async function swapPlane(swap: Swap): Promise<void> {
  if (swap.record.way === 'units') await swapUnits(swap);
  else await swapProcess(swap);
}

/** Is the state that of installed units? */
export function isInstalled(state: string, folder = unitFolder): boolean {
  const file = join(folder, unitNames[2]);
  return existsSync(file) && readFileSync(file, 'utf8').includes(` --state ${state} `);
}

async function swapUnits({ from, to }: Swap): Promise<void> {
  const files = unitNames.map((name) => {
    const path = join(unitFolder, name);
    return planFile({ path, content: moveUnit(readFileSync(path, 'utf8'), from, to) }, null);
  });
  const missing = files.flatMap(({ content }) => filesNamed(content, to)).filter((file) => !existsSync(file));
  if (missing.length > 0) {
    throw new LotseError('bad-input', `The units would name files that are not there: ${missing.join(', ')}`, {
      hint: '`lotse install` of that version writes units of its own.',
    });
  }
  const commands = [
    { argv: ['systemctl', 'daemon-reload'], why: 'reads the units' },
    { argv: ['systemctl', 'restart', unitNames[2]], why: 'the control plane alone; apps and proxy go on' },
  ] as const;
  await applyInstall({ files, commands }, false, { wrote: () => {}, ran: () => {}, left: () => {} });
}

/** A process in a session of its own ends the old one and starts the new one, also when this one is gone by then. */
async function swapProcess({ state, record, from, to, env }: Swap): Promise<void> {
  const plane = runningPlane(state);
  const ended = new Set([...(plane === null ? [] : [plane.pid]), ...planesLike(from.mainFile, record.arguments)]);
  const own = ownProgram();
  const program = [to.nodePath, '--max-semi-space-size=1', '--no-warnings', to.mainFile, ...record.arguments];
  const words = [
    ...['--no-warnings', own.mainFile, 'swap-process', ...[...ended].flatMap((pid) => ['--end', `${pid}`])],
    ...['--words', wordsFile(state), '--log', logFile(state), '--', ...program],
  ];
  const swapper = spawn(own.nodePath, words, {
    cwd: record.cwd,
    env: plane?.env ?? env,
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    detached: true,
  });
  const [, , , said] = swapper.stdio;
  const answer = said === null || said === undefined || !('read' in said) ? '' : await text(said);
  if (answer.includes('"result"')) return;
  throw new LotseError('internal', `The control plane of Lotse ${to.version} could not be started`, {
    details: answer.trim().split('\n'),
  });
}

const wordsFile = (state: string): string => join(upgradeFolder(state), 'words');
/** Where a control plane that we started writes to. */
const logFile = (state: string): string => join(upgradeFolder(state), 'control-plane.log');

/**
 * Why a control plane that we have started will never serve; null: it may. systemd starts its own again and again. As long as
 * one lives, the word of another counts for nothing: two calls, of which one was killed, may each have started one.
 */
export function whyItIsOver(
  { way, arguments: words }: UpgradeRecord,
  program: LotseProgram,
  state: string,
): string | null {
  if (way === 'units' || planesLike(program.mainFile, words).length > 0) return null;
  return saidProblem(state) ?? `it has ended: ${linesOf(logFile(state)).at(-1) ?? 'without a word'}`;
}

function saidProblem(state: string): string | null {
  for (const line of linesOf(wordsFile(state))) {
    const word = readWord(line);
    const problem: unknown = typeof word === 'object' && word !== null ? Reflect.get(word, 'problem') : null;
    const message: unknown = typeof problem === 'object' && problem !== null ? Reflect.get(problem, 'message') : null;
    if (typeof message === 'string') return message;
  }
  return null;
}

/** A line may be under way. */
function readWord(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

/** What it said holds a token, and is no longer of use. */
export function forgetWords(state: string): void {
  rmSync(wordsFile(state), { force: true });
}

/** What it wrote last. */
export function lastWords({ way }: UpgradeRecord, state: string): readonly string[] {
  return way === 'units' ? ['journalctl -u lotse says more'] : linesOf(logFile(state)).slice(-12);
}

function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}
