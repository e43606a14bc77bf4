import { Worker } from 'node:worker_threads';
import { LotseError } from '../../core/errors.ts';
import type { Scan } from './scan-tar.ts';

/** Far more than the most that is looked at takes. */
const withinMs = 120_000;
const mostMemoryMb = 512;

/**
 * Scans in a thread of its own, which ends with the scan: rollouts go on meanwhile, and its memory comes back. Errors:
 * `timeout`; `internal` when the thread dies.
 */
export async function runScan(tar: string): Promise<Scan> {
  const worker = new Worker(new URL('./scan-worker.ts', import.meta.url), {
    workerData: tar,
    resourceLimits: { maxOldGenerationSizeMb: mostMemoryMb },
  });
  try {
    return await answerOf(worker);
  } finally {
    await worker.terminate();
  }
}

function answerOf(worker: Worker): Promise<Scan> {
  return new Promise((resolve, reject) => {
    const isLate = () => reject(new LotseError('timeout', 'the source could not be looked at for secrets in time'));
    const timer = setTimeout(isLate, withinMs);
    worker.once('message', (scan: Scan) => resolve(scan));
    worker.once('error', reject);
    worker.once('exit', (code) => {
      clearTimeout(timer);
      reject(new LotseError('internal', `the search for secrets in the source ended with ${code}`));
    });
  });
}
