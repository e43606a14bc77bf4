import { LotseError, toLotseError } from '../../core/errors.ts';
import { systemActor } from '../../core/events.ts';
import { chainOf } from '../../core/ids.ts';
import type { DatabaseJournal } from '../../database/journal.ts';
import type { Database } from '../../database/open-database.ts';
import type { HeldSecret, SecretPlace, SecretStore } from '../../ports/secrets/secrets.ts';
import type { Variables } from '../../ports/targets/targets.ts';
import type { Revision } from '../../rollout/release.ts';
import { putUses, usesOf } from './rotation-rows.ts';
import { secretEvent } from './secret-events.ts';
import type { SecretRotation } from './secret-rotation.ts';

interface ValueParts {
  readonly store: SecretStore;
  readonly rotation: SecretRotation;
  readonly database: Database;
  readonly journal: DatabaseJournal;
  readonly fence: () => number;
}

/** A name of a revision, and what was found for it. */
export interface FoundSecret {
  readonly name: string;
  /** Null: it has none, or cannot be read. */
  readonly held: HeldSecret | null;
  readonly problem: LotseError | null;
}

/**
 * What starts are given. While a store elsewhere cannot be asked, revisions go on with the last good values that this
 * control plane has seen for them; they are in its memory alone.
 */
export class SecretValues {
  readonly #parts: ValueParts;
  readonly #lastGood = new Map<string, readonly FoundSecret[]>();

  constructor(parts: ValueParts) {
    this.#parts = parts;
  }

  /** The value in force of each; of one that is being rotated, what the revision was given before, while it is valid. */
  async find(revision: Revision): Promise<readonly FoundSecret[]> {
    if (revision.secretNames.length === 0) return [];
    const old = await this.#oldVersions(revision).catch(toLotseError);
    return await Promise.all(
      placesOf(revision).map(async (place) => {
        const { name } = place;
        if (old instanceof LotseError) return { name, held: null, problem: old };
        return await this.#read(place, old.get(name)).then(
          (held) => ({ name, held, problem: null }),
          (error: unknown) => ({ name, held: null, problem: toLotseError(error) }),
        );
      }),
    );
  }

  /**
   * For a start: which versions the revision uses is in the journal when this resolves. Errors: `not-found` names what has
   * no value; those of the store.
   */
  async forStart(revision: Revision): Promise<Variables> {
    const given = this.#orLastGood(revision, await this.find(revision)).map(({ name, held, problem }) => {
      if (held !== null) return [name, held] as const;
      if (problem !== null) throw problem;
      throw new LotseError('not-found', `${revision.environment} has no value for the secret ${name}`, {
        hint: `Give it one: \`lotse secret set ${name} ${revision.environment}\`.`,
      });
    });
    await this.#noteUse(revision, Object.fromEntries(given.map(([name, { version }]) => [name, version])));
    return Object.fromEntries(given.map(([name, { value }]) => [name, value]));
  }

  /** What the revision was given, of secrets whose old value is still valid. */
  async #oldVersions(revision: Revision): Promise<ReadonlyMap<string, string>> {
    const rotations = await this.#parts.rotation.open(revision);
    if (rotations.length === 0) return new Map();
    const uses = await usesOf(this.#parts.database.db, revision, revision.id);
    const kept = rotations.filter(({ name, oldVersion }) => uses.get(name) === oldVersion);
    return new Map(kept.map(({ name, oldVersion }) => [name, oldVersion]));
  }

  async #read(place: SecretPlace, oldVersion: string | undefined): Promise<HeldSecret | null> {
    const { store } = this.#parts;
    return (oldVersion === undefined ? null : await store.read(place, oldVersion)) ?? (await store.read(place));
  }

  #orLastGood(revision: Revision, found: readonly FoundSecret[]): readonly FoundSecret[] {
    const key = JSON.stringify([revision.app, revision.environment, revision.id]);
    if (found.every(({ problem }) => problem === null)) {
      this.#lastGood.set(key, found);
      return found;
    }
    const isElsewhere = !this.#parts.store.traits.keepsBooks;
    const mayPass = found.every(({ problem }) => problem === null || passing.includes(problem.code));
    return (isElsewhere && mayPass ? this.#lastGood.get(key) : undefined) ?? found;
  }

  async #noteUse(revision: Revision, versions: Readonly<Record<string, string>>): Promise<void> {
    const { database, journal, fence } = this.#parts;
    const known = await usesOf(database.db, revision, revision.id);
    const changed = Object.fromEntries(
      Object.entries(versions).filter(([name, version]) => known.get(name) !== version),
    );
    if (Object.keys(changed).length === 0) return;
    const payload = { revision: revision.id, release: revision.release, versions: changed };
    const event = secretEvent('secrets-used', { actor: systemActor, reason: null }, payload);
    await journal.appendWith(chainOf(revision), fence(), [event], (trx) =>
      putUses(trx, revision, revision.id, changed),
    );
  }
}

/** Errors of a store elsewhere that say nothing about the value. */
const passing: readonly string[] = ['unreachable', 'timeout', 'sealed', 'forbidden'];

export function placesOf({ app, environment, secretNames }: Revision): readonly SecretPlace[] {
  return secretNames.map((name) => ({ app, environment, name }));
}
