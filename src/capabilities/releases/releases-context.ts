import type { Actor } from '../../core/events.ts';
import type { AppName, ArtifactDigest, ReleaseId, Scope, UnixMs } from '../../core/ids.ts';
import type { Database } from '../../database/open-database.ts';
import type { DatabaseJournal } from '../../database/journal.ts';
import type { Engine, OwnerLock } from '../../engine/engine.ts';
import type { Builders } from '../../ports/builders/builders.ts';
import type { ReleasePart } from '../../ports/release-part/release-part.ts';
import type { EnterableTarget, NetworkedTarget } from '../../ports/targets/targets.ts';
import type { TrafficRouter } from '../../ports/traffic/traffic.ts';
import type { SecuredDoor } from '../../ports/certificates/certificates.ts';
import type { Secret } from '../../core/secret.ts';
import type { PipelineStanding } from '../../rollout/gate.ts';
import type { Release } from '../../rollout/release.ts';
import type { AcceptedNames, NameBook } from './accepted-names.ts';
import type { IncomingSource } from './create-release.ts';
import type { JobLooks } from './job-looks.ts';
import type { PortBook } from './port-rows.ts';
import type { ServerLookView } from './releases-api.ts';

/** What a build asks for, and on whose behalf. */
interface WantedByBuild {
  readonly app: AppName;
  readonly commit: string;
  /** Each once. */
  readonly names: readonly string[];
  readonly by: Actor;
}

/** What a pipeline runs for. */
export interface BuiltRelease {
  readonly release: Release;
  /** Of this machine; it may be gone when the call is over. */
  readonly tar: string;
  readonly by: Actor;
}

/** What the capability works with; the composition root fills it. */
export interface ReleasesContext {
  readonly database: Database;
  readonly journal: DatabaseJournal;
  readonly lock: OwnerLock;
  readonly engine: Engine;
  readonly builders: Builders;
  readonly target: NetworkedTarget & EnterableTarget;
  readonly traffic: TrafficRouter;
  /** Makes a machine of `servers:` ready to run an artifact, however long that takes. Errors: `unreachable`, `timeout`, `disk-full`, `not-found`. */
  readonly prepareServer: (server: string, artifact: ArtifactDigest) => Promise<void>;
  /** Looks at these machines, and at those that environments run on. */
  readonly lookAtServers: (servers: readonly string[]) => Promise<readonly ServerLookView[]>;
  readonly parts: readonly ReleasePart[];
  readonly ports: PortBook;
  /** Follows the jobs that somebody is shown. */
  readonly jobLooks: JobLooks;
  /** Shared front port of the proxy. */
  readonly frontPort: number;
  readonly names: NameBook;
  /** What TLS gives an environment now. */
  readonly secured: (environment: AcceptedNames) => SecuredDoor;
  /** Value of the header that shows a release to whoever sends it, until then. */
  readonly signPreview: (release: ReleaseId, untilMs: UnixMs) => string;
  /** When what people have set for an environment was changed last before that moment; null: never. */
  readonly configChangedAt: (scope: Scope, before: UnixMs) => Promise<UnixMs | null>;
  /** Is something else than a release the likely cause of what a signal says now? Looks first. Rejects never. */
  readonly hasOtherCause: (scope: Scope, signal: string) => Promise<boolean>;
  /** Refuses a source with secrets in it; answers remarks for people. Errors: `bad-input`, `timeout`. */
  readonly checkSource: (source: Pick<IncomingSource, 'app' | 'commit' | 'tar' | 'by'>) => Promise<readonly string[]>;
  /**
   * Values of secrets that builds are given, by name; who had them is in the journal when it resolves. Errors: `not-found`
   * names what has no value; `sealed`, `unreachable`, `timeout`, `forbidden`.
   */
  readonly buildSecrets: (wanted: WantedByBuild) => Promise<Readonly<Record<string, Secret>>>;
  /**
   * A release was built from a source that its manifest declares a pipeline for: its first run begins, from a copy of the
   * tar. Nothing happens where it has one already. Errors: `disk-full`.
   */
  readonly beginPipeline: (built: BuiltRelease) => Promise<void>;
  /** The latest run; null: there was none. */
  readonly pipelineOf: (app: AppName, release: ReleaseId) => Promise<PipelineStanding | null>;
  /** Where sources and build logs are kept. */
  readonly stateDir: string;
  readonly now: () => number;
  /** A fresh UUIDv7. */
  readonly newId: () => string;
}
