import { RefusedRequest } from './problem.ts';

/** Too many failed attempts: said with `Retry-After` (RFC 9110). */
export class TooManyAttempts extends RefusedRequest {
  readonly waitS: number;

  constructor(waitS: number) {
    super(429, 'unauthenticated', 'Too many failed attempts.', `Try again in ${waitS} s.`);
    this.waitS = waitS;
  }
}

/** Attempts to sign in, counted for each address, or each account. */
export interface AttemptLimit {
  /** Counts before it is known how the attempt ends, so that many at once are no more than one after another. Errors: 429. */
  begin(key: string): void;
  /** It was none after all: it succeeded, or broke off. */
  takeBack(key: string): void;
}

export interface AttemptLimitOptions {
  readonly attempts: number;
  readonly windowMs: number;
  readonly now: () => number;
  /** Keys that are remembered; beyond that the oldest are forgotten. */
  readonly maxKeys?: number;
}

export function createAttemptLimit(options: AttemptLimitOptions): AttemptLimit {
  const { attempts, windowMs, now, maxKeys = 10_000 } = options;
  const counts = new Map<string, { readonly count: number; readonly since: number }>();
  const recent = (key: string) => {
    const entry = counts.get(key);
    return entry !== undefined && entry.since > now() - windowMs ? entry : { count: 0, since: now() };
  };
  return {
    begin(key) {
      const { count, since } = recent(key);
      if (count >= attempts) throw new TooManyAttempts(Math.ceil((since + windowMs - now()) / 1000));
      counts.delete(key);
      counts.set(key, { count: count + 1, since });
      const [oldest] = counts.keys();
      if (counts.size > maxKeys && oldest !== undefined) counts.delete(oldest);
    },
    takeBack(key) {
      const { count, since } = recent(key);
      if (count <= 1) counts.delete(key);
      else counts.set(key, { count: count - 1, since });
    },
  };
}
