import type { Database } from '../../database/open-database.ts';
import type { DatabaseJournal } from '../../database/journal.ts';
import type { Engine, OwnerLock } from '../../engine/engine.ts';
import type { Builder } from '../../ports/builders/builders.ts';
import type { ReleasePart } from '../../ports/release-part/release-part.ts';
import type { Target } from '../../ports/targets/targets.ts';
import type { TrafficRouter } from '../../ports/traffic/traffic.ts';
import type { PortBook } from './port-rows.ts';

/** What the capability works with; the composition root fills it. */
export interface ReleasesContext {
  readonly database: Database;
  readonly journal: DatabaseJournal;
  readonly lock: OwnerLock;
  readonly engine: Engine;
  readonly builder: Builder;
  readonly target: Target;
  readonly traffic: TrafficRouter;
  readonly parts: readonly ReleasePart[];
  readonly ports: PortBook;
  /** Shared front port of the proxy. */
  readonly frontPort: number;
  /** Where sources and build logs are kept. */
  readonly stateDir: string;
  readonly now: () => number;
  /** A fresh UUIDv7. */
  readonly newId: () => string;
}
