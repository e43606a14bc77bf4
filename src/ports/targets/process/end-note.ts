import { describeOutOfMemory, describeStatus } from '../slots/exit-status.ts';
import { readTakenPort } from '../slots/taken-port.ts';
import type { Host } from './host.ts';

export interface AttemptEnd {
  /** 128 + n for signal n, as shells say it; null: nobody could see it. */
  readonly status: number | null;
  readonly outOfMemory: boolean;
  readonly memoryBytes: number | null;
  readonly logTail: readonly string[];
}

/** How an attempt ended, half a sentence for people. */
export async function describeEnd(host: Host, end: AttemptEnd): Promise<string> {
  if (end.outOfMemory) return describeOutOfMemory(end.memoryBytes);
  const taken = await describeTakenPort(host, end.logTail);
  return `${describeStatus(end.status)}${taken}`;
}

async function describeTakenPort(host: Host, logTail: readonly string[]): Promise<string> {
  const port = readTakenPort(logTail);
  if (port === null) return '';
  if (port === 0) return '; a port that it wants is in use';
  const holder = await host.holderOf(port);
  return holder === null ? `; port ${port} was in use` : `; port ${port} is held by ${holder}`;
}
