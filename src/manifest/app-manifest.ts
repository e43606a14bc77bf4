import type { Stickiness, TrustedProxy } from '../core/routing-document.ts';
import type { Severity } from '../core/severities.ts';
import type { Hours } from './hours.ts';
import type { JobSchedule } from './job-schedule.ts';
import type { ConfigType } from './schema/config.ts';

/**
 * lotse.yaml as the rest of Lotse reads it: every default applied, durations in milliseconds, sizes in bytes, commands as
 * argument vectors. Plain data that survives JSON.
 */
export interface AppManifest {
  readonly app: string;
  /** IANA name. */
  readonly timezone: string;
  readonly target: TargetName;
  readonly build: BuildDefinition;
  /** By name, in the file's order. At least one. */
  readonly services: Readonly<Record<string, ServiceDefinition>>;
  readonly jobs: Readonly<Record<string, JobDefinition>>;
  /** What is declared for every service, by variable. */
  readonly config: Readonly<Record<string, ConfigDeclaration>>;
  /** Variables by which every service and job gets a secret of its environment. */
  readonly secrets: readonly string[];
  readonly stores: Readonly<Record<string, StoreDefinition>>;
  /** Its `job` is `verify`. Null: readiness is the only evidence. */
  readonly verify: JobDefinition | null;
  /** Missing: nothing is run between build and deploy. */
  readonly pipeline?: PipelineDefinition;
  /** Missing: nobody is told. */
  readonly notify?: NotifyDefinition;
  /** `dev` first, then in the order of promotion. */
  readonly environments: readonly EnvironmentDefinition[];
}

/** Where things run, of the targets that are built. */
export type TargetName = 'process' | 'docker';

export type Argv = readonly [string, ...string[]];

export interface BuildDefinition {
  /** Null: what to build is found (lockfile, package.json). */
  readonly argv: Argv | null;
  readonly config: Readonly<Record<string, string>>;
  readonly withinMs: number;
  readonly memoryBytes: number;
  /** Names of secrets that are there while building only. Missing: none. */
  readonly secrets?: readonly string[];
  /** By registry (`ghcr.io`). Missing: none. */
  readonly registries?: Readonly<Record<string, RegistryDefinition>>;
}

interface RegistryDefinition {
  readonly user: string;
  /** Name of a secret of builds, which the build itself is not given for that. */
  readonly password: string;
}

/** `tcp`: the port accepts connections. `http`: the path (with its query) answers 2xx or 3xx. */
export type Check = { readonly kind: 'http'; readonly path: string } | { readonly kind: 'tcp' };

export interface ServiceDefinition {
  readonly service: string;
  /** A service with a port is a web service. */
  readonly kind: 'web' | 'worker';
  /** Empty: what the image runs. */
  readonly argv: readonly string[];
  /** Folder inside the artifact, `.` or `apps/web`. */
  readonly root: string;
  /** The port the file names; null for workers. */
  readonly port: number | null;
  /** Prefix without a slash at its end, but `/` itself. Means nothing for workers. */
  readonly path: string;
  /** Null for workers, and where the image's own check decides (with the port, where it has none). */
  readonly ready: Check | null;
  readonly live: Check | null;
  readonly drainMs: number;
  readonly instances: number;
  readonly memoryBytes: number | null;
  readonly cpuCores: number | null;
  readonly stickiness: Stickiness;
  /** Path prefix without a slash at its end; null: none. */
  readonly assets: string | null;
  /** Whether the worker reads LOTSE_CLAIM_FILE. */
  readonly readsClaim: boolean;
  /** Secrets as files in memory, whose paths stand in NAME_FILE; missing: as variables. */
  readonly secretsAs?: 'files';
  /** What is declared for this service alone; wins over the app's declaration of the same name. */
  readonly config: Readonly<Record<string, ConfigDeclaration>>;
}

export interface JobDefinition {
  readonly job: string;
  readonly argv: Argv;
  readonly root: string;
  readonly withinMs: number;
  /** Missing: it does not run by itself. */
  readonly schedule?: JobSchedule;
  /** A secret: each run by schedule is given a new value of it, `NEW_…`, which is in force when the run has succeeded. */
  readonly rotates?: string;
}

/** What is done with each release before it is deployed. */
export interface PipelineDefinition {
  /** In the file's order. */
  readonly jobs: readonly PipelineJobDefinition[];
  /** Null: runs go side by side. */
  readonly concurrency: { readonly group: 'branch' | 'app'; readonly newer: 'cancels' | 'waits' } | null;
}

export interface PipelineJobDefinition {
  readonly job: string;
  /** One after the other until one fails. */
  readonly commands: readonly Argv[];
  readonly root: string;
  /** Names of jobs that have to pass first. */
  readonly needs: readonly string[];
  readonly withinMs: number;
  readonly config: Readonly<Record<string, string>>;
  /** Of builds. */
  readonly secrets: readonly string[];
  /** Paths are relative to the app's folder, also where `root` is another one. */
  readonly cache: { readonly paths: readonly string[]; readonly key: readonly string[] } | null;
  readonly artifacts: readonly string[];
  readonly reports: { readonly junit: readonly string[]; readonly sarif: readonly string[] };
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
  /** Of an `enum`: all that it may be. */
  readonly values?: readonly string[];
  /** The text exactly as written in the file; null when an environment must give it. */
  readonly value: string | null;
  /** False: the variable may be missing. */
  readonly required: boolean;
  readonly description: string | null;
}

/** Who is told. Names are those of secrets of the environment, or of its config values; null: that way is not used. */
export interface NotifyDefinition {
  readonly mail: readonly string[];
  readonly smtp: string;
  /** Null: the first of `mail`. */
  readonly from: string | null;
  readonly slack: string | null;
  readonly teams: string | null;
  readonly ntfy: string | null;
  readonly pagerduty: string | null;
  readonly webhook: { readonly url: string; readonly key: string } | null;
  readonly heartbeat: string | null;
  readonly language: 'en' | 'de';
}

/** What belongs to an environment and not to the release: it holds from when it was last accepted there. */
export interface EnvironmentDefinition {
  readonly environment: string;
  /** The app's: one app on two targets is not built yet. */
  readonly target: TargetName;
  /** Machines that it is spread over, in this order; none: the one that Lotse runs on. */
  readonly servers: readonly string[];
  /** The environment that must have verified a release first. */
  readonly after: string | null;
  /** Lower case; the first is the one that is checked from outside. None only on other machines. */
  readonly domains: readonly string[];
  readonly config: Readonly<Record<string, string>>;
  readonly services: Readonly<Record<string, ServiceOverride>>;
  readonly strategy: StrategyDefinition;
  readonly gates: GatesDefinition;
  /** Proxies in front that are believed about clients. */
  readonly trustedProxies: readonly TrustedProxy[];
  readonly tls: TlsDefinition;
  /** Where the queries of signals are asked; null: nowhere. */
  readonly prometheus: string | null;
}

/** Where the certificates of an environment come from, and what browsers are told. */
export interface TlsDefinition {
  readonly source: CertificateSource;
  /** Whether plain requests are sent to TLS. */
  readonly redirects: boolean;
  /** Null: it grows by itself; 0: browsers are told nothing. */
  readonly hstsMs: number | null;
}

export type CertificateSource =
  /** `wildcard`: also for every name right below a domain. `dns` null: shown by a request on port 80. */
  | { readonly kind: 'automatic'; readonly wildcard: boolean; readonly dns: DnsProofDefinition | null }
  | { readonly kind: 'off' }
  /** The development CA of the machine. */
  | { readonly kind: 'local' }
  /** Files of the server, PEM. */
  | { readonly kind: 'files'; readonly certificate: string; readonly key: string };

export type DnsProofDefinition =
  | {
      readonly kind: 'rfc2136';
      /** `ns1.shop.example`, `192.0.2.7:5353`. */
      readonly server: string;
      readonly zone: string;
      /** The server's file with the TSIG key. */
      readonly keyFile: string;
      readonly ttlS: number;
    }
  | { readonly kind: 'script'; readonly argv: Argv };

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
  readonly name: 'blue-green' | 'rolling' | 'recreate' | 'canary';
  /** Null for every other strategy. */
  readonly canary: CanaryDefinition | null;
  /** The least time at each share of a canary; 0: as soon as the judge is sure. */
  readonly everyMs: number;
  /** How long the rollout may take until the new release has all traffic; a canary, from its first share on. */
  readonly withinMs: number;
  /** How long the new release is watched after the last shift. */
  readonly watchMs: number;
  /** What stays on the old release until the watch is over, in thousandths. */
  readonly holdbackPermille: number;
  /** Up to this factor of the old odds of a failure the new release is never harmful. */
  readonly margin: number;
  /** Below this factor it may be healthy. */
  readonly tolerance: number;
  readonly limits: readonly LimitDefinition[];
  readonly signals: readonly SignalDefinition[];
}

export type CanaryDefinition =
  /** Ascending, in thousandths. */
  | { readonly kind: 'shares'; readonly permille: readonly number[] }
  /** How many failed requests the rollout may cost; shares follow from it. */
  | { readonly kind: 'budget'; readonly failures: number };

export type LimitDefinition =
  /** At most this part of the requests may fail. */
  | { readonly kind: 'failures'; readonly mostRate: number }
  /** At least this part of the requests (0.99 for p99) is finished within `mostMs`. */
  | { readonly kind: 'duration'; readonly part: number; readonly mostMs: number }
  /** In the signal's own unit; a duration is written in seconds, a percentage as part of one. */
  | { readonly kind: 'signal'; readonly signal: string; readonly value: number };

export interface SignalDefinition {
  readonly signal: string;
  readonly better: 'lower' | 'higher';
  readonly source:
    | { readonly kind: 'prometheus'; readonly query: string }
    | { readonly kind: 'job'; readonly argv: Argv; readonly root: string };
}

export interface GatesDefinition {
  /** How many people must approve; 0: nobody has to. */
  readonly approval: number;
  /** A Markdown file in the app's folder. */
  readonly checklist: string | null;
  readonly hours: Hours | null;
  /** The least severity that no scan may have found; missing: no scan is asked for. */
  readonly scans?: Severity;
  /** Jobs of the pipeline that must have passed; missing: the app has none. */
  readonly pipeline?: readonly string[];
  /** Whether the app's own verification must succeed here. */
  readonly verification: boolean;
}
