import { scopeOf } from '../core/ids.ts';
import type { JournalEvent } from '../core/events.ts';
import type { Place } from '../capabilities/accounts/open-accounts.ts';

export type PositionedEvent = JournalEvent & { readonly position: number };

/** Where changes come from: the database's journal. */
export interface ChangeSource {
  /** Events over all chains after a position, oldest first. Positions have no gaps. */
  readAll(query: { readonly afterPosition: number; readonly limit: number }): Promise<readonly PositionedEvent[]>;
  lastPosition(): Promise<number>;
  /** Told after each commit, in the order of positions. Gives back how to stop listening. */
  onAppend(listener: (events: readonly PositionedEvent[]) => void): () => void;
}

/** That something has happened, and where; never what. */
export interface Change extends Place {
  readonly position: number;
  readonly type: string;
}

export interface ChangeFeed {
  /** Up to `limit` changes after a position, oldest first. */
  after(position: number, limit: number): Promise<readonly Change[]>;
  lastPosition(): Promise<number>;
  /** Called when there is something new. Gives back how to stop listening. */
  onNews(listener: () => void): () => void;
  close(): void;
}

/** Keeps the latest changes, so that many open pages do not each read the journal for every event. */
export function createChangeFeed(source: ChangeSource, capacity = 1000): ChangeFeed {
  let recent: Change[] = [];
  const listeners = new Set<() => void>();
  const stop = source.onAppend((events) => {
    recent.push(...events.map(changeOf));
    if (recent.length > 2 * capacity) recent = recent.slice(-capacity);
    for (const listener of listeners) listener();
  });
  return {
    async after(position, limit) {
      const first = recent[0];
      if (first !== undefined && first.position <= position + 1) {
        const start = position + 1 - first.position;
        return recent.slice(start, start + limit);
      }
      return (await source.readAll({ afterPosition: position, limit })).map(changeOf);
    },
    lastPosition: () => source.lastPosition(),
    onNews(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: stop,
  };
}

/** Events of the control plane itself belong where their payload says, if it says so. */
export function changeOf({ position, type, chain, payload }: PositionedEvent): Change {
  const scope = scopeOf(chain);
  if (scope !== null) return { position, type, ...scope };
  return { position, type, app: textIn(payload, 'app'), environment: textIn(payload, 'environment') };
}

function textIn(payload: unknown, name: 'app' | 'environment'): string | null {
  if (typeof payload !== 'object' || payload === null) return null;
  const value: unknown = Reflect.get(payload, name);
  return typeof value === 'string' ? value : null;
}
