import type { Address } from '../../../core/routing-document.ts';
import type { Check, ServiceDefinition } from '../../../rollout/release.ts';
import type { ProbeAnswer } from './probe.ts';

/** What probes show of a running attempt. */
export interface Health {
  readonly state: 'starting' | 'ready' | 'unready';
  readonly address: Address | null;
  readonly fixedPort: number | null;
  readonly note: string | null;
}

export interface ProbeTimings {
  /** While it boots: a refused connection on loopback costs about 0.1 ms, so looks may be frequent. */
  readonly bootIntervalMs: number;
  readonly bootFastForMs: number;
  readonly bootSlowestMs: number;
  readonly steadyIntervalMs: number;
  readonly unreadyIntervalMs: number;
  readonly timeoutMs: number;
  /** So many failures in a row make it unready, or restart it. */
  readonly readyFailures: number;
  readonly liveFailures: number;
  /** A worker without a check counts as ready after it has run so long. */
  readonly workerSettleMs: number;
  /** A service that listens elsewhere may still open PORT: it gets so long. */
  readonly elsewhereAfterMs: number;
}

export const defaultProbeTimings: ProbeTimings = {
  bootIntervalMs: 20,
  bootFastForMs: 20_000,
  bootSlowestMs: 250,
  steadyIntervalMs: 2000,
  unreadyIntervalMs: 250,
  timeoutMs: 3000,
  readyFailures: 2,
  liveFailures: 3,
  workerSettleMs: 1000,
  elsewhereAfterMs: 3000,
};

export type Whereabouts =
  /** It listens on the port that it was given. */
  | { readonly kind: 'given'; readonly address: Address }
  /** It ignores PORT. `isFixed`: two copies of it cannot run side by side. */
  | { readonly kind: 'elsewhere'; readonly address: Address; readonly isFixed: boolean }
  /** It can never be reached there; `why` is a sentence for people. */
  | { readonly kind: 'blocked'; readonly why: string }
  | { readonly kind: 'nowhere' };

/** What a platform knows of an instance beyond what its address tells. */
export interface Surroundings {
  /** Asks at the address that the instance was given. */
  askGiven(check: Check): Promise<ProbeAnswer>;
  /** Asks at an address where it was found. */
  ask(check: Check, address: Address): Promise<ProbeAnswer>;
  /** Where it really listens; asked before the first readiness, and again and again where nothing answers. */
  find(): Promise<Whereabouts>;
  /** A check that the artifact brings along; it counts where the definition names none. */
  readonly ownCheck: OwnCheck | null;
}

export interface OwnCheck {
  ask(): Promise<ProbeAnswer>;
  /** While it boots, and afterwards. */
  readonly bootIntervalMs: number;
  readonly steadyIntervalMs: number;
  /** So many failures in a row make it unready. */
  readonly failures: number;
}

export interface HealthWatch {
  readonly definition: ServiceDefinition;
  /** What it was told to listen on; null for a worker. */
  readonly given: Address | null;
  readonly surroundings: Surroundings;
  /** How long the attempt has been running. */
  readonly runningForMs: number;
  readonly timings: ProbeTimings;
  readonly report: (health: Health) => void;
}
