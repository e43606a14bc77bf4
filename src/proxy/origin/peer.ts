import type { RequestHead } from '../framing/request-head.ts';
import type { ConnectionOrigin } from '../plane-connection.ts';
import { originBehind, originInside, originOf } from './request-origin.ts';
import type { RequestOrigin } from './request-origin.ts';
import type { TrustedProxies } from './trusted-proxies.ts';

type Trust =
  /** A client, or a proxy that nobody trusts. */
  | { readonly kind: 'nobody' }
  /** A trusted proxy: its forwarding fields count. */
  | { readonly kind: 'proxy'; readonly trusted: TrustedProxies }
  /** A service of ours, on an internal port. */
  | { readonly kind: 'service' };

/** Who is at the other end of a client's connection: looked up once, when it opens. */
export class Peer {
  /** Of a request that says nothing else, or may not. */
  readonly origin: RequestOrigin;
  /** The client that a PROXY protocol header named; null: it is who its socket says. */
  readonly named: ConnectionOrigin['client'];
  readonly #trust: Trust;

  private constructor(trust: Trust, address: string, isSecure: boolean, named: ConnectionOrigin['client']) {
    this.#trust = trust;
    this.named = named;
    this.origin = originOf([address], isSecure, '');
  }

  static service(address: string): Peer {
    return new Peer({ kind: 'service' }, address, false, null);
  }

  /** `named`: what a PROXY protocol header said; then it is the client behind it whose own word may count. */
  static client(address: string, named: ConnectionOrigin['client'], trusted: TrustedProxies): Peer {
    const client = named?.address ?? address;
    const isProxy = trusted.protocolOf(client) === 'http';
    return new Peer(isProxy ? { kind: 'proxy', trusted } : { kind: 'nobody' }, client, named?.isSecure ?? false, named);
  }

  /** The same on a connection that is encrypted here. */
  secured(): Peer {
    return this.origin.isSecure ? this : new Peer(this.#trust, this.origin.address, true, this.named);
  }

  /** Do the forwarding fields of its requests count? */
  get isTrusted(): boolean {
    return this.#trust.kind !== 'nobody';
  }

  originOf(head: RequestHead): RequestOrigin {
    const trust = this.#trust;
    if (trust.kind === 'nobody' || !head.isForwarded) return this.origin;
    return trust.kind === 'proxy' ? originBehind(this.origin, head, trust.trusted) : originInside(this.origin, head);
  }
}
