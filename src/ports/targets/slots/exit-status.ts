import { constants } from 'node:os';

/** How an attempt ended, half a sentence for people. 128 + n stands for signal n, as shells say it; null: nobody saw it. */
export function describeStatus(status: number | null): string {
  if (status === null) return 'ended while nobody was watching; its exit status is not known';
  const signal = signalOf(status);
  if (signal !== null) return `was ended by ${signal}`;
  if (status === 127) return 'ended with exit status 127: its command was not found';
  if (status === 126) return 'ended with exit status 126: its command may not be executed';
  return `ended with exit status ${status}`;
}

/** The same, for one that the kernel killed; `limitBytes` null: the machine itself was full. */
export function describeOutOfMemory(limitBytes: number | null): string {
  const why =
    limitBytes === null
      ? 'the machine itself was full; `memory` in lotse.yaml keeps one service from taking all'
      : sayLimit(limitBytes);
  return `was killed for want of memory (${why})`;
}

/** The same, for one that was killed at a limit and nobody saw by whom. */
export function describeKilledAtLimit(limitBytes: number): string {
  return `was ended by SIGKILL, most likely for want of memory (${sayLimit(limitBytes)})`;
}

function sayLimit(bytes: number): string {
  return `its limit is ${Math.round(bytes / 1e6)} MB; \`memory\` in lotse.yaml raises it`;
}

/** The signal in a shell's exit status; null for an ordinary one. */
export function signalOf(status: number): string | null {
  if (status <= 128) return null;
  const found = Object.entries(constants.signals).find(([, number]) => number === status - 128);
  return found?.[0] ?? null;
}
