import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { LotseError } from '../../core/errors.ts';
import { systemActor, type JournalEvent } from '../../core/events.ts';
import { chainOf, scopeOf, type Scope } from '../../core/ids.ts';
import { Secret } from '../../core/secret.ts';
import type { DatabaseJournal } from '../../database/journal.ts';
import { successorOf } from '../../manifest/names.ts';
import type { SecretPlace, SecretStore } from '../../ports/secrets/secrets.ts';
import { secretEvent } from './secret-events.ts';
import type { SecretRotation } from './secret-rotation.ts';

interface RotationJobParts {
  readonly store: SecretStore;
  readonly rotation: SecretRotation;
  readonly journal: DatabaseJournal;
  readonly fence: () => number;
}

/** A run of a job that a schedule has started. */
interface RotatingRun {
  /** Of the run, and of what the journal says about it. */
  readonly key: string;
  readonly job: string;
  /** The secret that it rotates. */
  readonly rotates: string;
}

const endedRun = z.object({ key: z.string(), job: z.string(), state: z.string() });
const givenSuccessor = z.object({ name: z.string() });
const valueBytes = 32;

/**
 * Secrets that a job rotates. Lotse draws the new value and hands it to the job beside the old one; the job makes it
 * valid at the other service. When the job has succeeded the new value is in force, and the old one stays valid until a
 * rollout settles, as in any rotation. A new value is kept in the store before any job sees it, and until one has
 * succeeded with it: whenever a control plane dies, the value that the other service knows is one that Lotse knows, too.
 */
export class RotationJobs {
  readonly #parts: RotationJobParts;

  constructor(parts: RotationJobParts) {
    this.#parts = parts;
  }

  /**
   * What the run is given beyond what every job is. May be asked again. Errors: `not-found` (it has no value yet), `conflict` (the rotation
   * before has not come to its end); those of the store.
   */
  async given(scope: Scope, run: RotatingRun): Promise<Readonly<Record<string, Secret>>> {
    const { store, rotation } = this.#parts;
    const place = { app: scope.app, environment: scope.environment, name: run.rotates };
    await rotation.mayRotate(place);
    await this.#note(place, run);
    const successor = { ...place, name: successorOf(run.rotates) };
    const kept = (await store.read(successor))?.value;
    if (kept !== undefined) return { [successor.name]: kept };
    const value = new Secret(randomBytes(valueBytes).toString('base64url'));
    await store.write(successor, value, systemActor, { reason: `for the job ${run.job}`, keepsOld: false });
    return { [successor.name]: value };
  }

  /** A run that was given a new value and has succeeded puts it in force. May see an event again. */
  async follow(event: JournalEvent): Promise<void> {
    const scope = scopeOf(event.chain);
    if (event.type !== 'scheduled-run-ended' || event.erased || scope === null) return;
    const { key, job, state } = endedRun.parse(event.payload);
    if (state !== 'succeeded') return;
    const name = await this.#rotatedBy(scope, key);
    if (name !== null) await this.#putInForce({ app: scope.app, environment: scope.environment, name }, job);
  }

  async #putInForce(place: SecretPlace, job: string): Promise<void> {
    const { store, rotation } = this.#parts;
    const successor = { ...place, name: successorOf(place.name) };
    const value = (await store.read(successor))?.value;
    if (value === undefined) return;
    const current = (await store.read(place))?.value;
    const wanted = { value, reason: `by the job ${job}`, expiresAt: null };
    if (current?.reveal() !== value.reveal()) {
      await rotation.rotate(place, wanted, systemActor).catch(async (error: unknown) => {
        // Somebody has rotated or removed it meanwhile. The other service knows the new value, so it is in force.
        if (!(error instanceof LotseError) || !['conflict', 'not-found'].includes(error.code)) throw error;
        await rotation.set(place, wanted, systemActor);
      });
    }
    await store.remove(successor, systemActor, 'it is in force');
  }

  async #rotatedBy(scope: Scope, key: string): Promise<string | null> {
    const events = await this.#parts.journal.read(chainOf(scope), { after: 0, limit: 50, correlationId: key });
    const given = events.find(({ type, erased }) => type === 'secret-successor-given' && !erased);
    return given === undefined ? null : givenSuccessor.parse(given.payload).name;
  }

  async #note(place: SecretPlace, { key }: RotatingRun): Promise<void> {
    if ((await this.#rotatedBy(place, key)) !== null) return;
    const event = secretEvent(
      'secret-successor-given',
      { actor: systemActor, reason: null },
      { name: place.name, run: key },
    );
    await this.#parts.journal.append(chainOf(place), this.#parts.fence(), [{ ...event, correlationId: key }]);
  }
}
