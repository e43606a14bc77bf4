import type { Environment } from '../model/environment.ts';
import type { Log } from '../model/log.ts';
import type { Stores } from '../model/open-stores.ts';
import type { AccountBook } from './account-book.ts';
import type { Assets } from './assets.ts';
import type { SessionBook } from './session-book.ts';

export type { SignedIn } from './session-book.ts';

/** What every route may use. */
export type App = {
  readonly environment: Environment;
  readonly log: Log;
  readonly stores: Stores;
  readonly assets: Assets;
  readonly accounts: AccountBook;
  readonly sessions: SessionBook;
  /** Aborted when the process is asked to stop: long answers end, browsers come back to another instance. */
  readonly stopping: AbortSignal;
};
