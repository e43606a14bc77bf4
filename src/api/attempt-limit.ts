import { RefusedRequest } from './problem.ts';

/** Failed attempts to sign in, counted for each remote address. */
export interface AttemptLimit {
  /** Errors: 429 when the address has failed too often. */
  refuse(remoteAddress: string): void;
  failed(remoteAddress: string): void;
}

export interface AttemptLimitOptions {
  readonly attempts: number;
  readonly windowMs: number;
  readonly now: () => number;
  /** Addresses that are remembered; beyond that the oldest are forgotten. */
  readonly maxAddresses?: number;
}

export function createAttemptLimit(options: AttemptLimitOptions): AttemptLimit {
  const { attempts, windowMs, now, maxAddresses = 10_000 } = options;
  const failures = new Map<string, { count: number; readonly since: number }>();
  const recent = (address: string) => {
    const entry = failures.get(address);
    return entry !== undefined && entry.since > now() - windowMs ? entry : null;
  };
  return {
    refuse(address) {
      const entry = recent(address);
      if (entry === null || entry.count < attempts) return;
      const waitS = Math.ceil((entry.since + windowMs - now()) / 1000);
      throw new RefusedRequest(429, 'unauthenticated', 'Too many failed attempts.', `Try again in ${waitS} s.`);
    },
    failed(address) {
      const entry = recent(address) ?? { count: 0, since: now() };
      failures.delete(address);
      failures.set(address, { count: entry.count + 1, since: entry.since });
      const [oldest] = failures.keys();
      if (failures.size > maxAddresses && oldest !== undefined) failures.delete(oldest);
    },
  };
}
