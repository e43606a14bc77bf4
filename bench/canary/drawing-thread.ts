import { parentPort } from 'node:worker_threads';
import { Chance } from './chance.ts';
import { measure } from './draws.ts';
import type { Draw } from './draws.ts';
import { DrawnDurations } from './durations.ts';

/** A number of runs of one draw, with a stream of chance of its own: what comes out does not depend on who draws it. */
export interface Portion {
  readonly number: number;
  readonly what: Draw;
  readonly runs: number;
  readonly seed: number;
}

const durations = new DrawnDurations(new Chance(1));
parentPort?.on('message', ({ number, what, runs, seed }: Portion) => {
  const startedAt = performance.now();
  const measured = measure(what, runs, new Chance(seed, number), durations);
  parentPort?.postMessage({ number, measured, ms: performance.now() - startedAt });
});
