import type { Address } from '../../core/routing-document.ts';
import type { ArtifactDigest, RevisionId, Scope, ServiceName, UnixMs } from '../../core/ids.ts';
import type { ServiceDefinition } from '../../rollout/release.ts';
import type { Claim } from '../../rollout/plan.ts';
import type { ObservedJob, ObservedSlot } from '../../rollout/facts.ts';
import type { Secret } from '../../core/secret.ts';

/**
 * A target is where things run. Orders are levels, not deeds: the target owns and heals its slots, keeps what was
 * ordered on disk, and reports what it sees. Every method may be called again with the same argument; that changes
 * nothing. An error with `retriable` may pass by itself.
 */
export interface Target {
  readonly traits: TargetTraits;

  /**
   * `order.slots` copies run, numbered from 0; further ones get SIGTERM, their drain, SIGKILL for the whole group.
   * Resolves when the order is kept, not when it is reached: `observe` tells. An order for a revision and service
   * replaces the one before it. Errors: `not-found` (artifact gone), `port-taken`, `disk-full`, `bad-input`.
   */
  ensure(order: ServiceOrder): Promise<void>;

  /** Every slot of the environment that is ordered or still stopping, with what this target alone can know of it. */
  observe(scope: Scope): Promise<readonly TargetSlot[]>;

  /** Starts the job unless a job of that key was ever started; it outlives the control plane. */
  startJob(order: JobOrder): Promise<void>;

  /** `lost`: it was started and its exit status can no longer be known. Null: never started. */
  observeJob(key: string): Promise<ObservedJob | null>;

  /** Ends the whole process group: SIGTERM, grace, SIGKILL. Resolves at once; harmless when it has ended. */
  cancelJob(key: string): Promise<void>;

  /** Log lines, oldest first; with `follow` it goes on until the signal aborts. Logs of failed starts are kept. */
  logs(query: LogQuery, signal: AbortSignal): AsyncIterable<LogLine>;

  /** What this machine can still carry; null where the target cannot know. */
  room(scope: Scope): Promise<Room | null>;

  /** Stops supervising and probing; instances and jobs go on. A later target on the same state adopts them. */
  close(): Promise<void>;
}

export interface TargetTraits {
  readonly name: 'process' | 'docker' | 'kubernetes' | 'cloud-run';
  /** Who keeps instances alive, decides their number, splits traffic, and gives addresses. */
  readonly instances: 'lotse' | 'platform';
  readonly scaling: 'lotse' | 'platform';
  readonly traffic: 'lotse' | 'platform';
  readonly addresses: 'per-slot' | 'per-service';
  /** What this platform cannot do here, for people (e.g. memory limits without cgroups). */
  readonly notes: readonly string[];
}

/** A variable of an instance: plain, or a secret that is revealed only where the process starts. */
export type Variables = Readonly<Record<string, string | Secret>>;

export interface ServiceOrder extends Scope {
  readonly revision: RevisionId;
  readonly release: string;
  readonly artifact: ArtifactDigest;
  readonly definition: ServiceDefinition;
  readonly slots: number;
  /** Kept in the file that LOTSE_CLAIM_FILE names; null for services that read none. */
  readonly claim: Claim | null;
  /** Everything but PORT and what the target itself adds (PATH, HOME, TMPDIR, LOTSE_CLAIM_FILE). */
  readonly variables: Variables;
  /** Folders of stores: the only places outside its scratch folder where the instance may write. */
  readonly storeFolders: readonly string[];
  /** Addresses that a proxy still names: given to no other instance. */
  readonly avoid: readonly Address[];
}

export interface JobOrder extends Scope {
  /** Unique for ever; the same key never runs twice. */
  readonly key: string;
  readonly revision: RevisionId;
  readonly artifact: ArtifactDigest;
  readonly argv: readonly string[];
  readonly root: string;
  readonly variables: Variables;
  readonly storeFolders: readonly string[];
  readonly withinMs: number;
}

/** An observed slot plus what traffic and people need. `open` is left to the traffic router. */
export interface TargetSlot extends Omit<ObservedSlot, 'open'> {
  /** Where it really listens; null while it does not (or for a worker). */
  readonly address: Address | null;
  /** Set when the service ignores PORT and listens elsewhere: two copies cannot run side by side. */
  readonly fixedPort: number | null;
  readonly pid: number | null;
  readonly startedAt: UnixMs | null;
  readonly memoryBytes: number | null;
  /** Files below its artifact that it tried to write, as far as the platform shows. */
  readonly writesBesideCode: readonly string[];
}

export interface LogQuery extends Scope {
  readonly service: ServiceName | null;
  readonly revision: RevisionId | null;
  /** A job's key instead of a service. */
  readonly job: string | null;
  /** At most so many of the latest lines first. */
  readonly last: number;
  readonly follow: boolean;
}

export interface LogLine {
  readonly at: UnixMs;
  readonly service: ServiceName;
  readonly revision: RevisionId;
  readonly slot: number;
  readonly attempt: number;
  readonly stream: 'out' | 'err';
  readonly text: string;
}

export interface Room {
  readonly memoryFreeBytes: number;
  readonly memoryTotalBytes: number;
  readonly diskFreeBytes: number;
  readonly cores: number;
}
