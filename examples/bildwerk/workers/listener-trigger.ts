import type { DocumentSnapshot, Documents } from '../documents/documents.ts';
import { pictures } from '../model/picture.ts';
import type { Picture } from '../model/picture.ts';
import { takeableFrom } from '../model/workflow.ts';
import { mayTakeFrom } from './claim.ts';
import type { Claim, ClaimFile } from './claim.ts';
import type { StepWorker } from './step-worker.ts';

type Options = {
  readonly documents: Documents;
  readonly claimFile: ClaimFile;
  readonly worker: StepWorker;
  readonly release: string;
  readonly onError: (error: unknown) => void;
};

/** More than this waits in the store, not in memory. */
const longestQueue = 100;

/**
 * Triggers a worker from a listener on the documents: whenever a picture becomes ready for its step, the worker is offered
 * it, oldest first, one at a time. Where changes arrive as HTTP CloudEvents, another trigger takes this one's place; the
 * worker stays the same.
 */
export class ListenerTrigger {
  readonly #options: Options;
  readonly #endWatch: () => void;
  #endListening: () => void = () => {};
  #queue: readonly DocumentSnapshot<Picture>[] = [];
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #round: Promise<void> | undefined;
  #news = false;

  constructor(options: Options) {
    this.#options = options;
    this.#endWatch = options.claimFile.watch((claim) => this.#listen(claim));
    this.#listen(options.claimFile.read());
  }

  /** Takes nothing more, and resolves when the step at hand is done. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#endWatch();
    this.#endListening();
    clearTimeout(this.#timer);
    await this.#round;
  }

  #listen(claim: Claim): void {
    const { documents, worker, onError } = this.#options;
    this.#endListening();
    this.#queue = [];
    this.#endListening = () => {};
    if (claim === 'none') return;
    const ready = pictures(documents).where(`steps.${worker.handler.step}.state`, 'in', ['ready', 'running']);
    const query = (claim === 'marked' ? ready.where('marked', '==', true) : ready)
      .orderBy('uploadedAt')
      .limit(longestQueue);
    this.#endListening = query.onSnapshot(({ docs }) => {
      this.#queue = docs;
      this.#wake();
    }, onError);
  }

  #wake(): void {
    this.#news = true;
    if (this.#round !== undefined || this.#stopped) return;
    this.#round = this.#workThrough()
      .catch(this.#options.onError)
      .finally(() => (this.#round = undefined));
  }

  async #workThrough(): Promise<void> {
    clearTimeout(this.#timer);
    while (this.#news && !this.#stopped) {
      this.#news = false;
      if (await this.#offerFirst()) this.#news = true;
    }
    if (!this.#stopped) this.#sleepUntilNext();
  }

  /** Offers what is due until one was taken; then the queue may be another one. */
  async #offerFirst(): Promise<boolean> {
    const { worker, claimFile } = this.#options;
    for (const { id, data } of this.#queue) {
      if (this.#stopped) return false;
      if (this.#dueAt(data, claimFile.read()) > Date.now()) continue;
      if (await worker.offer(id, claimFile.read())) return true;
    }
    return false;
  }

  /** A lease that ends, or a pause after an error that is over, is no change of a document: only a clock tells. */
  #sleepUntilNext(): void {
    const claim = this.#options.claimFile.read();
    const next = Math.min(...this.#queue.map(({ data }) => this.#dueAt(data, claim)));
    if (next === Infinity) return;
    // Not sooner than a moment: what is due already was just offered, and somebody else was faster.
    const waitMs = Math.min(Math.max(next - Date.now(), 100), 60_000);
    this.#timer = setTimeout(() => this.#wake(), waitMs);
  }

  #dueAt(picture: Picture, claim: Claim): number {
    const { worker, release } = this.#options;
    const allowedFrom = mayTakeFrom(claim, picture, release) ?? Infinity;
    return Math.max(allowedFrom, takeableFrom(picture.steps[worker.handler.step]) ?? Infinity);
  }
}
