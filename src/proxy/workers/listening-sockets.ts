import net from 'node:net';
import { getSystemErrorName } from 'node:util';
import type { RoutingDocument } from '../../core/routing-document.ts';

const loopback = '127.0.0.1';

export interface WantedPort {
  readonly host: string;
  readonly port: number;
}

/** A bound socket that this process keeps open and never accepts on; workers get duplicates of it. */
export interface BoundSocket extends WantedPort {
  readonly handle: object;
}

/** Every port that a document asks for. */
export function wantedPorts(document: RoutingDocument): readonly WantedPort[] {
  const ports: WantedPort[] = [];
  const add = (host: string, port: number | null) => {
    // Revisions of one environment may share one.
    if (port !== null && !ports.some((known) => known.port === port)) ports.push({ host, port });
  };
  add(document.frontHost, document.frontPort);
  add(document.frontHost, document.tls?.port ?? null);
  for (const environment of document.environments) {
    add(document.frontHost, environment.port);
    for (const revision of environment.revisions) {
      const innerHost = revision.inner?.host ?? loopback;
      add(innerHost, revision.inner?.publicPort ?? null);
      add(innerHost, revision.pinnedPort);
      for (const service of revision.services) add(innerHost, service.internalPort);
    }
  }
  return ports;
}

/**
 * Binds a socket without listening on it, which a worker does once it has a duplicate. From then on connections queue
 * up in the kernel while no worker accepts, because this process still has the socket open. Node has no public call for
 * this; `cluster` uses the same internal one. Returns the socket, or the name of the system error.
 */
export function bindSocket(wanted: WantedPort): BoundSocket | string {
  const create: unknown = Reflect.get(net, '_createServerHandle');
  if (typeof create !== 'function')
    throw new Error('this Node.js cannot hand over listening sockets (net._createServerHandle is missing)');
  const handle: unknown = create(wanted.host, wanted.port, net.isIPv6(wanted.host) ? 6 : 4);
  if (typeof handle === 'number') return getSystemErrorName(handle);
  if (typeof handle !== 'object' || handle === null) return 'EINVAL';
  // EADDRINUSE is kept back by libuv until the socket is used for the first time.
  const late: unknown = invoke(handle, 'getsockname', [{}]);
  if (typeof late === 'number' && late < 0) {
    invoke(handle, 'close', []);
    return getSystemErrorName(late);
  }
  return { ...wanted, handle };
}

export function closeSocket({ handle }: Pick<BoundSocket, 'handle'>): void {
  invoke(handle, 'close', []);
}

/** Calls a method that Node.js has no public name for; undefined where there is none. */
export function invoke(handle: object, name: string, parameters: readonly unknown[]): unknown {
  const method: unknown = Reflect.get(handle, name);
  return typeof method === 'function' ? Reflect.apply(method, handle, parameters) : undefined;
}
