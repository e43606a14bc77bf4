import { lookup } from 'node:dns/promises';
import type { Duplex } from 'node:stream';
import { toLotseError } from '../../../core/errors.ts';
import { probeHeader, revisionHeader } from '../../../core/routing-document.ts';
import type { TrustedProxy } from '../../../core/routing-document.ts';
import { ProxyControl } from '../../../proxy/control-client.ts';
import { probeTransport, type ProbeTls } from './probe-transport.ts';

export interface ProbeTarget {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly probeKey: string;
  /** Asked at this address instead of where the name leads; null: where the name leads. */
  readonly address: string | null;
  /** How the address is connected to, where this machine cannot by itself. */
  readonly open?: () => Promise<Duplex>;
  /** Asked by TLS with the host as SNI; null: asked in plain. */
  readonly tls: ProbeTls | null;
  /** As in the proxy's document. */
  readonly trustedProxies: readonly TrustedProxy[];
}

export interface ProbeAnswer {
  /** False: nobody answered at all (no such name, no connection, no answer in time). */
  readonly isReached: boolean;
  readonly revision: string | null;
  readonly problem: string | null;
}

/** How long one probe may take, in milliseconds. */
const probeTimeoutMs = 5_000;

/**
 * One signed request to the public route on a connection of its own. An answer of any status counts as long as the
 * proxy names the revision behind it and the app itself answered.
 */
export async function askOnce(
  target: ProbeTarget,
  probe: { readonly bucket: number | null; readonly nowMs: number },
  signal: AbortSignal,
): Promise<ProbeAnswer> {
  const address = target.address ?? (await addressOf(target.host));
  const { promise, resolve } = Promise.withResolvers<ProbeAnswer>();
  const { host, port, tls, trustedProxies } = target;
  const opened = await openedFor(target);
  if ('problem' in opened) return opened;
  const path = { host, to: { host: address, port }, tls, trustedProxies, ...opened };
  const { send, options, strangerOf } = await probeTransport(path);
  const question = send(
    {
      host: address,
      port: target.port,
      path: target.path,
      method: 'HEAD',
      agent: false,
      ...options,
      signal,
      headers: {
        host: hostField(target),
        'user-agent': 'lotse-probe',
        [probeHeader]: ProxyControl.signProbe(target.probeKey, { bucket: probe.bucket, revision: null }, probe.nowMs),
      },
    },
    (answer) => {
      answer.resume();
      const stranger = strangerOf(answer.socket);
      if (stranger !== null) return resolve({ isReached: false, revision: null, problem: stranger });
      const revision = String(answer.headers[revisionHeader] ?? '').split(' ')[0] ?? '';
      const problem = `the public route answered ${answer.statusCode} without naming a revision`;
      const isNamed = revision !== '';
      resolve({ isReached: true, revision: isNamed ? revision : null, problem: isNamed ? null : problem });
    },
  );
  // Not the request's own timeout: only sockets of this machine know one.
  const late = setTimeout(() => question.destroy(new Error(`no answer within ${probeTimeoutMs} ms`)), probeTimeoutMs);
  question.on('error', (error) =>
    resolve({ isReached: false, revision: null, problem: `${target.host}:${target.port}: ${error.message}` }),
  );
  question.end();
  return await promise.finally(() => clearTimeout(late));
}

/** The connection that the probe goes by, where it needs one of another kind. */
async function openedFor({ open, host, port }: ProbeTarget): Promise<{ readonly opened?: Duplex } | ProbeAnswer> {
  if (open === undefined) return {};
  try {
    return { opened: await open() };
  } catch (error) {
    return { isReached: false, revision: null, problem: `${host}:${port}: ${toLotseError(error).message}` };
  }
}

/** Without the port where it is the one that everybody expects, as browsers write it. */
function hostField({ host, port, tls }: ProbeTarget): string {
  return port === (tls === null ? 80 : 443) ? host : `${host}:${port}`;
}

/** Names below `.localhost` are this machine (RFC 6761), whether or not the C library knows. Others go through DNS. */
async function addressOf(host: string): Promise<string> {
  if (host === 'localhost' || host.endsWith('.localhost')) return '127.0.0.1';
  const found = await lookup(host).catch(() => null);
  return found?.address ?? host;
}
