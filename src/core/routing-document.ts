/**
 * The routing document: all that a proxy needs to know, as one value. It is versioned, swapped atomically, kept on the
 * proxy's disk, and fenced, so that an old control plane cannot undo what a newer one decided. All shapes are plain JSON.
 */

/** Where an instance listens. `host` is an IP address, never a name. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface RoutedInstance {
  readonly slot: number;
  readonly address: Address;
  /** `accepting` may get new requests; `draining` finishes what it has and gets no new one. */
  readonly state: 'accepting' | 'draining';
}

/** One web service of one revision, as far as traffic is concerned. */
export interface RoutedService {
  readonly service: string;
  /** Path prefix, `/` or `/api`; the longest matching prefix wins, matched at segment borders. */
  readonly path: string;
  readonly stickiness: 'cookie' | 'none';
  readonly instances: readonly RoutedInstance[];
  /** Loopback port on which the services of the same revision reach this one; null while it has none. */
  readonly internalPort: number | null;
  /** A request that is not finished after this time counts as late (for the judge), in milliseconds; null: not counted. */
  readonly lateAfterMs: number | null;
}

export interface RoutedRevision {
  readonly revision: string;
  readonly release: string;
  /** Loopback port that answers as the public one does, but with this revision only (for verification); null: none. */
  readonly pinnedPort: number | null;
  readonly services: readonly RoutedService[];
}

/** How much of the environment's traffic a revision gets, in thousandths. The shares of an environment sum to 1000. */
export interface Share {
  readonly revision: string;
  readonly permille: number;
}

export type RoutingMode =
  | { readonly kind: 'serving' }
  /** 503 with Retry-After and a page that says so. */
  | { readonly kind: 'maintenance'; readonly retryAfterS: number; readonly message: string }
  /** Pause and switch: requests wait, at most `maxHeld` of them, each at most `maxHoldMs`; beyond that 503. */
  | { readonly kind: 'paused'; readonly maxHeld: number; readonly maxHoldMs: number }
  /** An adopted upstream (release 0): routed to, never started or stopped. */
  | { readonly kind: 'adopted'; readonly address: Address };

export interface RoutedEnvironment {
  readonly app: string;
  readonly environment: string;
  /** Lower-case names without port, matched against Host on the shared front port. */
  readonly domains: readonly string[];
  /** A front port of its own that needs no name (any Host is answered); null: none. */
  readonly port: number | null;
  readonly mode: RoutingMode;
  /** Grows with every change of shares or salt: the judge's counters never mix two epochs. */
  readonly epoch: number;
  /** Fresh for each rollout: hashed with the visitor to one of 1,000 buckets. Buckets 0 … permille-1 go to the LAST share. */
  readonly salt: string;
  readonly shares: readonly Share[];
  readonly revisions: readonly RoutedRevision[];
}

export interface RoutingDocument {
  readonly format: 1;
  /** Fencing token of the writer: a document with a lower one is refused. */
  readonly fence: number;
  /** Grows with each document of one fence. */
  readonly version: number;
  /** Key (hex) of the HMAC-SHA256 that signs probes and previews. Never leaves the proxy. */
  readonly probeKey: string;
  /** Shared front port, found by Host; null: none. */
  readonly frontPort: number | null;
  /** Address that front ports bind to, e.g. 127.0.0.1 or 0.0.0.0. Internal and pinned ports always bind to loopback. */
  readonly frontHost: string;
  readonly environments: readonly RoutedEnvironment[];
}

/** The header that asks "which revision answers?"; its value is `<unix ms>.<bucket or ->.<revision or ->.<hex hmac of the text before>`. */
export const probeHeader = 'lotse-probe';
/** Bucket of the visitor, told to the app with each request that has one; a service that passes it on keeps inner requests in the same bucket. */
export const bucketHeader = 'lotse-bucket';
/** Set by the proxy on answers to a validly signed probe only: `<revision> <service> <slot>`. */
export const revisionHeader = 'lotse-revision';
/** Lotse's own cookies start with this; none of them ever reaches an app. */
export const ownCookiePrefix = '__lotse_';
/** How old a signed probe may be, in milliseconds. */
export const probeMaxAgeMs = 60_000;
/** Buckets that visitors are hashed to. */
export const bucketCount = 1000;

/** One line of counters. Monotonic within its epoch; `bucket` is -1 for requests without one (inner hops, stickiness none). */
export interface TrafficCount {
  readonly service: string;
  readonly revision: string;
  readonly bucket: number;
  readonly started: number;
  /** Finished by class: answers 1xx–3xx, 4xx, 5xx by the app; `failed`: the proxy had to answer 502/504 for it. */
  readonly ok: number;
  readonly clientError: number;
  readonly serverError: number;
  readonly failed: number;
  /** The client went away before the answer was complete. */
  readonly clientGone: number;
  /** Requests that had not finished when the clock passed `lateAfterMs`. */
  readonly late: number;
}

/** Counters of one epoch of one environment. A closed epoch never changes and is kept until acknowledged. */
export interface EpochCounters {
  readonly app: string;
  readonly environment: string;
  readonly epoch: number;
  /** Random per proxy start: with `epoch` it names the epoch uniquely. */
  readonly proxyStart: string;
  readonly openedAtMs: number;
  readonly closedAtMs: number | null;
  readonly counts: readonly TrafficCount[];
}

/** What the proxy reports about one instance address, also after the document no longer names it. */
export interface AddressStatus {
  readonly address: Address;
  /** Requests and upgraded connections in flight right now, summed over proxy workers: at zero nobody is served there. */
  readonly activeRequests: number;
  /** How many of those are upgraded connections (WebSockets). */
  readonly upgradedConnections: number;
  /** Set while the proxy itself sends nothing there (connections refused); it tries again by itself. */
  readonly ejected: boolean;
}

export interface ProxyStatus {
  readonly pid: number;
  readonly proxyStart: string;
  readonly controlProtocol: 1;
  readonly fence: number;
  readonly version: number;
  /** True when every proxy worker has confirmed `version`. */
  readonly confirmed: boolean;
  readonly workers: readonly { readonly pid: number; readonly version: number; readonly generation: number }[];
  readonly heldRequests: number;
  readonly addresses: readonly AddressStatus[];
  /** Problems that need a person, e.g. a port that could not be opened. */
  readonly problems: readonly string[];
  /** Heads of the journal chains as last told by the control plane, by chain name. */
  readonly journalHeads: Readonly<Record<string, { readonly sequence: number; readonly hash: string }>>;
}
