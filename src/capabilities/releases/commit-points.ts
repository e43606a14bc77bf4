import type { DatabaseJournal } from '../../database/journal.ts';
import { isRolloutEvent } from '../../rollout/rollout-events.ts';

/** Names each commit of a capability, for tests that end the process there. Points around what the engine writes are its own. */
export function nameCommits(journal: DatabaseJournal, atPoint: (point: string) => void): void {
  journal.onAppend((events) => {
    for (const event of events) {
      if (event.chain !== 'control' && !isRolloutEvent(event)) atPoint(`committed ${event.type}`);
    }
  });
}
