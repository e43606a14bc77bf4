import { z } from 'zod';

/** What a load looks like. Requests of the two kinds of connections are sent at a fixed pace each. */
export const loadWishes = z.object({
  /** An address; 127.0.0.1 when left out. */
  host: z.string().optional(),
  port: z.number().int(),
  /** The `host` header. */
  hostName: z.string(),
  keptPerSecond: z.number(),
  freshPerSecond: z.number(),
  /** So many connections are kept open and take turns, the one that rested longest first. */
  keptConnections: z.number().int(),
  postPart: z.number(),
  /** Part of the requests that asks for `/slow`, which takes the app 200 ms. */
  slowPart: z.number(),
  timeoutMs: z.number(),
});

export type LoadWishes = z.infer<typeof loadWishes>;

/** 1000 requests/s: 800 on about 100 kept connections, 200 on fresh ones; a fifth POSTs, a tenth slow. */
export const usualLoad = {
  keptPerSecond: 800,
  freshPerSecond: 200,
  keptConnections: 100,
  postPart: 0.2,
  slowPart: 0.1,
  timeoutMs: 10_000,
} as const satisfies Partial<LoadWishes>;
