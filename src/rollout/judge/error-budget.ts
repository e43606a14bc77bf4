/** Probability with which all tests of one rollout together may call a release harmful that is not. */
export const harmfulError = 0.01;
/** Probability with which a release that is worse than tolerated may be called healthy. */
export const healthyError = 0.05;

/**
 * How the error is divided over what is tested: failures of all services together, how long requests take, and probes.
 * What is not tested leaves its part to the failures.
 */
export const errorShares = { failures: 0.5, latency: 0.4, probes: 0.1 } as const;

/**
 * A test that begins afresh meets buckets that are all at risk again, so that it sees trouble that comes late. The first
 * one has three quarters of its comparison's error, fresh start g has ¼·1/(g(g+1)), which sums to the fourth.
 */
export function shareOfGeneration(generation: number): number {
  return generation === 0 ? 0.75 : 0.25 / (generation * (generation + 1));
}
