import type { UpgradeRecord } from './upgrade-record.ts';

/** What an upgrade has to do next. */
export type Move =
  /** Nothing is under way. */
  | 'begin'
  /** The old control plane runs still: let the new one take its place. */
  | 'swap'
  /** The new one runs: is it well? */
  | 'watch'
  /** The new one must not go on: let the old one take its place. */
  | 'go-back'
  /** The old one runs again: is it well? */
  | 'watch-old';

/** After whatever ended the call before: `runs` is the main file of the control plane that owns the state now; null: none does. */
export function nextMove(record: Pick<UpgradeRecord, 'phase' | 'from' | 'to'> | null, runs: string | null): Move {
  if (record === null) return 'begin';
  const { from, to } = record;
  // Somebody has started another one by hand: that is a decision, and what was under way is over.
  if (runs !== null && runs !== from.mainFile && runs !== to.mainFile) return 'begin';
  switch (record.phase) {
    case 'upgraded':
    case 'returned':
      return 'begin';
    case 'swapping':
      if (runs === null) return 'go-back';
      return runs === to.mainFile ? 'watch' : 'swap';
    case 'returning':
      return runs === from.mainFile ? 'watch-old' : 'go-back';
  }
}
