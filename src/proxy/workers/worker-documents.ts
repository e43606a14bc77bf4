import type { DataPlane } from '../data-plane.ts';
import { inPresentForm } from '../document/present-form.ts';
import type * as Tls from '../tls/tls-front.ts';
import type { ToWorker } from './worker-messages.ts';

type DocumentMessage = Extract<ToWorker, { readonly kind: 'document' }>;

/** Takes documents into force in a worker, one after another; the first one with TLS has that loaded before. */
export class WorkerDocuments {
  readonly #plane: DataPlane;
  readonly #onApplied: (message: DocumentMessage) => void;
  #last: Promise<void> = Promise.resolve();

  constructor(plane: DataPlane, onApplied: (message: DocumentMessage) => void) {
    this.#plane = plane;
    this.#onApplied = onApplied;
  }

  add(message: DocumentMessage): void {
    this.#last = this.#last.then(() => this.#apply(message));
  }

  async #apply(message: DocumentMessage): Promise<void> {
    const { document, parts, workerCount, tickets } = message;
    if (document.tls !== null && !this.#plane.isSecured) {
      const { TlsFront } = await loadTls();
      this.#plane.secureBy(new TlsFront(this.#plane, tickets));
    }
    // The parent may have been started before the program on the disk was exchanged.
    this.#plane.apply(inPresentForm(document), workerCount, parts);
    this.#onApplied(message);
  }
}

/** Node.js's TLS and HTTP/2 with what we made of them: memory that a worker takes only when it is asked to. */
export function loadTls(): Promise<typeof Tls> {
  return import('../tls/tls-front.ts');
}
