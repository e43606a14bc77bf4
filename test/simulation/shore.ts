import type { Scope } from '../../src/core/ids.ts';
import { VirtualTime } from './virtual-time.ts';

/** What all environments of a control plane have in common, and what outlives every control plane. */
export class Shore {
  readonly time = new VirtualTime();
  readonly counts = new Map<string, number>();
  readonly violations: string[] = [];
  readonly trace: string[] = [];
  /** The highest fencing token that was given out. */
  fence = 0;
  /** What the clock of the control plane is off by, in milliseconds. */
  clockOffsetMs = 0;
  readonly checkpoints = new Map<string, string>();
  /** Since when a control plane has been at work; null: there is none. */
  upSince: number | null = null;
  /** Calls that hang now. */
  hanging = 0;
  /** Of what may change how a rollout ends, that which is about all environments. */
  mishaps = 0;
  /** How often something has gone wrong so far. */
  faults = 0;
  /** The same without slow calls, and without a target that says nothing. */
  problemsBesideTarget = 0;

  count(what: string, times = 1): void {
    if (what.startsWith('faults: ')) this.faults++;
    if (/^faults: (?!slow|silence of the target)/.test(what)) this.problemsBesideTarget++;
    this.counts.set(what, (this.counts.get(what) ?? 0) + times);
  }

  note(what: string, { environment }: Pick<Scope, 'environment'> = { environment: '' }): void {
    this.trace.push(`${String(this.time.now % 100_000_000).padStart(9)} ${environment} ${what}`);
  }

  violate(what: string, scope?: Pick<Scope, 'environment'>): void {
    this.note(`VIOLATION ${what}`, scope);
    this.violations.push(scope === undefined ? what : `${scope.environment}: ${what}`);
  }
}
