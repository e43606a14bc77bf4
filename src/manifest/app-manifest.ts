import type { Hours } from './hours.ts';
import type { ConfigType } from './schema/config.ts';

/**
 * lotse.yaml as the rest of Lotse reads it: every default applied, durations in milliseconds, sizes in bytes, commands as
 * argument vectors. Plain data that survives JSON.
 */
export interface AppManifest {
  readonly app: string;
  /** IANA name. */
  readonly timezone: string;
  readonly target: 'process';
  readonly build: BuildDefinition;
  /** By name, in the file's order. At least one. */
  readonly services: Readonly<Record<string, ServiceDefinition>>;
  readonly jobs: Readonly<Record<string, JobDefinition>>;
  /** What is declared for every service, by variable. */
  readonly config: Readonly<Record<string, ConfigDeclaration>>;
  readonly stores: Readonly<Record<string, StoreDefinition>>;
  /** Its `job` is `verify`. Null: readiness is the only evidence. */
  readonly verify: JobDefinition | null;
  /** `dev` first, then in the order of promotion. */
  readonly environments: readonly EnvironmentDefinition[];
}

export type Argv = readonly [string, ...string[]];

export interface BuildDefinition {
  /** Null: what to build is found (lockfile, package.json). */
  readonly argv: Argv | null;
  readonly config: Readonly<Record<string, string>>;
  readonly withinMs: number;
  readonly memoryBytes: number;
}

/** `tcp`: the port accepts connections. `http`: the path (with its query) answers 2xx or 3xx. */
export type Check = { readonly kind: 'http'; readonly path: string } | { readonly kind: 'tcp' };

export interface ServiceDefinition {
  readonly service: string;
  /** A service with a port is a web service. */
  readonly kind: 'web' | 'worker';
  readonly argv: Argv;
  /** Folder inside the artifact, `.` or `apps/web`. */
  readonly root: string;
  /** The port the file names; null for workers. */
  readonly port: number | null;
  /** Prefix without a slash at its end, but `/` itself. Means nothing for workers. */
  readonly path: string;
  /** Null for workers. */
  readonly ready: Check | null;
  readonly live: Check | null;
  readonly drainMs: number;
  readonly instances: number;
  readonly memoryBytes: number | null;
  readonly cpuCores: number | null;
  readonly stickiness: 'cookie' | 'none';
  /** Whether the worker reads LOTSE_CLAIM_FILE. */
  readonly readsClaim: boolean;
  /** What is declared for this service alone; wins over the app's declaration of the same name. */
  readonly config: Readonly<Record<string, ConfigDeclaration>>;
}

export interface JobDefinition {
  readonly job: string;
  readonly argv: Argv;
  readonly root: string;
  readonly withinMs: number;
}

export interface StoreDefinition {
  readonly store: string;
  readonly kind: 'folder';
  /** Path below the environment's store folder. */
  readonly folder: string;
  /** May two releases have it open at once? */
  readonly shared: boolean;
  /** The variable that says where it is: `PICTURES_DIR`. */
  readonly variable: string;
}

export interface ConfigDeclaration {
  /** `string` for plain values. */
  readonly type: ConfigType;
  /** The text exactly as written in the file; null when an environment must give it. */
  readonly value: string | null;
  /** False: the variable may be missing. */
  readonly required: boolean;
  readonly description: string | null;
}

/** What belongs to an environment and not to the release: it holds from when it was last accepted there. */
export interface EnvironmentDefinition {
  readonly environment: string;
  readonly target: 'process';
  /** The environment that must have verified a release first. */
  readonly after: string | null;
  /** Lower case, at least one; the first is the one that is checked from outside. */
  readonly domains: readonly [string, ...string[]];
  readonly config: Readonly<Record<string, string>>;
  readonly services: Readonly<Record<string, ServiceOverride>>;
  readonly strategy: StrategyDefinition;
  readonly gates: GatesDefinition;
}

/** Keys that are not there are as the service says. */
export interface ServiceOverride {
  readonly instances?: number;
  readonly memoryBytes?: number;
  readonly cpuCores?: number;
  readonly drainMs?: number;
  readonly config?: Readonly<Record<string, string>>;
  /** In `dev` only. */
  readonly argv?: Argv;
}

export interface StrategyDefinition {
  readonly name: 'blue-green' | 'rolling' | 'recreate';
  /** How long the rollout may take until the new release has all traffic. */
  readonly withinMs: number;
  /** How long the new release is watched after the last shift. */
  readonly watchMs: number;
}

export interface GatesDefinition {
  /** How many people must approve; 0: nobody has to. */
  readonly approval: number;
  /** A Markdown file in the app's folder. */
  readonly checklist: string | null;
  readonly hours: Hours | null;
  /** Whether the app's own verification must succeed here. */
  readonly verification: boolean;
}
