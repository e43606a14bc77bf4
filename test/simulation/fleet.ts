import { Worker } from 'node:worker_threads';
import { courseOf } from './course.ts';
import { examine, type Sabotage } from './examine.ts';
import { noVoyages, together, type FleetReport } from './fleet-report.ts';

/** Seeds that one worker sails before it reports. */
const seedsAChunk = 20;

export interface FleetOptions {
  readonly firstSeed: number;
  /** At least so many, unless something breaks. */
  readonly rollouts: number;
  /** Threads; 0: sail in this one. */
  readonly workers: number;
  readonly onProgress?: (report: FleetReport) => void;
}

/** Sails one seed after the other, to the first that breaks something. */
export async function sailSeeds(
  fromSeed: number,
  count: number,
  sabotage: Sabotage | null = null,
): Promise<FleetReport> {
  let report = noVoyages;
  for (let seed = fromSeed; seed < fromSeed + count && report.failure === null; seed++) {
    const { ships, violations } = await examine(courseOf(seed), {}, sabotage);
    const failure = violations.length === 0 ? null : { seed, violations };
    for (const { rollouts, counts } of ships)
      report = together(report, { voyages: 0, rollouts, counts, failure: null });
    report = { ...report, voyages: report.voyages + 1, failure };
  }
  return report;
}

/**
 * Sails seed after seed until there are enough rollouts, or one breaks something. How many threads share the work makes
 * no difference to what is reported.
 */
export async function sailFleet({ firstSeed, rollouts, workers, onProgress }: FleetOptions): Promise<FleetReport> {
  const sailors = Array.from({ length: workers }, () => new Sailor());
  const waiting = new Map<number, FleetReport>();
  let report = noVoyages;
  let next = firstSeed;
  let counted = firstSeed;
  const isOver = () => report.failure !== null || report.rollouts >= rollouts;
  const take = () => {
    for (let part = waiting.get(counted); part !== undefined && !isOver(); part = waiting.get(counted)) {
      waiting.delete(counted);
      counted += seedsAChunk;
      report = together(report, part);
      onProgress?.(report);
    }
  };
  const work = async (sailor: Pick<Sailor, 'sail'>) => {
    while (!isOver()) {
      const from = next;
      next += seedsAChunk;
      waiting.set(from, await sailor.sail(from, seedsAChunk));
      take();
    }
  };
  try {
    await Promise.all(workers === 0 ? [work({ sail: sailSeeds })] : sailors.map(work));
  } finally {
    await Promise.all(sailors.map((sailor) => sailor.close()));
  }
  return report;
}

/** A thread that sails what it is told. */
class Sailor {
  readonly #worker = new Worker(new URL('./fleet-worker.ts', import.meta.url));

  async sail(from: number, count: number): Promise<FleetReport> {
    const { promise, resolve, reject } = Promise.withResolvers<FleetReport>();
    this.#worker.once('message', resolve);
    this.#worker.once('error', reject);
    this.#worker.postMessage({ from, count });
    try {
      return await promise;
    } finally {
      this.#worker.off('message', resolve);
      this.#worker.off('error', reject);
    }
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
