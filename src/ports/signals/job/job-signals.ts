import { LotseError } from '../../../core/errors.ts';
import type { ObservedJob } from '../../../rollout/facts.ts';
import type { Target } from '../../targets/targets.ts';
import type { SignalJob } from '../signals.ts';

export interface JobSignalOptions {
  readonly target: Pick<Target, 'startJob' | 'observeJob' | 'cancelJob'>;
  /** Resolves after `ms`, or earlier when the signal aborts; never rejects. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** How often the job is looked at, in milliseconds. */
  readonly lookMs: number;
}

/** A job that hangs is cancelled here; the target ends it so much later when nobody is left to do that, in milliseconds. */
const graceMs = 5_000;

/** Runs the job and reads the last line that it printed. */
export async function askJob(job: SignalJob, options: JobSignalOptions, signal: AbortSignal): Promise<number | null> {
  const { target } = options;
  if (signal.aborted) throw cancelled(job);
  await target.startJob({ ...job, withinMs: job.withinMs + graceMs });
  const ended = await untilEnded(job, options, signal);
  if (ended !== null) return numberOf(ended);
  await target.cancelJob(job.key);
  if (signal.aborted) throw cancelled(job);
  throw new LotseError('timeout', `the job took longer than ${job.withinMs / 1_000} s`, { retriable: true });
}

/** Null: it has not ended. */
async function untilEnded(
  { key, withinMs }: SignalJob,
  { target, sleep, lookMs }: JobSignalOptions,
  signal: AbortSignal,
): Promise<ObservedJob | null> {
  for (let waitedMs = 0; waitedMs <= withinMs && !signal.aborted; waitedMs += lookMs) {
    const seen = await target.observeJob(key);
    if (seen !== null && seen.state !== 'running') return seen;
    await sleep(lookMs, signal);
  }
  return null;
}

function numberOf(ended: ObservedJob): number | null {
  const last = ended.logTail.findLast((line) => line.trim() !== '')?.trim() ?? '';
  if (ended.state === 'lost') throw new LotseError('unreachable', 'the job was lost', { retriable: true });
  if (ended.state !== 'succeeded') {
    const how = ended.signal === null ? `exit code ${ended.exitCode ?? 'unknown'}` : ended.signal;
    throw new LotseError('bad-input', `the job ended with ${how}${last === '' ? '' : `: ${last}`}`);
  }
  if (last === '' || last === 'NaN') return null;
  const number = Number(last);
  if (Number.isNaN(number)) throw new LotseError('bad-input', `the last line of the job is no number: ${last}`);
  return Number.isFinite(number) ? number : null;
}

function cancelled({ key }: SignalJob): LotseError {
  return new LotseError('cancelled', `${key} is not asked any more`);
}
