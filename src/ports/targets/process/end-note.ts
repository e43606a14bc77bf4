import { constants } from 'node:os';
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
  if (end.outOfMemory) {
    const limit = end.memoryBytes === null ? '' : ` (its limit is ${Math.round(end.memoryBytes / 1e6)} MB)`;
    return `was killed for want of memory${limit}`;
  }
  const taken = await describeTakenPort(host, end.logTail);
  return `${describeStatus(end.status)}${taken}`;
}

export function describeStatus(status: number | null): string {
  if (status === null) return 'ended while nobody was watching; its exit status is not known';
  const signal = signalOf(status);
  if (signal !== null) return `was ended by ${signal}`;
  if (status === 127) return 'ended with exit status 127: its command was not found';
  if (status === 126) return 'ended with exit status 126: its command may not be executed';
  return `ended with exit status ${status}`;
}

/** The signal in a shell's exit status; null for an ordinary one. */
export function signalOf(status: number): string | null {
  if (status <= 128) return null;
  const found = Object.entries(constants.signals).find(([, number]) => number === status - 128);
  return found?.[0] ?? null;
}

/** Node says `EADDRINUSE: address already in use :::3000`; others say `address already in use` and the port somewhere. */
async function describeTakenPort(host: Host, logTail: readonly string[]): Promise<string> {
  const line = logTail.find((text) => /EADDRINUSE|address already in use/i.test(text));
  if (line === undefined) return '';
  const port = Number(/(?:EADDRINUSE|in use).*?:(\d{2,5})\b(?!:)/i.exec(line)?.[1] ?? 0);
  if (port === 0) return '; a port that it wants is in use';
  const holder = await host.holderOf(port);
  return holder === null ? `; port ${port} was in use` : `; port ${port} is held by ${holder}`;
}
