import type { ArtifactDigest, AppName, EnvironmentName, ReleaseId, RevisionId, UnixMs } from '../core/ids.ts';
import type * as manifest from '../manifest/app-manifest.ts';

export type { Check } from '../manifest/app-manifest.ts';

/**
 * What travels with a release is what lotse.yaml says, as the manifest's types describe it: without config, which is
 * frozen as a version of its own, and with any command that a stored document may hold.
 */
type Travelling<Definition extends { readonly argv: readonly string[] }> = Omit<Definition, 'argv' | 'config'> & {
  readonly argv: readonly string[];
};

/** The same in every environment but for the overrides of that environment. */
export type ServiceDefinition = Travelling<manifest.ServiceDefinition>;
export type JobDefinition = Travelling<manifest.JobDefinition>;
/** The driver names the variables that say where the store is. */
export type StoreDefinition = Omit<manifest.StoreDefinition, 'variable'>;

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
  /** Text of its flags.flagd.json; missing or null: it has none. */
  readonly flags?: string | null;
}

/** A release bound to one environment, frozen when planned. Approved, rolled out and returned as one. */
export interface Revision {
  readonly id: RevisionId;
  readonly app: AppName;
  readonly environment: EnvironmentName;
  readonly number: number;
  readonly release: ReleaseId;
  readonly artifact: ArtifactDigest;
  /** What the artifact runs on. */
  readonly target: manifest.TargetName;
  /** Machines that it is spread over, in this order; missing or none: the one that Lotse runs on. */
  readonly servers?: readonly string[];
  readonly plannedAt: UnixMs;
  /** Services with the environment's overrides applied. */
  readonly services: readonly ServiceDefinition[];
  readonly jobs: readonly JobDefinition[];
  readonly verification: JobDefinition | null;
  readonly stores: readonly StoreDefinition[];
  /** Variables by which all of its instances and jobs get secrets; the values are those of the environment. */
  readonly secretNames: readonly string[];
  /** Content hash of the frozen config version, by which it is found. */
  readonly configVersion: string;
}

export function webServices(revision: Revision): readonly ServiceDefinition[] {
  return revision.services.filter((service) => service.kind === 'web');
}
