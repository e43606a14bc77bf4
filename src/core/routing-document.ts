/**
 * The routing document: all that a proxy needs to know, as one value. It is versioned, swapped atomically, kept on the
 * proxy's disk, and fenced, so that an old control plane cannot undo what a newer one decided. All shapes are plain JSON.
 */

/** Where an instance listens. `host` is an IP address, never a name. */
export interface Address {
  readonly host: string;
  readonly port: number;
  /** The machine whose address it is, as `servers:` names it; missing: this one. A proxy is told only of its own machine's. */
  readonly server?: string;
}

export interface RoutedInstance {
  readonly slot: number;
  readonly address: Address;
  /** `accepting` may get new requests; `draining` finishes what it has and gets no new one. */
  readonly state: 'accepting' | 'draining';
  /**
   * How long WebSockets and event streams may stay once it drains, in milliseconds, from when the proxy first sees it
   * draining. Then they are closed one after another within `streamCloseSpreadMs`.
   */
  readonly drainMs: number;
}

/** What keeps a visitor on one revision while two have a share. */
export type Stickiness =
  /** The proxy's own cookie with a random visitor id. */
  | { readonly kind: 'cookie' }
  /** The value of a header field (lower-case name), for clients without cookies; without the field the address. */
  | { readonly kind: 'header'; readonly name: string }
  /** The client's address. */
  | { readonly kind: 'address' }
  /** Each request for itself. */
  | { readonly kind: 'none' };

/** One web service of one revision, as far as traffic is concerned. */
export interface RoutedService {
  readonly service: string;
  /** Path prefix, `/` or `/api`; the longest matching prefix wins, matched at segment borders. */
  readonly path: string;
  readonly stickiness: Stickiness;
  readonly instances: readonly RoutedInstance[];
  /** Port, where the revision says, on which the services of the same revision reach this one; null while it has none. */
  readonly internalPort: number | null;
  /**
   * A request that is not finished after such a time counts as late (for the judge), in milliseconds, ascending, at most
   * `lateThresholds`. They change only together with the epoch.
   */
  readonly lateAfterMs: readonly number[];
  /**
   * Path prefix of files that belong to one release: a GET or HEAD below it that this revision answers with 404 is asked
   * of the environment's other revisions, newest first. Null: none.
   */
  readonly assets: string | null;
  /** Path that the proxy itself asks of every accepting instance now and then; null: whether the port accepts connections. */
  readonly readyPath: string | null;
}

export interface RoutedRevision {
  readonly revision: string;
  /** One lower-case DNS label. */
  readonly release: string;
  /** Port, on loopback or where `inner` says, that answers as the public one does, but with this revision only (for verification); null: none. */
  readonly pinnedPort: number | null;
  /** Where its pinned and internal ports are; missing: on loopback. */
  readonly inner?: InnerDoor;
  readonly services: readonly RoutedService[];
}

/** Where instances reach this machine when they do not share its loopback, as containers do. */
export interface InnerNetwork {
  /** IP address of this machine there. */
  readonly host: string;
  /** `172.30.1.0/24`: nobody else is let in to what is the revision's own. */
  readonly network: string;
}

/** What a revision reaches of the proxy in its network. */
export interface InnerDoor extends InnerNetwork {
  /** Port there that answers as the environment's own one does; no other port has its number. Null: none. */
  readonly publicPort: number | null;
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
  /** The newest last. */
  readonly revisions: readonly RoutedRevision[];
  /** Those of `domains` below which `<release>.<domain>` previews that release. */
  readonly previewDomains: readonly string[];
  /** Plain requests are redirected to TLS, and browsers are told to come by TLS alone for `hstsS` seconds (0: not told). Null: both are answered. */
  readonly https: { readonly hstsS: number } | null;
}

/** A certificate with its key, PEM. */
export interface RoutedCertificate {
  /** Lower-case names that it is shown for; `*.shop.example` stands for one label. */
  readonly names: readonly string[];
  /** The certificate first, then what leads to its root. */
  readonly chainPem: string;
  readonly keyPem: string;
}

/** The answer to `GET /.well-known/acme-challenge/<token>` (RFC 8555 section 8.3). */
export interface AcmeChallenge {
  readonly token: string;
  readonly keyAuthorization: string;
}

/** Somebody in front of Lotse who is believed about the client. */
export interface TrustedProxy {
  /** An address or a network: `10.0.0.0/8`, `fd00::/8`, `192.0.2.7`. */
  readonly network: string;
  /** `http`: its X-Forwarded-* and Forwarded fields count. `proxy-v2`: each of its connections to a shared front port begins with a PROXY protocol version 2 header. */
  readonly protocol: 'http' | 'proxy-v2';
}

/**
 * Where requests below `/.lotse/flags` go, of the environments that have flags: to whoever evaluates them. For all other
 * environments such a path is the app's own.
 */
export interface RoutedFlags {
  readonly address: Address;
  /** `key` is added to each request, as `lotse-flag-key`: letters, digits, `_` and `-`. */
  readonly environments: readonly { readonly app: string; readonly environment: string; readonly key: string }[];
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
  /** Address that front ports bind to, e.g. 127.0.0.1 or 0.0.0.0. */
  readonly frontHost: string;
  /** Shared front port for TLS and its certificates; null: none. The first certificate is shown to clients that name nobody. */
  readonly tls: { readonly port: number; readonly certificates: readonly RoutedCertificate[] } | null;
  /** Answered on the shared front port before anything else. */
  readonly challenges: readonly AcmeChallenge[];
  readonly trustedProxies: readonly TrustedProxy[];
  /** How many of 1,000 ordinary requests the access log shows. Failed ones are always shown, bounded in their rate. */
  readonly accessLogPermille: number;
  /** Missing: nobody here evaluates flags. */
  readonly flags?: RoutedFlags;
  readonly environments: readonly RoutedEnvironment[];
}

/** What a document says about the machine's front doors, beside its environments. */
export type FrontDoors = Pick<
  RoutingDocument,
  'frontPort' | 'frontHost' | 'tls' | 'challenges' | 'trustedProxies' | 'accessLogPermille' | 'flags'
>;

/** In which time the WebSockets and event streams of an instance are closed after its drain, so that not all clients come back at once. */
export function streamCloseSpreadMs(drainMs: number): number {
  return Math.min(10_000, Math.ceil(drainMs / 3));
}

/** What closing one WebSocket may take beyond that: a moment between two messages, and the app's answer. In milliseconds. */
export const streamCloseHandshakeMs = 6_000;

/** The header that asks "which revision answers?"; its value is `<unix ms>.<bucket or ->.<revision or ->.<hex hmac of the text before>`. */
export const probeHeader = 'lotse-probe';
/** Bucket of the visitor, told to the app with each request that has one; a service that passes it on keeps inner requests in the same bucket. */
export const bucketHeader = 'lotse-bucket';
/** Shows one release to whoever has a signed value: `<unix ms until when it holds>.<release>.<hex hmac of the text before>`. */
export const previewHeader = 'lotse-preview';
/** Path below which browsers reach whoever evaluates flags, on the environment's own names and ports. */
export const flagsPath = '/.lotse/flags';
/** Set by the proxy on requests below that path: the key that reads the flags of the environment. */
export const flagKeyHeader = 'lotse-flag-key';
/** Set by the proxy on answers to a validly signed probe only: `<revision> <service> <slot>`. */
export const revisionHeader = 'lotse-revision';
/** Lotse's own cookies start with this; none of them ever reaches an app. */
export const ownCookiePrefix = '__lotse_';
/** How old a signed probe may be, in milliseconds. */
export const probeMaxAgeMs = 60_000;
/** Buckets that visitors are hashed to. */
export const bucketCount = 1000;
/** How many thresholds `lateAfterMs` may have. */
export const lateThresholds = 4;

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
  /**
   * Of the finished ones that were answered: those that were not late because their instance was warming up. They say
   * nothing about how long requests take. Missing: none.
   */
  readonly untimed?: number;
  /** Requests that had not finished when the clock passed each of `lateAfterMs`. */
  readonly late: readonly number[];
}

/** How long finished requests of one service of one revision took, from the head of the request to the end of the answer. */
export interface DurationCount {
  readonly service: string;
  readonly revision: string;
  /**
   * Requests by bin (see durations.ts), without zeros at the end. Those whose client went away are left out, and so are
   * WebSockets and event streams.
   */
  readonly counts: readonly number[];
  /** How long they took together, in milliseconds. */
  readonly sumMs?: number;
  /** By these the `late` of the same service and revision is counted, in milliseconds, ascending. */
  readonly lateAfterMs?: readonly number[];
}

/** Counters of one epoch of one environment. A closed epoch never changes and is kept until acknowledged. */
export interface EpochCounters {
  readonly app: string;
  readonly environment: string;
  /** -1: what was counted while a person's override was in force. It says nothing about the shares of any document. */
  readonly epoch: number;
  /** Random per proxy start, and another one before and after an override: with `epoch` it names the epoch uniquely. */
  readonly proxyStart: string;
  readonly openedAtMs: number;
  readonly closedAtMs: number | null;
  /** What its requests were divided by; missing where a proxy of an older build has counted. */
  readonly shares?: readonly Share[];
  readonly counts: readonly TrafficCount[];
  readonly durations: readonly DurationCount[];
}

/** What the proxy reports about one instance address, also after the document no longer names it. */
export interface AddressStatus {
  readonly address: Address;
  /** Requests and upgraded connections in flight right now, summed over proxy workers: at zero nobody is served there. */
  readonly activeRequests: number;
  /** How many of those are upgraded connections (WebSockets). */
  readonly upgradedConnections: number;
  /** How many of those are event streams under way; a proxy of before does not say. */
  readonly eventStreams?: number;
  /** Set while the proxy itself prefers every other instance: connections were refused, or its own probes failed. It tries again by itself. */
  readonly ejected: boolean;
  /** What is wrong there, in a few words; null: nothing that is known. */
  readonly problem: string | null;
}

/** What a person has ordered at the proxy itself: it is laid over every document until a person clears it. */
export interface ProxyOverride {
  readonly app: string;
  readonly environment: string;
  readonly order:
    | { readonly kind: 'maintenance'; readonly message: string }
    /** All of the environment's traffic goes to this revision. */
    | { readonly kind: 'switch'; readonly revision: string };
  /** Name of the user on the proxy's machine. */
  readonly by: string;
  /** Why, in that person's words; null: nothing was said. */
  readonly reason: string | null;
  readonly atMs: number;
  /** False while the document names nothing that could do what is ordered: then the document alone counts. */
  readonly isInForce: boolean;
}

export interface ProxyStatus {
  readonly pid: number;
  readonly proxyStart: string;
  /** Names the program that runs: its version, a digest of its files, and its Node.js. Equal texts: the same program. */
  readonly build: string;
  readonly controlProtocol: 1;
  readonly fence: number;
  readonly version: number;
  /** True when every proxy worker has confirmed `version`. */
  readonly confirmed: boolean;
  readonly workers: readonly { readonly pid: number; readonly version: number; readonly generation: number }[];
  /** Replaced workers, also those of a proxy that has handed over to this one, that still finish what they have. */
  readonly drainingWorkers: number;
  readonly heldRequests: number;
  readonly addresses: readonly AddressStatus[];
  readonly overrides: readonly ProxyOverride[];
  /** Problems that need a person, e.g. a port that could not be opened. */
  readonly problems: readonly string[];
  /** Heads of the journal chains as last told by the control plane, by chain name. */
  readonly journalHeads: Readonly<Record<string, { readonly sequence: number; readonly hash: string }>>;
}
