import type { Documents, Fields } from '../documents/documents.ts';
import type { Environment } from '../model/environment.ts';
import type { Log } from '../model/log.ts';
import { pictures } from '../model/picture.ts';
import type { Lease, Mark, Picture, StepName } from '../model/picture.ts';
import { done, failedOnce, givenUp, handedBack, maxAttempts, refused, takeableFrom, taken } from '../model/workflow.ts';
import type { PictureFiles } from '../pictures/picture-files.ts';
import { mayTakeFrom } from './claim.ts';
import type { Claim } from './claim.ts';

export type Task = { readonly id: string; readonly picture: Picture; readonly files: PictureFiles };
export type Outcome =
  { readonly kind: 'done'; readonly result: Fields } | { readonly kind: 'refused'; readonly reason: string };

/**
 * What a worker does for one picture. It may be called twice for the same one, even at the same time (after a lease has
 * ended), so it only writes files that get their name by a rename, and leaves the document to its caller.
 * It throws for an error that may pass.
 */
export type StepHandler = { readonly step: StepName; readonly run: (task: Task) => Promise<Outcome> };

export type Workplace = {
  readonly documents: Documents;
  readonly files: PictureFiles;
  readonly environment: Environment;
  readonly log: Log;
};

type Turn = { readonly id: string; readonly lease: Lease; readonly picture: Picture };

/**
 * Does one step of one picture at a time, under a lease. Any number of them work on the same store: a transaction decides
 * who takes a step, a sign of life keeps the lease, and when a worker dies its lease ends and another takes the step.
 * Leases compare clocks, so all workers should agree on the time within a second or so.
 */
export class StepWorker {
  readonly handler: StepHandler;
  readonly #workplace: Workplace;
  #turn: Turn | undefined;

  constructor(handler: StepHandler, workplace: Workplace) {
    this.handler = handler;
    this.#workplace = workplace;
  }

  /**
   * This is where every trigger ends: a listener, or one day a CloudEvent, says "this picture may need you". It may say so
   * too often or too late. Resolves to whether there was something to do.
   */
  async offer(id: string, claim: Claim): Promise<boolean> {
    const turn = await this.#take(id, claim);
    if (turn === undefined) return false;
    this.#turn = turn;
    const { leaseMs } = this.#workplace.environment;
    const signOfLife = setInterval(() => void this.#extend(turn).catch(() => {}), leaseMs / 3);
    try {
      await this.#work(turn);
    } finally {
      clearInterval(signOfLife);
      this.#turn = undefined;
    }
    return true;
  }

  /** Gives the step at hand to another worker, when there is no time left to finish it. */
  async handBack(): Promise<void> {
    const turn = this.#turn;
    if (turn !== undefined) await this.#finish(turn, (picture) => handedBack(picture, this.handler.step));
  }

  async #take(id: string, claim: Claim): Promise<Turn | undefined> {
    const { documents, environment, log } = this.#workplace;
    const { step } = this.handler;
    return documents.runTransaction(async (transaction) => {
      const ref = pictures(documents).doc(id);
      const picture = (await transaction.get(ref))?.data;
      if (picture === undefined) return undefined;
      const now = Date.now();
      const allowed = mayTakeFrom(claim, picture, environment.release) ?? Infinity;
      if (Math.max(allowed, takeableFrom(picture.steps[step]) ?? Infinity) > now) return undefined;
      if (picture.steps[step].attempts >= maxAttempts) {
        log.info('given up', { picture: id });
        transaction.update(ref, givenUp(step, this.#mark()));
        return undefined;
      }
      const lease = { holder: environment.instance, until: now + environment.leaseMs };
      transaction.update(ref, taken(picture, step, lease));
      return { id, lease, picture };
    });
  }

  async #work(turn: Turn): Promise<void> {
    const { files, log } = this.#workplace;
    const { step } = this.handler;
    const startedAt = performance.now();
    try {
      const outcome = await this.handler.run({ id: turn.id, picture: turn.picture, files });
      const ours = await this.#finish(turn, (picture) =>
        outcome.kind === 'done'
          ? done(picture, step, this.#mark(), outcome.result)
          : refused(step, this.#mark(), outcome.reason),
      );
      const tookMs = Math.round(performance.now() - startedAt);
      log.info(ours ? outcome.kind : 'no longer ours', { picture: turn.id, tookMs, marked: turn.picture.marked });
    } catch (error) {
      log.error('failed', error, { picture: turn.id });
      await this.#finish(turn, (picture) => failedOnce(picture, step, this.#mark()));
    }
  }

  /** Writes how it ended, unless the step has gone to another worker. A picture that was deleted meanwhile leaves no files. */
  async #finish(turn: Turn, fields: (picture: Picture) => Fields): Promise<boolean> {
    const { documents, files } = this.#workplace;
    const ref = pictures(documents).doc(turn.id);
    const end = await documents.runTransaction(async (transaction) => {
      const picture = (await transaction.get(ref))?.data;
      if (picture === undefined) return 'deleted';
      if (!this.#holds(picture)) return 'lost';
      transaction.update(ref, fields(picture));
      return 'written';
    });
    if (end === 'deleted') await files.remove(turn.id);
    return end === 'written';
  }

  async #extend(turn: Turn): Promise<void> {
    const { documents, environment } = this.#workplace;
    const ref = pictures(documents).doc(turn.id);
    await documents.runTransaction(async (transaction) => {
      const picture = (await transaction.get(ref))?.data;
      if (picture === undefined || !this.#holds(picture)) return;
      const lease = { holder: environment.instance, until: Date.now() + environment.leaseMs };
      transaction.update(ref, { [`steps.${this.handler.step}.lease`]: lease });
    });
  }

  #holds(picture: Picture): boolean {
    const { state, lease } = picture.steps[this.handler.step];
    return state === 'running' && lease?.holder === this.#workplace.environment.instance;
  }

  #mark(): Mark {
    const { release, instance } = this.#workplace.environment;
    return { worker: this.handler.step, release, instance, at: Date.now() };
  }
}
