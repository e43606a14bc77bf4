import type { PositionedEvent } from './journal-rows.ts';

/** Must be quick and must not wait: it is called between two transactions. */
export type AppendListener = (events: readonly PositionedEvent[]) => void;

export interface AppendListeners {
  add(listener: AppendListener): () => void;
  tell(events: readonly PositionedEvent[]): void;
}

export function createAppendListeners(): AppendListeners {
  const listeners = new Map<symbol, AppendListener>();
  return {
    add(listener) {
      const key = Symbol('listener');
      listeners.set(key, listener);
      return () => void listeners.delete(key);
    },
    tell(events) {
      if (events.length === 0) return;
      for (const listener of listeners.values().toArray()) tellOne(listener, events);
    },
  };
}

/** What was committed is committed: a listener that throws harms neither the append nor the other listeners. */
function tellOne(listener: AppendListener, events: readonly PositionedEvent[]): void {
  try {
    listener(events);
  } catch (error) {
    process.emitWarning(error instanceof Error ? error : String(error), { type: 'JournalListenerFailed' });
  }
}
