import { constants } from 'node:os';
import type { JobView } from '../capabilities/releases/releases-api.ts';
import { exitCodeOf, exitOk } from './exit-codes.ts';

/** As a shell says it: the job's own exit code, 128 and the signal's number, 70 when nobody knows. */
export function exitCodeOfJob(job: JobView): number {
  if (job.signal !== null) {
    const signals: Readonly<Record<string, number>> = constants.signals;
    return 128 + (signals[job.signal] ?? 0);
  }
  if (job.exitCode !== null) return job.exitCode;
  return job.state === 'succeeded' ? exitOk : exitCodeOf('internal');
}
