import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { pinned } from '../pinned.ts';
import { hostName } from './contestant.ts';
import type { LoadFigures } from './load-figures.ts';
import type { WrkWishes } from './wrk.ts';

/** 64 requests at a time, as wrk has them: so many on each of so many connections. */
const connections = 8;
const streams = 8;

/** HTTP/2 over TLS. h2load does not print percentiles of latencies. */
export async function runH2load({ port, path, seconds, core }: Omit<WrkWishes, 'scheme'>): Promise<LoadFigures> {
  const load = ['-t1', `-c${connections}`, `-m${streams}`, `-D${seconds}`, `--connect-to=127.0.0.1:${port}`];
  const [program = '', ...args] = pinned(core, ['h2load', ...load, `https://${hostName}:${port}${path}`]);
  const { stdout } = await promisify(execFile)(program, args);
  return readH2loadReport(stdout);
}

/** Reads the text that h2load prints (nghttp2 1.52). */
export function readH2loadReport(text: string): LoadFigures {
  const requests = /^requests: .*?(\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout/m.exec(text);
  const perSecond = /^finished in [\d.]+\w+, ([\d.]+) req\/s/m.exec(text)?.[1];
  if (requests === null || perSecond === undefined) throw new Error(`h2load said something else: ${text}`);
  const [answered = 0, ...bad] = requests.slice(1).map(Number);
  const failed = bad.reduce((sum, count) => sum + count, 0);
  return {
    answered,
    perSecond: Number(perSecond),
    p50Ms: null,
    p99Ms: null,
    errors: failed === 0 ? null : requests[0],
  };
}
