import { readFileSync } from 'node:fs';
import type { Picture } from '../model/picture.ts';

/** Which work a worker may begin: none, only what a verification uploaded, or all. Work that it has begun it may finish. */
export type Claim = 'none' | 'marked' | 'all';

/** So long marked work is left to the release that wrote it: a verification wants to see its own workers at work. */
export const ownReleaseFirstMs = 20_000;

type Work = Pick<Picture, 'marked' | 'release' | 'uploadedAt'>;

/**
 * From when on the claim lets a worker of `release` take this work, in milliseconds since 1970; `undefined`: not at all.
 * Marked work of another release waits a little, because its own workers may be about to take it. After that anybody does
 * it, so nothing stays behind when that release has gone.
 */
export function mayTakeFrom(claim: Claim, work: Work, release: string): number | undefined {
  if (claim === 'none' || (claim === 'marked' && !work.marked)) return undefined;
  return work.marked && work.release !== release ? work.uploadedAt + ownReleaseFirstMs : 0;
}

/**
 * The claim file. Whoever steers the app rewrites it at any time, so it is read again before each piece of work; `watch`
 * notices within half a second that there is more to do. While it cannot be read, or says something else (it may be
 * half written), the last claim holds; at the start that is `none`.
 */
export class ClaimFile {
  readonly #path: string | undefined;
  #last: Claim;

  constructor(path: string | undefined) {
    this.#path = path;
    this.#last = path === undefined ? 'all' : 'none';
  }

  read(): Claim {
    if (this.#path !== undefined) this.#last = readClaim(this.#path) ?? this.#last;
    return this.#last;
  }

  /** Calls `changed` with each new claim, until the returned function is called. */
  watch(changed: (claim: Claim) => void): () => void {
    let before = this.read();
    const look = () => {
      const claim = this.read();
      if (claim === before) return;
      before = claim;
      changed(claim);
    };
    const timer = this.#path === undefined ? undefined : setInterval(look, 400);
    return () => clearInterval(timer);
  }
}

function readClaim(path: string): Claim | undefined {
  try {
    const text = readFileSync(path, 'utf8').trim();
    return text === 'none' || text === 'marked' || text === 'all' ? text : undefined;
  } catch {
    return undefined;
  }
}
