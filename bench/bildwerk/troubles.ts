/** What can be wrong with a release of bildwerk, as `app/trouble.ts` reads it. */
export interface Trouble {
  readonly medianMs: number;
  readonly failing: number;
  readonly path: string | null;
  readonly slower: number;
  readonly hanging: number;
  readonly leakBytes: number;
}

const well: Trouble = { medianMs: 60, failing: 0, path: null, slower: 1, hanging: 0, leakBytes: 0 };

export interface Kind {
  readonly name: string;
  readonly trouble: Trouble;
  /** What must become of its rollout. */
  readonly wanted: 'settled' | 'returned';
  /** Whether its failures are held to the exposure budget; else it must be back within `within`. */
  readonly isBudgeted: boolean;
}

export const good: Kind = { name: 'good', trouble: well, wanted: 'settled', isBudgeted: false };

export const badKinds: readonly Kind[] = [
  bad('2 % of requests fail', { failing: 0.02 }, true),
  bad('5 % of requests fail', { failing: 0.05 }, true),
  bad('20 % of requests fail', { failing: 0.2 }, true),
  bad('all hang', { hanging: 1 }, true),
  bad('one path fails', { failing: 1, path: '/register' }, true),
  bad('1.5 times as slow', { slower: 1.5 }, false),
  bad('leaks until it dies', { leakBytes: 4_000_000 }, false),
];

function bad(name: string, trouble: Partial<Trouble>, isBudgeted: boolean): Kind {
  return { name, trouble: { ...well, ...trouble }, wanted: 'returned', isBudgeted };
}
