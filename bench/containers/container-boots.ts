import type { Pace } from '../deploy/measure-deploy.ts';
import { quantile } from '../quantile.ts';
import { spread } from '../spread.ts';
import type { BenchEngine } from './bench-engine.ts';
import { besideLoad, makeBootNetwork, measureBootMs } from './container-boot.ts';

/** Boots of the app's container without a deployer, on the engine that all of them use. In milliseconds. */
export class ContainerBoots {
  readonly #engine: BenchEngine;
  readonly #image: string;
  readonly #quiet: number[] = [];
  /** Beside the load: of one container, and of two that start at once until both answer. */
  readonly #busy: { readonly 1: number[]; readonly 2: number[] } = { 1: [], 2: [] };

  private constructor(engine: BenchEngine, image: string) {
    this.#engine = engine;
    this.#image = image;
  }

  static async prepare(engine: BenchEngine, image: string): Promise<ContainerBoots> {
    await makeBootNetwork(engine);
    return new ContainerBoots(engine, image);
  }

  /** One while nothing else goes on. */
  async measureQuiet(): Promise<void> {
    this.#quiet.push(await measureBootMs(this.#engine, this.#image, 1));
  }

  /** One and two while the load asks the app there, which nobody deploys meanwhile. */
  async measureBusy(to: { readonly port: number; readonly hostName: string }, pace: Pace): Promise<void> {
    await besideLoad(to, pace, async () => {
      this.#busy[1].push(await measureBootMs(this.#engine, this.#image, 1));
      this.#busy[2].push(await measureBootMs(this.#engine, this.#image, 2));
    });
  }

  /** The middle of those beside the load. */
  busyMs(atOnce: 1 | 2): number {
    return quantile(this.#busy[atOnce], 0.5) ?? Number.NaN;
  }

  get figures(): { readonly quietMs: number | null; readonly busyMs: number; readonly twoBusyMs: number } {
    return { quietMs: quantile(this.#quiet, 0.5), busyMs: this.busyMs(1), twoBusyMs: this.busyMs(2) };
  }

  toString(): string {
    const [quiet, one, two] = [this.#quiet, this.#busy[1], this.#busy[2]].map((each) => spread(each));
    return `the container boots in ${quiet} ms while nothing goes on, in ${one} ms beside the load, two at once in ${two} ms`;
  }
}
