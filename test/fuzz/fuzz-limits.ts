import { defaultLimits } from '../../src/proxy/limits.ts';
import type { ProxyLimits } from '../../src/proxy/limits.ts';

/** Limits that a short stream can reach. A client's half-close never counts as leaving. */
export const fuzzLimits: ProxyLimits = {
  ...defaultLimits,
  headBytes: 2_048,
  targetBytes: 512,
  fieldCount: 24,
  bodyBytes: 100_000,
  halfCloseMs: 60_000,
};
