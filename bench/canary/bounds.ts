/** Where a release is tried: what a canary request stands beside, and how much fails anyhow. */
export interface Setting {
  /** Requests of the old release for one of the new: 19 at a share of 5 %. */
  readonly oldPerNew: number;
  readonly baseline: number;
}

/** Of 200 requests/s the canary gets 5 %, and one of 200 requests to the old release fails. */
export const usual: Setting = { oldPerNew: 19, baseline: 0.005 };
/** Requests per second, of both releases. */
export const requestsPerSecond = 200;
/** Canary requests of one run: an hour at the usual share. */
export const horizon = 36_000;
export const failureRates = [0.02, 0.05, 0.2] as const;

/** Canary requests per second. */
export function newPerSecond({ oldPerNew }: Setting): number {
  return requestsPerSecond / (1 + oldPerNew);
}

function divergence(p: number, q: number): number {
  const heads = p === 0 ? 0 : p * Math.log(p / q);
  return heads + (1 - p) * Math.log((1 - p) / (1 - q));
}

/**
 * Canary requests that any test with this error needs in the mean, which does not know the old rate and so must learn it
 * from the requests beside: ln(1/error) over the information of one canary request and its neighbours.
 */
export function twoSampleBound(rate: number, { oldPerNew, baseline }: Setting, error = 0.01): number {
  const pooled = (rate + oldPerNew * baseline) / (1 + oldPerNew);
  return -Math.log(error) / (divergence(rate, pooled) + oldPerNew * divergence(baseline, pooled));
}

/** The same for durations that are log-normal and `factor` times as long; the old ones are known. */
export function slowerBound(factor: number, sigma: number, error = 0.01): number {
  return -Math.log(error) / (Math.log(factor) ** 2 / (2 * sigma ** 2));
}

/** Canary requests until a release of equal quality can be told from one that is twice as bad, with an error of 5 %. */
export const healthyBound = 2_100;
