import type { Writable } from 'node:stream';
import type { RevisionId, Scope, ServiceName } from '../../core/ids.ts';
import type { ServiceOrder } from './targets.ts';

/** In characters. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** Which instance a program is to be run in. */
export interface EntryOrder extends Scope {
  readonly revision: RevisionId;
  readonly service: ServiceName;
  readonly slot: number;
  /** The machine that it is on, as in `servers:`; missing: the one that Lotse runs on. */
  readonly server?: string;
  /** At least one word; no shell looks at them. */
  readonly argv: readonly string[];
  /** Null: standard input and both outputs are pipes. */
  readonly terminal: TerminalSize | null;
}

/** A program that runs once, in a place of its own. `definition` is that of the service whose limits and folder it has. */
export interface OneOffOrder extends Omit<ServiceOrder, 'slots' | 'share' | 'claim' | 'avoid'> {
  /** Unique for ever. */
  readonly key: string;
  /** At least one word; no shell looks at them. */
  readonly argv: readonly string[];
  /** Null: standard input and both outputs are pipes. */
  readonly terminal: TerminalSize | null;
}

export const sessionSignals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;
export type SessionSignal = (typeof sessionSignals)[number];

export interface SessionOutput {
  /** With a terminal everything is `out`. */
  readonly stream: 'out' | 'err';
  readonly bytes: Uint8Array;
}

/**
 * A program that somebody sits at: in an instance, beside the one that the instance was made for, or in a place of its own.
 * It ends with the instance, with whoever opened it, and with the control plane: nobody is left to see what it does.
 */
export interface Session {
  /** To its standard input; ended, so is that. */
  readonly input: Writable;
  /** What it writes, as slowly as it is read, until nothing more can come. */
  readonly output: AsyncIterable<SessionOutput>;
  /** Of its terminal; resolves when it is so. Nothing happens where it has none. */
  resize(size: TerminalSize): Promise<void>;
  /** As far as the platform can reach it; nothing happens when it has ended. */
  signal(name: SessionSignal): Promise<void>;
  /** Its exit status, 128 + n for signal n; null: unknown. Rejects never. */
  readonly ended: Promise<number | null>;
  /** Ends it. Resolves when it has ended, or after some seconds. Harmless when it has. */
  close(): Promise<void>;
}
