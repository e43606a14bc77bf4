import type { InnerDoor, RoutedEnvironment } from '../core/routing-document.ts';
import type { RevisionId, Scope, ServiceName } from '../core/ids.ts';
import type { GateResult } from '../rollout/gate.ts';
import type { Plan } from '../rollout/plan.ts';
import type { Revision } from '../rollout/release.ts';
import type { SignalQuery } from '../ports/signals/signals.ts';
import type { Variables } from '../ports/targets/targets.ts';

/**
 * What the engine looks up outside itself. Journal and effects carry references; these resolve them right before a
 * call. All methods may be called again at any time.
 */
export interface Bindings {
  /** The frozen revision. Errors: `not-found`. */
  revision(scope: Scope, id: RevisionId): Promise<Revision>;

  /** Names and front port of the environment, from its last accepted definition. */
  frontDoor(scope: Scope): Promise<FrontDoor>;

  /**
   * Ports of a revision; allocated at the first question and kept until `release`. Errors: `port-taken`, `unreachable` where
   * its network cannot be asked for.
   */
  ports(scope: Scope, revision: Revision): Promise<RevisionPorts>;

  /** Nobody names this revision any more: its ports may be given to others. */
  release(scope: Scope, revision: RevisionId): Promise<void>;

  /** What an instance of the service, or a job (null) of the revision, is given beyond what the target adds. */
  surroundings(scope: Scope, revision: Revision, service: ServiceName | null): Promise<Surroundings>;

  /** Asked right before a step: the state of these gates now. */
  gates(plan: Plan, gateIds: readonly string[]): Promise<readonly GateResult[]>;

  /** What else the plan's judge goes by; asked once for each rollout, and again after a restart. */
  signals(plan: Plan): Promise<readonly SignalQuery[]>;

  /** A service listens on a port of its own choice: plans to come pause and switch it. */
  learnFixedPort(scope: Scope, service: ServiceName, port: number): Promise<void>;
}

export interface FrontDoor {
  readonly domains: readonly string[];
  /** Those below which `<release>.<domain>` previews a release. */
  readonly previewDomains: readonly string[];
  readonly https: RoutedEnvironment['https'];
  readonly port: number | null;
  /** The environment's own address, e.g. `http://127.0.0.1:8101`; null while it has none. */
  readonly url: string | null;
}

export interface RevisionPorts {
  readonly pinned: number | null;
  readonly internal: Readonly<Record<ServiceName, number>>;
  /** Where these are, when instances do not share this machine's loopback; null: on loopback. */
  readonly inner: InnerDoor | null;
}

export interface Surroundings {
  readonly variables: Variables;
  readonly storeFolders: readonly string[];
}
