import type { Looks } from '../core/looks.ts';
import type { TrafficRouter } from '../ports/traffic/traffic.ts';
import type { Signals } from '../ports/signals/signals.ts';
import type { Target } from '../ports/targets/targets.ts';
import type { Bindings } from './bindings.ts';
import type { Checkpoints } from './checkpoints.ts';
import type { Journal } from './journal.ts';
import type { OwnerLock } from './owner-lock.ts';

/** What the engine is made of; the composition root fills it. */
export interface EngineParts {
  readonly journal: Journal;
  readonly checkpoints: Checkpoints;
  readonly lock: OwnerLock;
  readonly target: Target;
  readonly traffic: TrafficRouter;
  readonly signals: Signals;
  readonly bindings: Bindings;
  readonly clock: Clock;
  /** Told what looks different though nothing was decided. Missing: nobody looks. */
  readonly looks?: Looks;
  readonly log: (problem: EngineProblem) => void;
  /** Called before and after every write and between the calls of one effect; tests end the process here. */
  readonly atPoint: (point: string) => void;
}

export interface Clock {
  now(): number;
  /** Milliseconds since any one moment by a clock that nobody sets: it tells that the other one was. */
  uptime(): number;
  /** Resolves after `ms`, or earlier when the signal aborts; never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** Something that a person may have to know; the engine goes on trying. */
export interface EngineProblem {
  readonly environment: string;
  readonly during: string;
  readonly error: unknown;
}
