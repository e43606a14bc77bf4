import type { Address, InnerNetwork } from '../../core/routing-document.ts';
import type { TargetName } from '../../manifest/app-manifest.ts';
import type { ArtifactDigest, RevisionId, Scope, ServiceName, UnixMs } from '../../core/ids.ts';
import type { ServiceDefinition } from '../../rollout/release.ts';
import type { Claim } from '../../rollout/plan.ts';
import type { ObservedJob, ObservedSlot } from '../../rollout/facts.ts';
import type { Secret } from '../../core/secret.ts';
import type { EntryOrder, OneOffOrder, Session } from './session.ts';

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

  /** What the machines of the environment can still carry, on the target of that name; null where it cannot know. */
  room(place: TargetPlace): Promise<Room | null>;

  /** Stops supervising and probing; instances and jobs go on. A later target on the same state adopts them. */
  close(): Promise<void>;
}

/** A target whose instances do not all share the machine's loopback. */
export interface NetworkedTarget extends Target {
  /**
   * Where instances of the environment, on the target of that name, reach the machine they are on (of several the first);
   * null: on its loopback. Errors: `unreachable`, `timeout`, `port-taken`.
   */
  innerNetwork(place: TargetPlace): Promise<InnerNetwork | null>;
}

/** A target that people can run programs on: in its instances, and beside them. */
export interface EnterableTarget extends Target {
  /**
   * Runs a program in an instance that runs, with its variables, user, folder and limits. Not to be called twice: each call
   * is a program. Errors: `not-found`, `conflict` (it does not run), `not-built-yet` (no terminal here), `unreachable`.
   */
  enter(order: EntryOrder): Promise<Session>;

  /**
   * Runs a program as an instance of that service would run, with its files, variables, user, folder and limits, but in a
   * place of its own, without an address; of several machines on the first. The place is gone soon after the end of the
   * program. Not to be called twice. Errors: `not-found` (artifact gone), `disk-full`, `not-built-yet` (no terminal here),
   * `unreachable`, `timeout`.
   */
  runOnce(order: OneOffOrder): Promise<Session>;
}

/** Where an environment is. */
export interface TargetPlace extends Scope {
  readonly target: TargetName;
  /** As in `servers:`; missing or none: the machine that Lotse runs on. */
  readonly servers?: readonly string[];
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
  /** Where there are several targets, the one that it is for. */
  readonly target: TargetName;
  readonly artifact: ArtifactDigest;
  readonly definition: ServiceDefinition;
  /** How many in all, numbered from 0. */
  readonly slots: number;
  /** Where they are spread over several machines, those of this one: `first`, `first + step`, … Missing: all. */
  readonly share?: { readonly first: number; readonly step: number };
  /** Machines that they are spread over, as in `servers:`, in this order; missing or none: the one that Lotse runs on. */
  readonly servers?: readonly string[];
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
  readonly target: TargetName;
  /** As of a service: it runs on the first of them. */
  readonly servers?: readonly string[];
  readonly artifact: ArtifactDigest;
  readonly argv: readonly string[];
  readonly root: string;
  readonly variables: Variables;
  readonly storeFolders: readonly string[];
  readonly withinMs: number;
  /**
   * Keys of earlier jobs whose records and logs are kept no longer. Those that run, and unknown ones, are left alone; after
   * that a key is as if it had never been.
   */
  readonly forgets?: readonly string[];
}

/** An observed slot plus what traffic and people need. `open` is left to the traffic router. */
export interface TargetSlot extends Omit<ObservedSlot, 'open'> {
  /** Where it really listens; null while it does not (or for a worker). */
  readonly address: Address | null;
  /** The machine that it is on, as in `servers:`; missing: the one that Lotse runs on. */
  readonly server?: string;
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
  /** The folder on the disk that has the least room. */
  readonly diskFolder: string;
  readonly cores: number;
}
