import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { UnixMs } from '../../../core/ids.ts';
import type { AttemptPlace } from '../slots/attempt-place.ts';
import { attemptFolder } from '../slots/attempt-place.ts';
import { pause } from '../slots/pause.ts';
import { hasCode, makeFolder, readText, writeAtomically } from '../slots/state-files.ts';
import type { ControlGroup } from './control-groups.ts';
import type { Host, ProcessIdentity } from './host.ts';
import { markerVariable } from './host.ts';
import { launch, launcherExit } from './launcher.ts';
import type { MachineTools } from './tools.ts';

const never = new AbortController().signal;

/** What to run, complete. */
export interface AttemptCommand {
  readonly argv: readonly string[];
  readonly workingFolder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly user: number | null;
  readonly controlGroup: ControlGroup | null;
}

export interface RunRecord extends ProcessIdentity {
  readonly launcherPid: number;
  readonly startedAt: UnixMs;
}

/** What the folder of an attempt tells. */
export interface AttemptRecord {
  /** The launcher took the attempt: it is never started again under this number. */
  readonly started: boolean;
  readonly run: RunRecord | null;
  /** Null while it runs, or when nobody could write it down (power loss, a killed launcher). */
  readonly exitStatus: number | null;
}

export type StartResult =
  | { readonly kind: 'running'; readonly run: RunRecord; readonly launcherEnded: Promise<number> }
  /** It ended before it could be seen running; the record tells how. */
  | { readonly kind: 'ended' }
  /** Another launcher holds the slot. */
  | { readonly kind: 'locked' }
  | { readonly kind: 'failed'; readonly why: string };

export const outputFiles = { out: 'out.log', err: 'err.log' } as const;

/** Starts the attempt unless that number was ever started. Error: `disk-full`. */
export async function startAttempt(
  host: Host,
  tools: MachineTools,
  place: AttemptPlace,
  command: AttemptCommand,
): Promise<StartResult> {
  const folder = attemptFolder(place);
  await makeFolder(folder, 0o700);
  await using out = await openOutput(join(folder, outputFiles.out), command.user);
  await using err = await openOutput(join(folder, outputFiles.err), command.user);
  await writeAtomically(join(place.folder, 'wanted'), `${place.attempt}\n`);
  const launcher = launch(tools, {
    slotFolder: place.folder,
    attempt: place.attempt,
    bootId: host.bootId,
    argv: command.argv,
    workingFolder: command.workingFolder,
    environment: { ...command.environment, [markerVariable]: place.marker },
    user: command.user,
    controlGroups: command.controlGroup?.joinFiles ?? [],
    outputFd: out.fd,
    errorFd: err.fd,
  });
  return await seeItRun(host, place, launcher.ended);
}

/** The record is there some milliseconds after the launcher was started, or the launcher has ended. */
async function seeItRun(host: Host, place: AttemptPlace, launcherEnded: Promise<number>): Promise<StartResult> {
  const seen = new AbortController();
  const early = launcherEnded.then(
    (status) => ({ status, why: '' }),
    (error: unknown) => ({ status: -1, why: error instanceof Error ? error.message : String(error) }),
  );
  void early.then(() => seen.abort());
  for (;;) {
    const { run, exitStatus, started } = await readAttempt(host, place);
    if (run !== null && exitStatus === null) return { kind: 'running', run, launcherEnded };
    if (!(await pause(3, seen.signal))) {
      const { status, why } = await early;
      if (status === launcherExit.locked) return { kind: 'locked' };
      if (started || (await readAttempt(host, place)).started) return { kind: 'ended' };
      return { kind: 'failed', why: why || `its launcher ended with ${status}` };
    }
  }
}

async function openOutput(path: string, user: number | null) {
  const file = await open(path, 'a', 0o600);
  if (user !== null) await file.chown(user, user); // Programs may open /dev/stdout again.
  return file;
}

export async function readAttempt(host: Host, place: AttemptPlace): Promise<AttemptRecord> {
  const folder = attemptFolder(place);
  const [run, exit, started] = await Promise.all([
    readText(join(folder, 'run')),
    readText(join(folder, 'exit')),
    changedAt(join(folder, 'started')),
  ]);
  const [bootId, pid, launcherPid, ...start] = (run ?? '').split('\n');
  const exitStatus = exit === null || exit.trim() === '' ? null : Number(exit);
  if (bootId === undefined || pid === undefined || launcherPid === undefined || start.length === 0) {
    return { started: started !== null, run: null, exitStatus };
  }
  const record: RunRecord = {
    bootId,
    pid: Number(pid),
    launcherPid: Number(launcherPid),
    start: host.startInRecord(start.join('\n')),
    startedAt: (await changedAt(join(folder, 'run'))) ?? 0,
  };
  return { started: true, run: record, exitStatus };
}

export type AttemptState =
  | { readonly kind: 'unstarted' }
  | { readonly kind: 'running'; readonly run: RunRecord }
  /** `exitStatus` null: nobody could write it down. */
  | { readonly kind: 'ended'; readonly run: RunRecord | null; readonly exitStatus: number | null };

/** How the attempt stands now, whoever started it. A launcher in the middle of its work gets a second to finish. */
export async function lookAtAttempt(host: Host, place: AttemptPlace): Promise<AttemptState> {
  for (let tries = 0; tries < 100; tries++) {
    const { started, run, exitStatus } = await readAttempt(host, place);
    if (!started) return { kind: 'unstarted' };
    if (exitStatus !== null) return { kind: 'ended', run, exitStatus };
    if (run !== null) {
      if (await isAlive(host, run)) return { kind: 'running', run };
      return { kind: 'ended', run, exitStatus: await statusOnceWritten(host, place, run) };
    }
    await pause(10, never);
  }
  return { kind: 'ended', run: null, exitStatus: null };
}

/** The same process, on the same boot, is there. */
export async function isAlive(host: Host, run: ProcessIdentity): Promise<boolean> {
  return run.bootId === host.bootId && (await host.startOf(run.pid)) === run.start;
}

/**
 * Resolves with the exit status when the attempt has ended (null: unknown); rejects never. Own children are known by
 * their launcher's exit, adopted ones by a look each second.
 */
export async function waitForEnd(
  host: Host,
  place: AttemptPlace,
  run: RunRecord,
  launcherEnded: Promise<number> | null,
  signal: AbortSignal,
): Promise<number | null> {
  const byLauncher = await Promise.race([launcherEnded?.catch(() => null) ?? Promise.resolve(null), gone(signal)]);
  let delayMs = 20; // A launcher that was killed leaves its attempt running without it.
  while (!signal.aborted && (await isAlive(host, run))) {
    await pause(delayMs, signal);
    delayMs = Math.min(1000, delayMs * 2);
  }
  if (signal.aborted) return null;
  if (byLauncher !== null && byLauncher !== undefined) return byLauncher;
  return await statusOnceWritten(host, place, run);
}

/** The launcher writes the status right after the end: it gets a moment, as long as it lives. */
async function statusOnceWritten(host: Host, place: AttemptPlace, run: RunRecord): Promise<number | null> {
  for (let tries = 0; tries < 100; tries++) {
    const launcherLives = run.bootId === host.bootId && (await host.startOf(run.launcherPid)) !== null;
    const { exitStatus } = await readAttempt(host, place);
    if (exitStatus !== null || !launcherLives) return exitStatus;
    await pause(20, never);
  }
  return null;
}

function gone(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return Promise.resolve(undefined);
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined), { once: true }));
}

async function changedAt(path: string): Promise<UnixMs | null> {
  try {
    return Math.round((await stat(path)).mtimeMs);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}
