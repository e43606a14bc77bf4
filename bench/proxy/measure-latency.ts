import { setTimeout as sleep } from 'node:timers/promises';
import { RunningLoad } from '../load/running-load.ts';
import type { RequestRecord } from '../load/request-record.ts';
import { pin } from '../pinned.ts';
import { quantile } from '../quantile.ts';
import { hostName, type Contestant } from './contestant.ts';

/** What half a second of 1000 requests/s at fixed times saw. Milliseconds from when a request was sent. */
export interface Latency {
  readonly failed: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const load = {
  hostName,
  keptPerSecond: 1_000,
  freshPerSecond: 0,
  keptConnections: 20,
  postPart: 0,
  slowPart: 0,
  timeoutMs: 5_000,
} as const;
/** Each stretch stands for itself, so that what stops the whole machine for a moment spoils one of them and not all. */
const stretchMs = 500;

/**
 * Requests at fixed times, whatever becomes of them. They count from when they were really sent: the generator does not
 * wait for answers, so its own lateness is not the proxy's. The first half second, on new connections and in a generator
 * that is just starting, is left out.
 */
export async function measureLatency({ port }: Contestant, seconds: number, core: number): Promise<readonly Latency[]> {
  const running = new RunningLoad({ ...load, port });
  try {
    await pin(running.pid, core);
    await sleep(stretchMs + seconds * 1_000);
    const records = await running.stop();
    const startMs = Math.min(...records.map((each) => each.dueMs));
    const stretches = Array.from({ length: (seconds * 1_000) / stretchMs }, (_, at) => {
      const fromMs = startMs + (at + 1) * stretchMs;
      return latencyOf(records.filter(({ dueMs }) => dueMs >= fromMs && dueMs < fromMs + stretchMs));
    });
    return stretches.flatMap((stretch) => stretch ?? []);
  } finally {
    running.kill();
  }
}

function latencyOf(records: readonly RequestRecord[]): Latency | null {
  const answered = records.filter((each) => each.failure === null);
  const latencies = answered.map((each) => each.doneMs - each.sentMs);
  const [p50Ms, p99Ms] = [quantile(latencies, 0.5), quantile(latencies, 0.99)];
  return p50Ms === null || p99Ms === null ? null : { failed: records.length - answered.length, p50Ms, p99Ms };
}
