import { LotseError } from '../../../core/errors.ts';
import type { ArtifactDigest } from '../../../core/ids.ts';
import { pause } from '../slots/pause.ts';

/** Whoever orders is not kept waiting for much longer than an order may take. */
const usualPatienceMs = 8000;

export interface DeliveryOptions {
  /** Where to, in front of what people are told. */
  readonly words: string;
  /** One delivery, until it is there. */
  readonly deliver: (artifact: ArtifactDigest) => Promise<void>;
  readonly closing: AbortSignal;
  readonly patienceMs?: number;
}

/** Images on their way to another engine: all that want the same one wait for one delivery. */
export class ImageDelivery {
  readonly #options: DeliveryOptions;
  readonly #underWay = new Map<ArtifactDigest, Promise<void>>();

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /**
   * Resolves when the image is there. One that takes long goes on, and whoever asks again joins it. Errors: those of the
   * delivery, `timeout` (retriable): not there yet.
   */
  async bring(artifact: ArtifactDigest): Promise<void> {
    const { words, closing, patienceMs = usualPatienceMs } = this.#options;
    const waiting = new AbortController();
    const late = pause(patienceMs, AbortSignal.any([closing, waiting.signal])).then(() => 'late' as const);
    const result = await Promise.race([this.complete(artifact), late]).finally(() => waiting.abort());
    if (result !== 'late') return;
    throw new LotseError('timeout', `${words}the image ${artifact} is on its way there, and not there yet.`, {
      hint: 'Its layers are copied once; what changes from release to release should come last in the Dockerfile.',
      retriable: true,
    });
  }

  /** As `bring`, however long it takes. */
  complete(artifact: ArtifactDigest): Promise<void> {
    const known = this.#underWay.get(artifact);
    if (known !== undefined) return known;
    const delivery = this.#options.deliver(artifact).finally(() => this.#underWay.delete(artifact));
    this.#underWay.set(artifact, delivery);
    delivery.catch(() => undefined); // Who waits for it is told; when nobody does, the next one tries again.
    return delivery;
  }
}
