import type { ArtifactDigest, AppName } from '../../core/ids.ts';
import type { Secret } from '../../core/secret.ts';
import type { TargetName } from '../../manifest/app-manifest.ts';

/**
 * A builder makes an immutable artifact from source, once, in a clean environment with declared variables only.
 * The digest covers content, modes and links of what it made.
 */
export interface Builder {
  /**
   * Builds the source (a tar stream, paths relative to the app's folder). Idempotent by `key`: a finished build of
   * that key answers with its artifact. Progress lines go to `onLine`. Errors: `build-failed` (with the last log
   * lines as details), `disk-full`, `timeout`, `cancelled` through the signal.
   */
  build(order: BuildOrder, onLine: (line: string) => void, signal: AbortSignal): Promise<Artifact>;

  /** The artifact, verified to be there and whole as far as a look at its record tells; null when it is gone. */
  find(digest: ArtifactDigest): Promise<Artifact | null>;

  /** Why the artifact cannot run on this machine, one sentence; null: it can. Asked before a start. */
  unfit(artifact: Artifact): string | null;

  /** Every artifact of the app that is kept. */
  list(app: AppName): Promise<readonly Artifact[]>;

  /** Removes artifacts of the app that are not in `keep`; answers what went. Never touches one that runs. */
  collect(app: AppName, keep: readonly ArtifactDigest[]): Promise<readonly ArtifactDigest[]>;
}

/** The builders, by what runs their artifacts. */
export interface Builders {
  of(target: TargetName): Promise<Builder>;
  /** Those that were needed so far. */
  readonly opened: readonly Builder[];
}

export interface BuildOrder {
  readonly app: AppName;
  readonly key: string;
  /** Path of a tar file that holds the source. */
  readonly sourceTar: string;
  /** Folders inside the source that have something to build: `.` and the services' roots. */
  readonly roots: readonly string[];
  /** The command that builds, in `.`; null: what to build is found. */
  readonly run: readonly string[] | null;
  readonly variables: Readonly<Record<string, string>>;
  /**
   * There while building only, by name: the builder puts them into no artifact, log or message. A build that writes one
   * into files fails (`build-failed`); what a step of a Dockerfile copies into its image is not looked through.
   */
  readonly secrets?: Readonly<Record<string, Secret>>;
  /** For images that a build begins with, by registry as names of images begin with it; `docker.io` is Docker Hub. */
  readonly registries?: Readonly<Record<string, RegistryLogin>>;
  readonly withinMs: number;
  readonly memoryBytes: number | null;
}

/** In no artifact, no log and no message, and not seen by what the build runs. */
interface RegistryLogin {
  readonly username: string;
  readonly password: Secret;
}

export interface Artifact {
  readonly digest: ArtifactDigest;
  readonly app: AppName;
  readonly sizeBytes: number;
  readonly createdAtMs: number;
  /** What it was made on and may need again: checked before a start. */
  readonly platform: {
    readonly os: string;
    readonly cpu: string;
    readonly libc: string | null;
    readonly runtime: string;
  };
}
