/** What a load on a proxy came to. Times in milliseconds. */
export interface LoadFigures {
  readonly answered: number;
  readonly perSecond: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  /** Other answers than 2xx and 3xx, and connections that broke. */
  readonly errors: string | null;
}

/** Reads a time as wrk and h2load print it: `1.02s`, `937.00us`. */
export function milliseconds(text: string): number {
  const [, amount, unit] = /^([\d.]+)(us|ms|s|m)$/.exec(text) ?? [];
  const factor = { us: 0.001, ms: 1, s: 1_000, m: 60_000 }[unit ?? ''];
  if (factor === undefined) throw new Error(`${text} stands where a time belongs`);
  return Number(amount) * factor;
}
