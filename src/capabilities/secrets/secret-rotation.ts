import { LotseError } from '../../core/errors.ts';
import { systemActor, type Actor, type EventDraft, type JournalEvent } from '../../core/events.ts';
import { chainOf, scopeOf, type ChainName, type RevisionId, type Scope, type UnixMs } from '../../core/ids.ts';
import type { Secret } from '../../core/secret.ts';
import type { DatabaseJournal } from '../../database/journal.ts';
import type { Database } from '../../database/open-database.ts';
import type { LotseDb } from '../../database/schema.ts';
import type { HeldSecret, KnownSecret, SecretPlace, SecretStore } from '../../ports/secrets/secrets.ts';
import { isRolloutEvent } from '../../rollout/rollout-events.ts';
import { putRotation, putTerm, removeRotation, rotationsIn, usesOf, type Rotation } from './rotation-rows.ts';
import { secretEvent } from './secret-events.ts';

interface RotationParts {
  readonly store: SecretStore;
  readonly database: Database;
  readonly journal: DatabaseJournal;
  readonly fence: () => number;
  readonly now: () => UnixMs;
}

export interface NewValue {
  readonly value: Secret;
  readonly reason: string | null;
  /** When it ends elsewhere; null: nobody knows of an end. */
  readonly expiresAt: UnixMs | null;
}

/**
 * Setting and rotating. A rotation keeps the old value valid beside the new one until a rollout that started with the new
 * one has settled. What happens is written down before and after the store is asked, so that a control plane that dies in
 * between leaves the old or the new value in force, and the next one knows which.
 */
export class SecretRotation {
  readonly #parts: RotationParts;
  /** Those that this process is writing: nobody else looks how they came out. */
  readonly #underWay = new Set<string>();

  constructor(parts: RotationParts) {
    this.#parts = parts;
  }

  /** Those whose old value is still valid. One that a control plane died over is brought to its end first. */
  async open(scope: Scope): Promise<readonly Rotation[]> {
    const found = await rotationsIn(this.#parts.database.db, scope);
    const mended = await Promise.all(
      found.map(async (each) => {
        const isDone = each.newVersion !== null || this.#underWay.has(keyOf({ ...scope, name: each.name }));
        return isDone ? each : await this.#mend(scope, each);
      }),
    );
    return mended.flatMap((each) => each ?? []);
  }

  /** The value before it is gone; so is the overlap of a rotation that was under way. */
  async set(place: SecretPlace, { value, reason, expiresAt }: NewValue, by: Actor): Promise<KnownSecret> {
    const open = (await rotationsIn(this.#parts.database.db, place)).find(({ name }) => name === place.name);
    const known = await this.#parts.store.write(place, value, by, { reason, keepsOld: false });
    if (open !== undefined) await this.#parts.store.revoke(place, open.oldVersion, by);
    await this.#parts.database.write(async (trx) => {
      await removeRotation(trx, place);
      await putTerm(trx, place, expiresAt);
    });
    return known;
  }

  /** Errors: `not-found` (there is nothing to rotate), `conflict` (the rotation before it has not come to its end). */
  async rotate(place: SecretPlace, wanted: NewValue, by: Actor): Promise<Rotation> {
    const key = keyOf(place);
    const old = await this.mayRotate(place);
    if (this.#underWay.has(key)) throw alreadyRotating(place, old.version);
    this.#underWay.add(key);
    try {
      return await this.#rotate(place, old.version, wanted, by);
    } finally {
      this.#underWay.delete(key);
    }
  }

  async #rotate(place: SecretPlace, oldVersion: string, wanted: NewValue, by: Actor): Promise<Rotation> {
    const { value, reason, expiresAt } = wanted;
    const begun = { oldVersion, newVersion: null, begunAt: this.#parts.now() };
    const event = secretEvent(
      'secret-rotation-begun',
      { actor: by, reason },
      { name: place.name, version: oldVersion },
    );
    await this.#note(place, event, (trx) => putRotation(trx, place, begun));
    const known = await this.#parts.store.write(place, value, by, { reason, keepsOld: true });
    return await this.#finish(place, { ...begun, newVersion: known.version }, { actor: by, reason, expiresAt });
  }

  async remove(place: SecretPlace, by: Actor, reason: string | null): Promise<void> {
    await this.#parts.store.remove(place, by, reason);
    await this.#parts.database.write(async (trx) => {
      await removeRotation(trx, place);
      await putTerm(trx, place, null);
    });
  }

  /** A settled rollout whose starts were not given an old value any more ends its rotation. May see an event again. */
  async follow(event: JournalEvent): Promise<void> {
    const scope = scopeOf(event.chain);
    if (scope === null || event.correlationId === null || !isRolloutEvent(event)) return;
    if (event.type !== 'rollout-ended' || event.payload.end !== 'settled') return;
    const rotations = await this.open(scope);
    if (rotations.length === 0) return;
    const revision = await this.#revisionOf(event.chain, event.correlationId);
    if (revision === null) return;
    const uses = await usesOf(this.#parts.database.db, scope, revision);
    for (const rotation of rotations) {
      if (rotation.begunAt > event.at || uses.get(rotation.name) === rotation.oldVersion) continue;
      await this.#end({ ...scope, name: rotation.name }, rotation);
    }
  }

  /** What a rollout brought. */
  async #revisionOf(chain: ChainName, correlationId: string): Promise<RevisionId | null> {
    const first = await this.#parts.journal.read(chain, { after: 0, limit: 20, correlationId });
    for (const event of first) {
      if (isRolloutEvent(event) && event.type === 'rollout-planned') return event.payload.plan.to.revision;
    }
    return null;
  }

  async #end(place: SecretPlace, rotation: Rotation): Promise<void> {
    await this.#parts.store.revoke(place, rotation.oldVersion, systemActor);
    await this.#parts.database.write((trx) => removeRotation(trx, place));
  }

  /** The value in force, when it may be rotated. Errors: as of `rotate`. */
  async mayRotate(place: SecretPlace): Promise<HeldSecret> {
    const { name, environment } = place;
    const found = (await this.open(place)).find((each) => each.name === name);
    if (found !== undefined) throw alreadyRotating(place, found.oldVersion);
    const old = await this.#parts.store.read(place);
    if (old !== null) return old;
    throw new LotseError('not-found', `${environment} has no secret ${name} that could be rotated`, {
      hint: `Give it its first value: \`lotse secret set ${name} ${environment}\`.`,
    });
  }

  async #finish(
    place: SecretPlace,
    rotation: Omit<Rotation, 'name'> & { readonly newVersion: string },
    { expiresAt, ...by }: { readonly actor: Actor; readonly reason: string | null; readonly expiresAt: UnixMs | null },
  ): Promise<Rotation> {
    const { oldVersion: from, newVersion: to } = rotation;
    await this.#note(place, secretEvent('secret-rotated', by, { name: place.name, from, to }), async (trx) => {
      await putRotation(trx, place, rotation);
      await putTerm(trx, place, expiresAt);
    });
    return { name: place.name, ...rotation };
  }

  /** Was it written? Another version in force than the old one says yes. Null: it was not, and the old one is in force. */
  async #mend(scope: Scope, rotation: Rotation): Promise<Rotation | null> {
    const place = { ...scope, name: rotation.name };
    const held = await this.#parts.store.read(place);
    const by = { actor: systemActor, reason: null, expiresAt: null };
    if (held !== null && held.version !== rotation.oldVersion) {
      return await this.#finish(place, { ...rotation, newVersion: held.version }, by);
    }
    const payload = { name: rotation.name, version: rotation.oldVersion };
    await this.#note(place, secretEvent('secret-rotation-given-up', by, payload), (trx) => removeRotation(trx, place));
    return null;
  }

  async #note(place: SecretPlace, event: EventDraft, write: (trx: LotseDb) => Promise<void>): Promise<void> {
    await this.#parts.journal.appendWith(chainOf(place), this.#parts.fence(), [event], write);
  }
}

function keyOf({ app, environment, name }: SecretPlace): string {
  return JSON.stringify([app, environment, name]);
}

function alreadyRotating({ name, environment }: SecretPlace, oldVersion: string): LotseError {
  const message = `${name} is being rotated already: version ${oldVersion} is valid until a rollout settles`;
  const hint = `Deploy ${environment}, or give it a value that replaces both: \`lotse secret set ${name} ${environment}\`.`;
  return new LotseError('conflict', message, { hint });
}
