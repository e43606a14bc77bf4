import { LotseError, toLotseError } from '../../../core/errors.ts';

interface Away {
  readonly error: LotseError;
  readonly untilMs: number;
  /** It could not be told something; else it could only not be asked in time, and may be told all the same. */
  readonly isDeaf: boolean;
}

/** Servers that did not answer a moment ago: many ask all the time, and not each of them has to wait for that. */
export class AbsentServers {
  readonly #askAgainMs: number;
  readonly #away = new Map<string, Away>();

  constructor(askAgainMs: number) {
    this.#askAgainMs = askAgainMs;
  }

  heard(server: string): void {
    this.#away.delete(server);
  }

  /** Other errors than of an absence are none. `hasMissed`: it was to be told something. */
  note(error: unknown, server: string, hasMissed: boolean): void {
    const known = this.#away.get(server);
    if (!isAway(error) || error === known?.error) return;
    const untilMs = performance.now() + this.#askAgainMs;
    this.#away.set(server, { error: ofServer(error, server), untilMs, isDeaf: hasMissed || known?.isDeaf === true });
  }

  /** Errors: what it was absent with, until it is asked again. */
  refuse(server: string): void {
    const away = this.#away.get(server);
    if (away !== undefined && performance.now() < away.untilMs) throw away.error;
  }

  /** The same for whoever has to tell it something. */
  refuseDeaf(server: string): void {
    if (this.#away.get(server)?.isDeaf === true) this.refuse(server);
  }
}

/** The promise goes on; only the waiting ends. Errors: `timeout` too. */
export async function inTime<What>(answer: Promise<What>, server: string, limitMs: number): Promise<What> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const message = `The proxy of ${server} did not answer within ${limitMs / 1000} s.`;
  const timer = setTimeout(() => reject(new LotseError('timeout', message, { retriable: true })), limitMs);
  return await Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

export function isAway(error: unknown): boolean {
  return error instanceof LotseError && (error.code === 'unreachable' || error.code === 'timeout');
}

/** Says which server it is of. */
export function ofServer(error: unknown, server: string): LotseError {
  const { code, message, hint, retriable, details } = toLotseError(error);
  if (message.includes(server)) return toLotseError(error);
  const more = { retriable, details, cause: error, ...(hint === undefined ? {} : { hint }) };
  return new LotseError(code, `${server}: ${message}`, more);
}
