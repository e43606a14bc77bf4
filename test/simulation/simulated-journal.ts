import { LotseError } from '../../src/core/errors.ts';
import type { JournalEvent } from '../../src/core/events.ts';
import type { Journal, JournalQuery } from '../../src/engine/journal.ts';
import type { EventDraft } from '../../src/core/events.ts';
import type { ChainName } from '../../src/core/ids.ts';

/** All events of one chain, durable as soon as they are appended. */
export class SimulatedJournal {
  readonly #events: JournalEvent[] = [];
  #fence = 0;

  append(chain: ChainName, fence: number, drafts: readonly EventDraft[], at: number): readonly JournalEvent[] {
    if (fence < this.#fence) throw new LotseError('fenced-off', 'a newer control plane has taken over');
    this.#fence = fence;
    const written = drafts.map((draft, index) => {
      const sequence = this.#events.length + index + 1;
      return { ...draft, chain, sequence, id: String(sequence), at, hash: '', erased: false };
    });
    this.#events.push(...written);
    return written;
  }

  read({ after, limit }: JournalQuery): readonly JournalEvent[] {
    return this.#events.slice(after, after + limit);
  }

  heads(): Awaited<ReturnType<Journal['heads']>> {
    return {};
  }
}
