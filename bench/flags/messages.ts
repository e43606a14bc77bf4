/** From the bench to the process that listens and asks. */
export type Order =
  | { readonly kind: 'listen'; readonly url: string; readonly clients: number }
  | {
      readonly kind: 'ask';
      readonly url: string;
      /** The connections share them: of each key only so many requests a second are answered. */
      readonly keys: readonly string[];
      readonly connections: number;
      readonly forMs: number;
    };

/** And back. Times are Unix milliseconds with a fraction. */
export type Report =
  | { readonly kind: 'listening' }
  | { readonly kind: 'heard'; readonly atMs: readonly number[] }
  | { readonly kind: 'asked'; readonly perSecond: number; readonly failed: number; readonly p99Ms: number };
