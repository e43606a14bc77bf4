import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { lastOfOthersMs, reportOf, type LoadReport } from '../load/load-report.ts';
import { usualLoad } from '../load/load-wishes.ts';
import { clockMs, type RequestRecord } from '../load/request-record.ts';
import { RunningLoad } from '../load/running-load.ts';
import { quantile } from '../quantile.ts';
import type { Course, DeployMethod } from './deploy-method.ts';

/** One deploy under load. Times in milliseconds; those of events count from the command. */
export interface MeasuredDeploy {
  readonly method: string;
  readonly boots: number;
  /** Did another process keep a core busy? */
  readonly isBusy: boolean;
  /** What went wrong with the deploy itself; null when it did what it should. */
  readonly problem: string | null;
  /** All requests from before the command until all was quiet again. */
  readonly whole: LoadReport;
  /** Without a deploy: the requests that were due before the command. */
  readonly before: LoadReport;
  /** Those that were due from the command on until it was done. */
  readonly during: LoadReport;
  /** When somebody had the first answer of the new version. */
  readonly firstNewMs: number | null;
  /** When the last request was due that another version answered, and a new one had come: 100 % get the new one. */
  readonly allNewMs: number | null;
  /**
   * From when the last new copy was seen healthy until a new copy got the first request, and until somebody had the first
   * answer of it. Null where that is not one moment.
   */
  readonly switchMs: number | null;
  readonly firstAnswerMs: number | null;
  /** When the command said that it was done. */
  readonly commandMs: number;
  /** Requests that were due after the command had said that it was done, and got the old version. */
  readonly oldAfterDone: number;
  readonly milestones: readonly { readonly title: string; readonly ms: number }[];
  readonly lost: readonly LostRequest[];
}

export interface LostRequest {
  readonly what: string;
  readonly dueMs: number;
  readonly endedMs: number;
}

export interface Pace {
  /** How long the load runs before the command, and after all is quiet. */
  readonly beforeMs: number;
  readonly afterMs: number;
}

interface Driven {
  readonly problem: string | null;
  readonly doneMs: number;
  readonly course: Course;
}

/** `isBusy`: another process keeps a core busy meanwhile. */
export async function measureDeploy(method: DeployMethod, pace: Pace, isBusy: boolean): Promise<MeasuredDeploy> {
  const version = await method.prepare();
  const burner = isBusy ? spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }) : null;
  const { host, port, hostName } = method;
  const load = new RunningLoad({ ...usualLoad, host, port, hostName });
  try {
    await sleep(pace.beforeMs);
    const commandMs = clockMs();
    const driven = await drive(method, version);
    await sleep(pace.afterMs);
    return { ...measured(method, version, commandMs, driven, await load.stop()), isBusy };
  } finally {
    load.kill();
    burner?.kill('SIGKILL');
  }
}

/** A deploy that fails is a result, too. */
async function drive(method: DeployMethod, version: string): Promise<Driven> {
  let doneMs: number | null = null;
  try {
    await method.deploy(version);
    doneMs = clockMs();
    return { problem: null, doneMs, course: await method.settle() };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { problem, doneMs: doneMs ?? clockMs(), course: { milestones: [], readyAtMs: null } };
  }
}

function measured(
  { name: method, boots }: DeployMethod,
  version: string,
  commandMs: number,
  { problem, doneMs, course: { milestones, readyAtMs } }: Driven,
  records: readonly RequestRecord[],
): Omit<MeasuredDeploy, 'isBusy'> {
  const since = records.filter((each) => each.dueMs >= commandMs);
  const late = since.filter((each) => each.dueMs >= doneMs);
  const isReached = late.some((each) => each.version === version);
  const own = since.filter((each) => each.version === version);
  const firstNewMs = firstOf(own.map((each) => each.doneMs));
  const firstReceivedMs = firstOf(own.flatMap((each) => each.receivedMs ?? []));
  const sinceReady = (ms: number | null) => (ms === null || readyAtMs === null ? null : ms - readyAtMs);
  return {
    method,
    boots,
    problem: problem ?? (isReached ? null : 'nobody got the new version'),
    whole: reportOf(records),
    before: reportOf(records.filter((each) => each.dueMs < commandMs)),
    during: reportOf(since.filter((each) => each.dueMs < doneMs)),
    firstNewMs: firstNewMs === null ? null : firstNewMs - commandMs,
    allNewMs: isReached ? Math.max(firstNewMs ?? 0, lastOfOthersMs(since, version) ?? 0) - commandMs : null,
    switchMs: sinceReady(firstReceivedMs),
    firstAnswerMs: sinceReady(firstNewMs),
    commandMs: doneMs - commandMs,
    oldAfterDone: late.filter((each) => each.failure === null && each.version !== version).length,
    milestones: milestones.map(({ title, atMs }) => ({ title, ms: atMs - commandMs })),
    lost: records
      .filter((each) => each.failure !== null)
      .map((each) => ({
        what: `${each.failure} ${each.connection} ${each.method}${each.isSlow ? ' slow' : ''}`,
        dueMs: each.dueMs - commandMs,
        endedMs: each.doneMs - commandMs,
      })),
  };
}

function firstOf(timesMs: readonly number[]): number | null {
  return quantile(timesMs, 0);
}
