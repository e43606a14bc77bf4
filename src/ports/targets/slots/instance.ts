import type { UnixMs } from '../../../core/ids.ts';
import type { Address } from '../../../core/routing-document.ts';
import type { EntryOrder, Session } from '../session.ts';
import type { Health } from './health.ts';

/** A running attempt, as far as people are told. */
export interface Run {
  /** Null where the platform has no process number that means anything here. */
  readonly pid: number | null;
  readonly startedAt: UnixMs;
}

/** How an attempt stands, whoever started it. */
export type RunState =
  | { readonly kind: 'unstarted' }
  | { readonly kind: 'running'; readonly run: Run }
  /** `exitStatus`: 128 + n for signal n; null: nobody could write it down. */
  | { readonly kind: 'ended'; readonly run: Run | null; readonly exitStatus: number | null }
  /** The platform cannot be asked now. Whatever ran may run still. */
  | { readonly kind: 'unknown'; readonly why: string };

export type StartResult =
  /** It runs, or has ended already: a look tells which. */
  | { readonly kind: 'started' }
  /** Another launcher holds the slot. */
  | { readonly kind: 'locked' }
  | { readonly kind: 'failed'; readonly why: string };

export interface End {
  /** Half a sentence for people: `was ended by SIGTERM`. */
  readonly how: string;
  /** The platform took it down with everything else: no fault of the instance, so it spends nothing of its budget. */
  readonly byPlatform: boolean;
}

/**
 * One attempt of a slot or job on some platform. It may be opened again on an attempt that an earlier control plane
 * started; whatever is called twice does nothing new.
 */
export interface Attempt {
  /** As the last look or the start has seen it; null: never seen running. */
  readonly run: Run | null;
  look(): Promise<RunState>;
  /**
   * Starts the attempt unless its number was ever started. Nothing of a `failed` or rejected start runs, and it may be
   * tried again. Errors: `not-found` (artifact gone), `disk-full`, `unreachable`.
   */
  start(address: Address | null): Promise<StartResult>;
  /** Resolves when a look will tell that it does not run, or the signal came. Rejects never. */
  ended(signal: AbortSignal): Promise<void>;
  /** Ends it with all that it left behind: SIGTERM, grace, SIGKILL. True when nothing is left, false when the signal came. */
  end(graceMs: number, signal: AbortSignal): Promise<boolean>;
  /** Keeps its output until the signal comes; `onNew` gets what is new. */
  tendLogs(onNew: (text: string) => void, signal: AbortSignal): Promise<void>;
  /** After the end, when its outcome is known: gives back what the platform held for it. The output stays. */
  forget(): Promise<void>;
}

/** An attempt that fills a slot. */
export interface Instance extends Attempt {
  readonly attempt: number;
  /** Resolves with why when liveness failed too often, with null when the signal came. */
  sick(address: Address | null, report: (health: Health) => void, signal: AbortSignal): Promise<string | null>;
  /** Runs a program beside it, while it runs. `address`: what it was started with. Errors: `not-built-yet`, `unreachable`. */
  enter(order: EntryOrder, address: Address | null): Promise<Session>;
  /** After the end. */
  describeEnd(): Promise<End>;
  memoryBytes(): Promise<number | null>;
}
