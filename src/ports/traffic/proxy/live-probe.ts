import { lookup } from 'node:dns/promises';
import { request } from 'node:http';
import { probeHeader, revisionHeader } from '../../../core/routing-document.ts';
import { ProxyControl } from '../../../proxy/control-client.ts';

export interface ProbeTarget {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly probeKey: string;
  /** Asked at this address instead of where the name leads; null: where the name leads. */
  readonly address: string | null;
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
  const question = request(
    {
      host: address,
      port: target.port,
      path: target.path,
      method: 'HEAD',
      agent: false,
      timeout: probeTimeoutMs,
      signal,
      headers: {
        host: `${target.host}:${target.port}`,
        'user-agent': 'lotse-probe',
        [probeHeader]: ProxyControl.signProbe(target.probeKey, { bucket: probe.bucket, revision: null }, probe.nowMs),
      },
    },
    (answer) => {
      answer.resume();
      const revision = String(answer.headers[revisionHeader] ?? '').split(' ')[0] ?? '';
      const problem = `the public route answered ${answer.statusCode} without naming a revision`;
      const isNamed = revision !== '';
      resolve({ isReached: true, revision: isNamed ? revision : null, problem: isNamed ? null : problem });
    },
  );
  question.on('timeout', () => question.destroy(new Error(`no answer within ${probeTimeoutMs} ms`)));
  question.on('error', (error) =>
    resolve({ isReached: false, revision: null, problem: `${target.host}:${target.port}: ${error.message}` }),
  );
  question.end();
  return await promise;
}

/** Names below `.localhost` are this machine (RFC 6761), whether or not the C library knows. Others go through DNS. */
async function addressOf(host: string): Promise<string> {
  if (host === 'localhost' || host.endsWith('.localhost')) return '127.0.0.1';
  const found = await lookup(host).catch(() => null);
  return found?.address ?? host;
}
