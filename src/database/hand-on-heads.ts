import type { DatabaseJournal } from './journal.ts';

/** How long appends are gathered before the heads are handed on, in milliseconds. */
const delayMs = 100;

type Heads = Awaited<ReturnType<DatabaseJournal['heads']>>;

/**
 * Hands the journal's heads to whoever keeps them elsewhere, soon after each append. A keeper that is away gets them
 * with the next append. Gives back how to stop.
 */
export function handOnHeads(journal: DatabaseJournal, keep: (heads: Heads) => Promise<void>): () => void {
  let timer: NodeJS.Timeout | null = null;
  const hand = async (): Promise<void> => {
    timer = null;
    await keep(await journal.heads());
  };
  const stopListening = journal.onAppend(() => {
    timer ??= setTimeout(() => void hand().catch(() => undefined), delayMs);
  });
  return () => {
    stopListening();
    if (timer !== null) clearTimeout(timer);
  };
}
