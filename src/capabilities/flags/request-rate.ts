/** How often one asker may ask. */
export interface RequestRate {
  /** Seconds until the next request is let through; null: this one is. */
  take(asker: string): number | null;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/** So many a second on average, and so many at once. Who has not asked for long is forgotten. */
export function createRequestRate(perSecond: number, atOnce: number, now: () => number): RequestRate {
  const buckets = new Map<string, Bucket>();
  const maxAskers = 20_000;
  return {
    take(asker) {
      const nowMs = now();
      const bucket = buckets.get(asker) ?? { tokens: atOnce, atMs: nowMs };
      bucket.tokens = Math.min(atOnce, bucket.tokens + ((nowMs - bucket.atMs) * perSecond) / 1000);
      bucket.atMs = nowMs;
      if (!buckets.has(asker)) buckets.set(asker, bucket);
      const [oldest] = buckets.keys();
      if (buckets.size > maxAskers && oldest !== undefined) buckets.delete(oldest);
      if (bucket.tokens < 1) return Math.ceil((1 - bucket.tokens) / perSecond);
      bucket.tokens -= 1;
      return null;
    },
  };
}
