export interface ServerLimits {
  readonly uploadBytes: number;
  readonly bodyBytes: number;
  readonly uploadTimeoutMs: number;
  readonly answerTimeoutMs: number;
  readonly heartbeatMs: number;
  /** A stream's client that takes nothing for so long is cut. */
  readonly stallMs: number;
  /** How long requests that are under way may go on when the server closes. */
  readonly closeGraceMs: number;
  /** Failed attempts from one address, and on one account, within `signInWindowMs`. */
  readonly signInAttempts: number;
  readonly accountAttempts: number;
  readonly signInWindowMs: number;
}

export const defaultLimits: ServerLimits = {
  uploadBytes: 2 * 1024 ** 3,
  bodyBytes: 1024 ** 2,
  uploadTimeoutMs: 30 * 60_000,
  // Longer than the longest thing that a handler waits for: a rollout that settles.
  answerTimeoutMs: 150_000,
  heartbeatMs: 15_000,
  stallMs: 30_000,
  closeGraceMs: 3000,
  signInAttempts: 20,
  accountAttempts: 10,
  signInWindowMs: 5 * 60_000,
};
