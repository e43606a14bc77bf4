import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EpochCounters } from '../../src/core/routing-document.ts';
import { ProxyControl } from '../../src/proxy/control-client.ts';

const everyMs = 200;

/** What the proxy of a state folder has counted, as it last told it, also of epochs that it was allowed to forget. */
export class ProxyEpochs {
  readonly #control: ProxyControl;
  readonly #epochs = new Map<string, EpochCounters>();
  #isOver = false;
  readonly #loop: Promise<void>;

  constructor(stateFolder: string) {
    this.#control = new ProxyControl(join(stateFolder, 'proxy'));
    this.#loop = this.#follow();
  }

  get all(): readonly EpochCounters[] {
    return [...this.#epochs.values()];
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#loop;
  }

  async #follow(): Promise<void> {
    while (!this.#isOver) {
      // One that was killed tells nothing until another is there.
      const epochs = await this.#control.counters().catch(() => []);
      for (const epoch of epochs) this.#epochs.set(`${epoch.proxyStart} ${epoch.epoch}`, epoch);
      await sleep(everyMs);
    }
  }
}
