/** A proxy in front of the upstream. */
export interface Contestant {
  readonly name: string;
  readonly port: number;
  /** The process that all its processes descend from. */
  readonly pid: number;
  close(): Promise<void>;
}

/** Where and for whom a contestant is started. */
export interface Placement {
  readonly upstreamPort: number;
  readonly workers: number;
  /** The one core that it may use; null: all. */
  readonly core: number | null;
  /** The port takes TLS with this certificate, HTTP/2 and HTTP/1.1; plain HTTP without one. */
  readonly certificate?: Certificate;
}

/** PEM. */
export interface Certificate {
  readonly chainPem: string;
  readonly keyPem: string;
}

/** Null: its program is not on this machine. */
export type StartContestant = (placement: Placement) => Promise<Contestant | null>;

/** The name that all requests ask for. */
export const hostName = 'proxy.bench.test';
