import type { Scope } from '../../core/ids.ts';
import type { StoreDefinition } from '../../rollout/release.ts';

/**
 * A store is where an app keeps what must survive. Bound per environment. Room for migrate, snapshot, restore, clone and
 * schema version, which come with the drivers that need them.
 */
export interface StoreDriver {
  /** Makes the store usable for the environment, if it is not; may be called again. Errors: `disk-full`, `unreachable`. */
  bind(scope: Scope, store: StoreDefinition): Promise<StoreBinding>;
}

export interface StoreBinding {
  /** What instances are given: `PICTURES_DIR`. */
  readonly variables: Readonly<Record<string, string>>;
  /** Folders on this machine in which they may write. */
  readonly folders: readonly string[];
}
