import { AsyncLocalStorage } from 'node:async_hooks';
import type { KyselyPlugin } from 'kysely';
import { LotseError } from '../core/errors.ts';

export interface InsideGuard {
  /** Throws when called by code that runs inside `run`. */
  refuse(): void;
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Refuses each query of a kysely instance inside `run`. */
  readonly plugin: KyselyPlugin;
}

/**
 * There is one connection: a query on it inside a transaction, past that transaction, would wait for itself for ever.
 * The guard knows who is inside and makes it an error at once.
 */
export function createInsideGuard(): InsideGuard {
  const inside = new AsyncLocalStorage<{ open: boolean }>();
  const refuse = (): void => {
    if (inside.getStore()?.open !== true) return;
    throw new LotseError(
      'internal',
      'The database was used inside its own transaction, which would wait for itself: use the transaction that was handed in.',
    );
  };
  return {
    refuse,
    async run(work) {
      const scope = { open: true };
      try {
        return await inside.run(scope, work);
      } finally {
        // What `work` has left behind (a timer, a listener) is outside from now on.
        scope.open = false;
      }
    },
    plugin: {
      transformQuery(query) {
        refuse();
        return query.node;
      },
      transformResult: (result) => Promise.resolve(result.result),
    },
  };
}
