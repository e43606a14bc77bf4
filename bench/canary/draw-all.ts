import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Draw, Measured } from './draws.ts';
import type { Portion } from './drawing-thread.ts';

export interface Wanted {
  readonly what: Draw;
  readonly runs: number;
}

interface Answer {
  readonly number: number;
  readonly measured: Measured;
  readonly ms: number;
}

/** Runs of one portion: long ones are shared by all threads. */
const portions = 20;

/** Draws everything on as many threads as there are processors; the results in the order of `wanted`. */
export async function drawAll(
  wanted: readonly Wanted[],
  seed: number,
): Promise<readonly (Measured & { ms: number })[]> {
  const results = wanted.map(() => ({ runs: 0, alarms: 0, total: 0, ms: 0 }));
  const owners: number[] = [];
  const open: Portion[] = [];
  for (const [owner, { what, runs }] of wanted.entries()) {
    const size = Math.ceil(runs / portions);
    for (let left = runs; left > 0; left -= size) {
      open.push({ number: owners.length, what, runs: Math.min(size, left), seed });
      owners.push(owner);
    }
  }
  const take = ({ number, measured, ms }: Answer) => {
    const result = results[owners[number] ?? -1];
    if (result === undefined) return;
    result.runs += measured.runs;
    result.alarms += measured.alarms;
    result.total += measured.total;
    result.ms += ms;
  };
  await Promise.all(Array.from({ length: availableParallelism() }, () => drawInThread(open, take)));
  return results;
}

/** Takes portions until none is open. Errors: those of the thread. */
async function drawInThread(open: Portion[], take: (answer: Answer) => void): Promise<void> {
  const thread = new Worker(new URL('./drawing-thread.ts', import.meta.url));
  try {
    for (let portion = open.shift(); portion !== undefined; portion = open.shift()) {
      const answered = new Promise<Answer>((resolve, reject) => {
        thread.removeAllListeners().once('message', resolve).once('error', reject);
      });
      thread.postMessage(portion);
      take(await answered);
    }
  } finally {
    await thread.terminate();
  }
}
