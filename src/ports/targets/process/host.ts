import { openDarwinHost } from './host-darwin.ts';
import { openLinuxHost } from './host-linux.ts';

/** A running thing as its launcher recorded it. All three must match for it to be the same process. */
export interface ProcessIdentity {
  readonly bootId: string;
  readonly pid: number;
  /** When the process began, in the words of this operating system. */
  readonly start: string;
}

export interface Member {
  readonly pid: number;
  /** In the process group that one signal reaches; the others are told one by one. */
  readonly inGroup: boolean;
}

export interface Listener {
  readonly pid: number;
  readonly host: string;
  readonly port: number;
}

/** What the target must know about the machine's processes. Answers are looks: they may be old when they arrive. */
export interface Host {
  /** Differs after every reboot. */
  readonly bootId: string;
  /** Words that name the start of a living process; null when there is none (a zombie is none). */
  startOf(pid: number): Promise<string | null>;
  /** The same words, from the line that the launcher recorded. */
  startInRecord(line: string): string;
  /** Living processes that are in the session or group of `leader` (null: unknown) or carry the marker. */
  members(leader: number | null, marker: string): Promise<readonly Member[]>;
  /** The process and its descendants. */
  family(pid: number): Promise<readonly number[]>;
  /** Where these processes accept TCP connections. With a port: at least one of those on it, which is found sooner. */
  listeners(pids: readonly number[], port: number | null): Promise<readonly Listener[]>;
  /** Who listens on the port, for people: `pid 412 (nginx)`; null when nobody does or it cannot be known. */
  holderOf(port: number): Promise<string | null>;
  /** Resident memory of these processes together; null when it cannot be known. */
  memoryOf(pids: readonly number[]): Promise<number | null>;
}

/** The name of the variable that marks all processes of one attempt, so that strays are found. */
export const markerVariable = 'LOTSE_INSTANCE';

export async function openHost(platform: NodeJS.Platform): Promise<Host> {
  return platform === 'darwin' ? openDarwinHost() : openLinuxHost();
}
