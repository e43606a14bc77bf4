import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { pinned } from '../pinned.ts';
import { hostName } from './contestant.ts';
import { milliseconds, type LoadFigures } from './load-figures.ts';

export interface WrkWishes {
  readonly port: number;
  readonly path: string;
  readonly seconds: number;
  readonly core: number | null;
  readonly scheme?: 'http' | 'https';
}

const connections = 64;

/** As many requests as 64 kept connections can have answered, each one after another. */
export async function runWrk({ port, path, seconds, core, scheme = 'http' }: WrkWishes): Promise<LoadFigures> {
  const load = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', '-H', `Host: ${hostName}`];
  const [program = '', ...args] = pinned(core, ['wrk', ...load, `${scheme}://127.0.0.1:${port}${path}`]);
  const { stdout } = await promisify(execFile)(program, args);
  return readReport(stdout);
}

/** Reads the text that `wrk --latency` prints (wrk 4). */
export function readReport(text: string): LoadFigures {
  const errors = [...text.matchAll(/^ *((?:Socket errors|Non-2xx).*)$/gm)].map(([, line]) => line);
  return {
    answered: Number(found(/^ *(\d+) requests in/m, text)),
    perSecond: Number(found(/^Requests\/sec: *([\d.]+)/m, text)),
    p50Ms: milliseconds(found(/^ *50% *(\S+)/m, text)),
    p99Ms: milliseconds(found(/^ *99% *(\S+)/m, text)),
    errors: errors.length === 0 ? null : errors.join('; '),
  };
}

function found(pattern: RegExp, text: string): string {
  const value = pattern.exec(text)?.[1];
  if (value === undefined) throw new Error(`wrk said something else than expected: ${text}`);
  return value;
}
