import { toLotseError } from '../../core/errors.ts';
import type { RoutingDocument } from '../../core/routing-document.ts';
import { readDocument } from './read-document.ts';
import { readJsonFile, writeDurably } from '../state-folder.ts';

const retryMs = 3_000;

/**
 * The document in force, on disk. One that cannot be written is in force all the same, because it may be the way back; it
 * is written as soon as that is possible. Until then a proxy that dies starts again with the one before it.
 */
export class DurableDocument {
  readonly #path: string;
  #unwritten: { readonly document: RoutingDocument; readonly reason: string } | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  /** Null: there is none. Throws when it is damaged. */
  read(): RoutingDocument | null {
    const stored = readJsonFile(this.#path);
    return stored === undefined ? null : readDocument(stored);
  }

  get isWritten(): boolean {
    return this.#unwritten === null;
  }

  get problems(): readonly string[] {
    return this.#unwritten === null ? [] : [`not on disk: ${this.#unwritten.reason}`];
  }

  /** It is on disk when this returns, or `problems` says why not. */
  write(document: RoutingDocument): void {
    this.close();
    try {
      writeDurably(this.#path, JSON.stringify(document));
      this.#unwritten = null;
    } catch (thrown) {
      const { code, message } = toLotseError(thrown);
      this.#unwritten = {
        document,
        reason: `document ${document.version} of fence ${document.fence} is in force, but ${code}: ${message}`,
      };
      this.#timer = setTimeout(() => this.write(document), retryMs);
    }
  }

  /** Tries once more, for a proxy that stops. */
  flush(): void {
    if (this.#unwritten !== null) this.write(this.#unwritten.document);
    this.close();
  }

  /** Tries no more. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
