/** Every limit of the data path in one place. Times in milliseconds, sizes in bytes. */
export interface ProxyLimits {
  /** Request line and header fields together; beyond it 431. */
  readonly headBytes: number;
  /** Request target alone; beyond it 414. */
  readonly targetBytes: number;
  /** Header fields of one message; beyond it 431. */
  readonly fieldCount: number;
  /** Request body; beyond it 413. */
  readonly bodyBytes: number;
  /** Head of an upstream's answer; beyond it 502. */
  readonly responseHeadBytes: number;
  /** From the first byte of a request to the end of its head; then 408. */
  readonly requestHeadMs: number;
  /** From the connection of a proxy that speaks the PROXY protocol to the end of its header; then it is closed. */
  readonly proxyHeaderMs: number;
  /** From the connection to the end of the TLS handshake; then it is closed. */
  readonly tlsHandshakeMs: number;
  /** TLS handshakes under way per proxy worker; beyond it the oldest makes room, unless even that one is young. */
  readonly tlsHandshakes: number;
  /** Requests that one HTTP/2 connection may have open at once. */
  readonly http2Streams: number;
  /** How much of one request's body an HTTP/2 client may send before we have taken it. */
  readonly http2StreamWindowBytes: number;
  /** Broken-off streams, pings and settings that an HTTP/2 client may send at once, and in each second after that; then it is sent away. */
  readonly http2NuisanceBurst: number;
  readonly http2NuisancePerS: number;
  /** A keep-alive connection without a request is closed after this. */
  readonly clientIdleMs: number;
  /** A request body must bring at least one byte in this time; then 408. */
  readonly requestBodyIdleMs: number;
  /** A reader that takes nothing for this long is cut. */
  readonly clientWriteStallMs: number;
  readonly connectMs: number;
  /** From the request sent to the first byte of the answer; then 504. */
  readonly responseHeadMs: number;
  /** How long one other revision may take to answer for a file that the chosen one does not have. */
  readonly assetMs: number;
  /** Silence inside an ordinary answer's body. */
  readonly responseBodyIdleMs: number;
  /** Silence inside an event stream or an upgraded connection. */
  readonly streamIdleMs: number;
  /** An unused upstream connection is closed after this, or a second before the upstream's announced timeout. */
  readonly upstreamIdleMs: number;
  /** A request that must not be repeated takes a pooled connection only when it was used within this time. */
  readonly recentlyUsedMs: number;
  readonly idlePerUpstream: number;
  /** Client connections per proxy worker; more are answered 503 and closed. */
  readonly connections: number;
  /** Bytes of a request body that are kept so that the request can be sent to another instance. */
  readonly replayBytes: number;
  /** Pipelined bytes read ahead while a request is being answered. */
  readonly readAheadBytes: number;
  /** A client that closes its sending side this soon after its request only said that it has no more to send; later it has gone. */
  readonly halfCloseMs: number;
  /** How long a refused connection may still send before it is cut (closing at once would destroy our answer). */
  readonly lingerMs: number;
  /** First and longest time that an address which refuses connections gets no requests. */
  readonly ejectFirstMs: number;
  readonly ejectMaxMs: number;
  /** So many requests of an instance, among all workers, are its warm-up: each is late only after `warmUpMs`, and has no duration. */
  readonly warmUpRequests: number;
  readonly warmUpMs: number;
  /** Requests that are still open this long after their epoch ended are no longer waited for by the counters. */
  readonly epochLingerMs: number;
}

export const defaultLimits: ProxyLimits = {
  headBytes: 32 * 1024,
  targetBytes: 16 * 1024,
  fieldCount: 128,
  bodyBytes: 16 * 1024 ** 3,
  responseHeadBytes: 64 * 1024,
  requestHeadMs: 10_000,
  proxyHeaderMs: 5_000,
  tlsHandshakeMs: 10_000,
  tlsHandshakes: 512,
  http2Streams: 128,
  http2StreamWindowBytes: 128 * 1024,
  http2NuisanceBurst: 256,
  http2NuisancePerS: 32,
  clientIdleMs: 75_000,
  requestBodyIdleMs: 30_000,
  clientWriteStallMs: 60_000,
  connectMs: 2_000,
  responseHeadMs: 60_000,
  assetMs: 5_000,
  responseBodyIdleMs: 300_000,
  streamIdleMs: 3_600_000,
  upstreamIdleMs: 4_000,
  recentlyUsedMs: 1_000,
  idlePerUpstream: 128,
  connections: 10_000,
  replayBytes: 64 * 1024,
  readAheadBytes: 64 * 1024,
  halfCloseMs: 250,
  lingerMs: 1_000,
  ejectFirstMs: 250,
  ejectMaxMs: 10_000,
  warmUpRequests: 50,
  warmUpMs: 2_000,
  epochLingerMs: 120_000,
};
