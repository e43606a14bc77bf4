import net from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Duplex } from 'node:stream';
import type { TrustedProxy } from '../../../core/routing-document.ts';
import { ProxyControl } from '../../../proxy/control-client.ts';

/**
 * Whoever is trusted to speak the PROXY protocol has to, and so has Lotse where such a proxy is on its own machine: a
 * connection from here to an address of this machine comes from that very address. Returns what opens such a connection;
 * null where none is needed.
 */
export function greetedConnection(
  to: { readonly host: string; readonly port: number },
  trustedProxies: readonly TrustedProxy[],
): (() => net.Socket) | null {
  const greeting = isOwnAddress(to.host) ? ProxyControl.greeting(trustedProxies, to.host) : null;
  if (greeting === null) return null;
  return () => {
    const socket = net.connect(to);
    socket.write(greeting);
    return socket;
  };
}

/** The same on a connection that is open already, and begins on the machine that `to` is an address of. */
export function greeted(
  connection: Duplex,
  { to, trustedProxies }: { readonly to: { readonly host: string }; readonly trustedProxies: readonly TrustedProxy[] },
): Duplex {
  const greeting = ProxyControl.greeting(trustedProxies, to.host);
  if (greeting !== null) connection.write(greeting);
  return connection;
}

function isOwnAddress(address: string): boolean {
  if (address.startsWith('127.') || address === '::1') return true;
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return own.some((each) => each.address === address);
}
