import type { ChainName } from '../core/ids.ts';
import type { EventDraft, JournalEvent } from '../core/events.ts';

/** The engine's journal: append-only, one hash chain per environment. Implemented by the database. */
export interface Journal {
  /**
   * Appends all drafts or none, durably, before it resolves. `fence` below the chain's highest is refused with
   * `fenced-off`. Other errors: `disk-full` (retriable), `journal-damaged`.
   */
  append(chain: ChainName, fence: number, drafts: readonly EventDraft[]): Promise<readonly JournalEvent[]>;

  /** Events after a sequence number, oldest first; null correlation: all. */
  read(chain: ChainName, query: JournalQuery): Promise<readonly JournalEvent[]>;

  /** Sequence and hash of the latest event of each chain. */
  heads(): Promise<Readonly<Record<string, { readonly sequence: number; readonly hash: string }>>>;
}

export interface JournalQuery {
  readonly after: number;
  readonly limit: number;
  readonly correlationId: string | null;
}
