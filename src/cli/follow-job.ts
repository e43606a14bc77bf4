import { setTimeout as sleep } from 'node:timers/promises';
import type { JobView, LogLineView } from '../capabilities/releases/releases-api.ts';
import { toLotseError } from '../core/errors.ts';
import type { ControlPlane } from './control-plane.ts';
import type { Output } from './output.ts';
import { harmless } from './text-layout.ts';

export interface JobWishes {
  readonly plane: ControlPlane;
  readonly environment: string;
  readonly out: Output;
  readonly signal: AbortSignal;
}

/** After its end, the rest of its output may take this long to arrive. */
const restMs = 3000;
const askEveryMs = 300;

/** Passes on what a job writes until it has ended. Aborted: the job goes on, and its last known state is answered. */
export async function followJob(first: JobView, wishes: JobWishes): Promise<JobView> {
  const { plane, environment, signal } = wishes;
  const stopLogs = new AbortController();
  const logs = passOn(first.key, wishes, AbortSignal.any([signal, stopLogs.signal]));
  let job = first;
  while (job.state === 'running' && !signal.aborted) {
    await sleep(askEveryMs);
    if (!signal.aborted) job = await askAgain(job, wishes);
  }
  const isComplete = await Promise.race([logs, sleep(signal.aborted ? 0 : restMs, 'not yet' as const)]);
  stopLogs.abort();
  await logs;
  if (isComplete === 'not yet' && !signal.aborted) job = await plane.job(environment, job.key);
  return job;
}

async function askAgain(job: JobView, { plane, environment, signal }: JobWishes): Promise<JobView> {
  try {
    return await plane.job(environment, job.key, signal);
  } catch (thrown) {
    if (toLotseError(thrown).code === 'cancelled') return job;
    throw thrown;
  }
}

/** Ends when the server says that the log is complete. Output is a courtesy: what is lost of it changes no outcome. */
async function passOn(job: string, { plane, environment, out }: JobWishes, signal: AbortSignal): Promise<void> {
  try {
    for await (const line of plane.logs(environment, { job, follow: 'true', last: 10_000 }, signal)) write(line, out);
  } catch (thrown) {
    if (!signal.aborted) out.warn(`Its output cannot be shown any further: ${toLotseError(thrown).message}`);
  }
}

function write(line: LogLineView, out: Output): void {
  if (out.isJson || line.stream === 'err') out.note(harmless(line.text));
  else out.line(harmless(line.text));
}
