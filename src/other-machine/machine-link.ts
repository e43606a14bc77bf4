import type { Duplex } from 'node:stream';
import type { Address } from '../core/routing-document.ts';
import type { DockerEngine } from '../docker-engine/docker-engine.ts';

/**
 * Another machine, as far as its Docker engine lets one see it. Nothing of this machine's files is there, and nothing that
 * listens there can be reached from here but through this.
 */
export interface MachineLink {
  /** As in `servers:`, for messages: `ssh://lotse@de1.bildwerk.example`. */
  readonly name: string;
  readonly engine: DockerEngine;
  /**
   * A connection that begins on that machine, as if a program in its own network had made it: to an address (a container's,
   * or loopback) or to a socket file of Lotse's proxy there. Ends on either side pass through, half-open too. Errors:
   * `unreachable` (refused there, or no way to the machine), `timeout`.
   */
  connect(to: Address | { readonly socket: string }, limits: ConnectLimits): Promise<Duplex>;
  /** Ends connections that are open; what runs there goes on. */
  close(): Promise<void>;
}

export interface ConnectLimits {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}
