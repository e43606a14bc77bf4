import { setTimeout as sleep } from 'node:timers/promises';
import { lastOfOthersMs, reportOf, type LoadReport } from '../load/load-report.ts';
import { usualLoad } from '../load/load-wishes.ts';
import { clockMs, type RequestRecord } from '../load/request-record.ts';
import { RunningLoad } from '../load/running-load.ts';
import { quantile } from '../quantile.ts';
import type { DeployMethod, Milestone } from './deploy-method.ts';

/** One deploy under load. Times in milliseconds; those of events count from the command. */
export interface MeasuredDeploy {
  readonly method: string;
  readonly boots: number;
  /** What went wrong with the deploy itself; null when it did what it should. */
  readonly problem: string | null;
  /** All requests from before the command until all was quiet again. */
  readonly whole: LoadReport;
  /** Without a deploy: the requests that were due before the command. */
  readonly before: LoadReport;
  /** Those that were due from the command on until it was done. */
  readonly during: LoadReport;
  /** When the last request was due that another version answered, and a new one had come: 100 % get the new one. */
  readonly allNewMs: number | null;
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
  readonly milestones: readonly Milestone[];
}

export async function measureDeploy(method: DeployMethod, pace: Pace): Promise<MeasuredDeploy> {
  const version = await method.prepare();
  const load = new RunningLoad({ ...usualLoad, port: method.port, hostName: method.hostName });
  try {
    await sleep(pace.beforeMs);
    const commandMs = clockMs();
    const driven = await drive(method, version);
    await sleep(pace.afterMs);
    return measured(method, version, commandMs, driven, await load.stop());
  } finally {
    load.kill();
  }
}

/** A deploy that fails is a result, too. */
async function drive(method: DeployMethod, version: string): Promise<Driven> {
  let doneMs: number | null = null;
  try {
    await method.deploy(version);
    doneMs = clockMs();
    return { problem: null, doneMs, milestones: await method.settle() };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { problem, doneMs: doneMs ?? clockMs(), milestones: [] };
  }
}

function measured(
  { name: method, boots }: DeployMethod,
  version: string,
  commandMs: number,
  { problem, doneMs, milestones }: Driven,
  records: readonly RequestRecord[],
): MeasuredDeploy {
  const since = records.filter((each) => each.dueMs >= commandMs);
  const late = since.filter((each) => each.dueMs >= doneMs);
  const isReached = late.some((each) => each.version === version);
  return {
    method,
    boots,
    problem: problem ?? (isReached ? null : 'nobody got the new version'),
    whole: reportOf(records),
    before: reportOf(records.filter((each) => each.dueMs < commandMs)),
    during: reportOf(since.filter((each) => each.dueMs < doneMs)),
    allNewMs: isReached ? allNewMs(since, version) - commandMs : null,
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

function allNewMs(since: readonly RequestRecord[], version: string): number {
  const firstNewMs = quantile(
    since.filter((each) => each.version === version).map((each) => each.doneMs),
    0,
  );
  return Math.max(firstNewMs ?? 0, lastOfOthersMs(since, version) ?? 0);
}

/** Middle, smallest and largest, as in a table; a dash for none. */
export function spread(values: readonly (number | null)[], digits = 0): string {
  const numbers = values.filter((value) => value !== null);
  const [middle, low, high] = [0.5, 0, 1].map((part) => quantile(numbers, part));
  if (middle == null || low == null || high == null) return '–';
  return `${middle.toFixed(digits)} (${low.toFixed(digits)}–${high.toFixed(digits)})`;
}
