import { z } from 'zod';
import { toLotseError } from '../../core/errors.ts';
import { systemActor } from '../../core/events.ts';
import { chainOf, type UnixMs } from '../../core/ids.ts';
import type { DatabaseJournal } from '../../database/journal.ts';
import type { Database } from '../../database/open-database.ts';
import type { SecretPlace } from '../../ports/secrets/secrets.ts';
import { allTerms } from './rotation-rows.ts';
import { secretEvent } from './secret-events.ts';
import { noticeDue } from './secret-terms.ts';

interface TermsWatchParts {
  readonly database: Database;
  readonly journal: DatabaseJournal;
  readonly fence: () => number;
  readonly now: () => UnixMs;
  readonly log: (about: object) => void;
}

const lookEveryMs = 3_600_000;
const reminder = z.object({ days: z.number() });

/** Reminds of values that end elsewhere: an event for each notice, once, which those who are notified hear of. */
export class TermsWatch {
  readonly #parts: TermsWatchParts;
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> = Promise.resolve();

  constructor(parts: TermsWatchParts) {
    this.#parts = parts;
  }

  start(): void {
    const look = (): void => void (this.#looking = this.#looking.then(() => this.look()));
    this.#timer ??= setInterval(look, lookEveryMs);
    this.#timer.unref();
    look();
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#looking;
  }

  async look(): Promise<void> {
    const terms = await allTerms(this.#parts.database.db).catch((error: unknown) => {
      this.#tell('what ends', error);
      return [];
    });
    for (const { expiresAt, ...place } of terms) {
      const days = noticeDue(expiresAt, this.#parts.now());
      if (days === null) continue;
      await this.#remind(place, expiresAt, days).catch((error: unknown) => this.#tell(place.name, error));
    }
  }

  async #remind(place: SecretPlace, expiresAt: UnixMs, days: number): Promise<void> {
    const { journal, fence } = this.#parts;
    const chain = chainOf(place);
    const correlationId = `secret/${place.name}/${expiresAt}`;
    const told = await journal.read(chain, { after: 0, limit: 50, correlationId });
    if (told.some(({ payload }) => reminder.safeParse(payload).data?.days === days)) return;
    const payload = { name: place.name, expiresAt, days };
    const event = secretEvent('secret-expiring', { actor: systemActor, reason: null }, payload);
    await journal.append(chain, fence(), [{ ...event, correlationId }]);
  }

  #tell(what: string, error: unknown): void {
    this.#parts.log({ during: `reminding of secrets: ${what}`, error: toLotseError(error).message });
  }
}
