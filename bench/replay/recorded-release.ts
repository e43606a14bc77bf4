import type { Chance } from '../canary/chance.ts';
import type { RecordedRequest, Stretch } from './recording.ts';

/** How a request of the reference app went. */
export type Fate = Pick<RecordedRequest, 'tookMs' | 'outcome'>;

const secondMs = 1_000;

/** What requests to one release met, by path and second: what disturbed the machine disturbed all that came then. */
export class RecordedRelease {
  readonly #seconds: number;
  readonly #byPath: ReadonlyMap<string, readonly (readonly Fate[])[]>;

  constructor({ lengthMs, requests }: Stretch) {
    this.#seconds = Math.ceil(lengthMs / secondMs);
    const paths = Map.groupBy(requests, ({ path }) => path);
    this.#byPath = new Map([...paths].map(([path, all]) => [path, this.#bySecond(all)]));
  }

  /** How a request to `path` may go at a time of the recording, which begins again when it is over. */
  fate(path: string, atMs: number, chance: Chance): Fate {
    const bySecond = this.#byPath.get(path) ?? [];
    const first = Math.floor(atMs / secondMs) % this.#seconds;
    for (let step = 0; step < this.#seconds; step++) {
      const fates = bySecond[(first + step) % this.#seconds];
      const fate = fates?.[chance.below(fates.length)];
      if (fate !== undefined) return fate;
    }
    throw new Error(`nobody asked for ${path} in the recording`);
  }

  #bySecond(requests: readonly RecordedRequest[]): readonly (readonly Fate[])[] {
    const bySecond: Fate[][] = Array.from({ length: this.#seconds }, () => []);
    for (const request of requests) bySecond[Math.floor(request.atMs / secondMs)]?.push(request);
    return bySecond;
  }
}
