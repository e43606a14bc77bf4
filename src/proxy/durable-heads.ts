import type { ProxyStatus } from '../core/routing-document.ts';
import { readJsonFile, writeDurably } from './state-folder.ts';
import { writeLog } from './write-log.ts';

export type JournalHeads = ProxyStatus['journalHeads'];

const writeAtMostEveryMs = 1_000;

/** Reads journal heads from outside; null when they are not in shape. */
export function readHeads(value: unknown): JournalHeads | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const heads: Record<string, { readonly sequence: number; readonly hash: string }> = {};
  for (const [chain, head] of Object.entries(value)) {
    if (typeof head !== 'object' || head === null) return null;
    const sequence: unknown = Reflect.get(head, 'sequence');
    const hash: unknown = Reflect.get(head, 'hash');
    if (typeof sequence !== 'number' || !Number.isSafeInteger(sequence) || typeof hash !== 'string') return null;
    heads[chain] = { sequence, hash };
  }
  return heads;
}

/**
 * The heads of the control plane's journal chains, kept here as a witness: a journal that is shorter than its head was
 * cut. Written to disk at most once a second; an older head after a power loss only sees less, it never accuses.
 */
export class DurableHeads {
  readonly #path: string;
  #heads: JournalHeads = {};
  #timer: NodeJS.Timeout | null = null;

  constructor(path: string) {
    this.#path = path;
    try {
      this.#heads = readHeads(readJsonFile(path)) ?? {};
    } catch {
      // A damaged file is as good as none: the control plane tells the heads again.
    }
  }

  get all(): JournalHeads {
    return this.#heads;
  }

  put(heads: JournalHeads): void {
    this.#heads = { ...this.#heads, ...heads };
    this.#timer ??= setTimeout(() => this.flush(), writeAtMostEveryMs);
  }

  flush(): void {
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#timer = null;
    try {
      writeDurably(this.#path, JSON.stringify(this.#heads));
    } catch (error) {
      writeLog(`journal heads were not written: ${String(error)}`);
    }
  }
}
