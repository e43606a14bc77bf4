/** What failed beside what was run; in a process that has run others before, it may be theirs. */
export const unheardMark = 'unheard: ';

/**
 * Runs something; rejects when it fails, when anything beside it fails unheard, and when it can never end because nothing
 * is left that could go on.
 */
export async function unguarded<Value>(act: () => Promise<Value>): Promise<Value> {
  const { promise: trouble, reject } = Promise.withResolvers<never>();
  trouble.catch(() => undefined);
  const stuck = () => reject(new Error('it never ends: nothing is left to wait for'));
  const unheard = (error: unknown) => reject(new Error(`${unheardMark}${wordsOf(error)}`));
  process.on('uncaughtException', unheard).on('unhandledRejection', unheard).on('beforeExit', stuck);
  process.channel?.unref();
  try {
    return await Promise.race([act(), trouble]);
  } finally {
    process.channel?.ref();
    process.off('uncaughtException', unheard).off('unhandledRejection', unheard).off('beforeExit', stuck);
  }
}

export function wordsOf(error: unknown): string {
  const words = error instanceof Error ? error.message : String(error);
  return words.replaceAll(/\s+/g, ' ').slice(0, 200);
}
