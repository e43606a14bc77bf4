import type {
  ArtifactDigest,
  AppName,
  EnvironmentName,
  ReleaseId,
  RevisionId,
  ServiceName,
  UnixMs,
} from '../core/ids.ts';

/** How an HTTP or TCP check asks an instance. */
export type Check = { readonly kind: 'http'; readonly path: string } | { readonly kind: 'tcp' };

/** A service as it travels with the release: the same in every environment but for the overrides of that environment. */
export interface ServiceDefinition {
  readonly service: ServiceName;
  readonly kind: 'web' | 'worker';
  readonly argv: readonly string[];
  /** Folder inside the artifact, `.` or `apps/web`. */
  readonly root: string;
  /** The port the file names; instances listen on PORT, which may be another one. Null for workers. */
  readonly port: number | null;
  readonly path: string;
  readonly ready: Check | null;
  readonly live: Check | null;
  readonly drainMs: number;
  readonly instances: number;
  readonly memoryBytes: number | null;
  readonly cpuCores: number | null;
  readonly stickiness: 'cookie' | 'none';
  /** Whether the worker reads LOTSE_CLAIM_FILE. */
  readonly readsClaim: boolean;
}

export interface JobDefinition {
  readonly job: string;
  readonly argv: readonly string[];
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
}

export interface ReleaseSource {
  /** Full commit id, or the one a dirty tree is based on; forty zeros outside git. */
  readonly commit: string;
  readonly dirty: boolean;
  readonly branch: string | null;
  readonly subject: string | null;
}

/** What is promoted, the same everywhere. Immutable. */
export interface Release {
  readonly id: ReleaseId;
  readonly app: AppName;
  readonly number: number;
  readonly createdAt: UnixMs;
  readonly source: ReleaseSource;
  readonly artifact: ArtifactDigest;
  readonly services: readonly ServiceDefinition[];
  readonly jobs: readonly JobDefinition[];
  readonly verification: JobDefinition | null;
  /** The manifest's text as it came, for environments' definitions and for people. */
  readonly manifestText: string;
  /** Whether a Dockerfile lay beside the manifest: it decides defaults. */
  readonly hasDockerfile: boolean;
  /** Texts of the checklists that its environments name, by path. */
  readonly checklists: Readonly<Record<string, string>>;
}

/** A release bound to one environment, frozen when planned. Approved, rolled out and returned as one. */
export interface Revision {
  readonly id: RevisionId;
  readonly app: AppName;
  readonly environment: EnvironmentName;
  readonly number: number;
  readonly release: ReleaseId;
  readonly artifact: ArtifactDigest;
  readonly plannedAt: UnixMs;
  /** Services with the environment's overrides applied. */
  readonly services: readonly ServiceDefinition[];
  readonly jobs: readonly JobDefinition[];
  readonly verification: JobDefinition | null;
  readonly stores: readonly StoreDefinition[];
  /** Content hash of the frozen config version, by which it is found. */
  readonly configVersion: string;
}

export function webServices(revision: Revision): readonly ServiceDefinition[] {
  return revision.services.filter((service) => service.kind === 'web');
}
