import type { TrafficRouter } from '../traffic.ts';

/** This machine's router, until environments on other machines need one for all of them: that is opened then, once. */
export class RouterByNeed implements TrafficRouter {
  readonly #own: TrafficRouter;
  readonly #isNeeded: () => boolean;
  readonly #open: () => Promise<TrafficRouter>;
  #opened: Promise<TrafficRouter> | null = null;

  constructor(own: TrafficRouter, isNeeded: () => boolean, open: () => Promise<TrafficRouter>) {
    this.#own = own;
    this.#isNeeded = isNeeded;
    this.#open = open;
  }

  async publish(environments: Parameters<TrafficRouter['publish']>[0]) {
    await (await this.#router()).publish(environments);
  }

  async withdraw(scope: Parameters<TrafficRouter['withdraw']>[0]) {
    await (await this.#router()).withdraw(scope);
  }

  async status() {
    return await (await this.#router()).status();
  }

  async environments() {
    return await (await this.#router()).environments();
  }

  async counters() {
    return await (await this.#router()).counters();
  }

  async acknowledge(epochs: Parameters<TrafficRouter['acknowledge']>[0]) {
    await (await this.#router()).acknowledge(epochs);
  }

  async prove(question: Parameters<TrafficRouter['prove']>[0], signal: AbortSignal) {
    return await (await this.#router()).prove(question, signal);
  }

  async keepJournalHeads(heads: Parameters<TrafficRouter['keepJournalHeads']>[0]) {
    await (await this.#router()).keepJournalHeads(heads);
  }

  async #router(): Promise<TrafficRouter> {
    return this.#isNeeded() ? await (this.#opened ??= this.#open()) : this.#own;
  }
}
