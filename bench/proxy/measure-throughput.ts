import { processorMs, processTree } from '../process-usage.ts';
import type { Contestant } from './contestant.ts';
import type { LoadFigures } from './load-figures.ts';

export interface Throughput extends LoadFigures {
  /** Processor time of all processes of the contestant, parent and workers, per answered request. In microseconds. */
  readonly cpuUs: number;
  /** The same of the upstream. */
  readonly upstreamCpuUs: number;
}

/** Lets a load loose on a contestant once. */
export async function measureThroughput(
  contestant: Contestant,
  upstream: Contestant,
  load: (port: number) => Promise<LoadFigures>,
): Promise<Throughput> {
  const [own, others] = [await processTree(contestant.pid), await processTree(upstream.pid)];
  const [ownBefore, othersBefore] = [await totalMs(own), await totalMs(others)];
  const report = await load(contestant.port);
  const [ownAfter, othersAfter] = [await totalMs(own), await totalMs(others)];
  const perRequest = (ms: number) => (ms * 1000) / report.answered;
  return { ...report, cpuUs: perRequest(ownAfter - ownBefore), upstreamCpuUs: perRequest(othersAfter - othersBefore) };
}

async function totalMs(pids: readonly number[]): Promise<number> {
  const times = await Promise.all(pids.map((pid) => processorMs(pid)));
  return times.reduce((sum, time) => sum + time, 0);
}
