import type { RequestOptions } from 'node:http';
import { request } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { toLotseError } from '../../../core/errors.ts';
import type { Address } from '../../../core/routing-document.ts';
import type { Check } from '../../../rollout/release.ts';

export type ProbeAnswer =
  | { readonly kind: 'ok' }
  /** Nothing accepts connections there. */
  | { readonly kind: 'refused' }
  /** Something accepts, and does not answer as it should. */
  | { readonly kind: 'bad'; readonly why: string }
  /** It could not be asked, which says nothing about it. */
  | { readonly kind: 'unseen'; readonly why: string };

/**
 * Opens a connection to what this machine does not reach by itself. Errors: `unreachable` (refused there when its cause has
 * a `code` of a socket, as ECONNREFUSED; else there was no way), `timeout`.
 */
export type Reach = (to: Address, limits: { readonly timeoutMs: number }) => Promise<Duplex>;

export function whyOf(answer: ProbeAnswer): string {
  return answer.kind === 'bad' || answer.kind === 'unseen' ? answer.why : 'it refuses connections';
}

/** Asks once. HTTP: GET, any 2xx or 3xx status is good. TCP: the connection is accepted. Never rejects. */
export function probe(check: Check, address: Address, timeoutMs: number): Promise<ProbeAnswer> {
  return check.kind === 'tcp'
    ? probeTcp(address, timeoutMs)
    : probeHttp(check.path, { options: { ...address, agent: false }, host: null }, timeoutMs);
}

/** The same, over a connection that is made by other means. */
export async function probeBy(reach: Reach, check: Check, address: Address, timeoutMs: number): Promise<ProbeAnswer> {
  try {
    const stream = await reach(address, { timeoutMs });
    const host = address.host.includes(':') ? `[${address.host}]` : address.host;
    const over = { options: { createConnection: () => stream }, host: `${host}:${address.port}` };
    const answer: ProbeAnswer = check.kind === 'tcp' ? { kind: 'ok' } : await probeHttp(check.path, over, timeoutMs);
    stream.on('error', () => undefined).destroy();
    return answer;
  } catch (error) {
    const { code, message, cause } = toLotseError(error);
    if (code === 'unreachable') return isOfSocket(cause) ? { kind: 'refused' } : { kind: 'unseen', why: message };
    return { kind: 'bad', why: code === 'timeout' ? 'no connection in time' : message };
  }
}

function isOfSocket(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' && /^E[A-Z]+$/.test(cause.code);
}

interface HttpWay {
  /** How it is connected to; an agent would do that by itself. */
  readonly options: RequestOptions;
  /** Null: as the address says. */
  readonly host: string | null;
}

function probeTcp(address: Address, timeoutMs: number): Promise<ProbeAnswer> {
  return new Promise((resolve) => {
    const socket = connect({ host: address.host, port: address.port });
    const finish = (answer: ProbeAnswer): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => finish({ kind: 'bad', why: 'no connection in time' }), timeoutMs);
    socket.once('connect', () => finish({ kind: 'ok' }));
    socket.on('error', () => finish({ kind: 'refused' }));
  });
}

function probeHttp(path: string, way: HttpWay, timeoutMs: number): Promise<ProbeAnswer> {
  return new Promise((resolve) => {
    const sent = request({
      ...way.options,
      path,
      headers: {
        ...{ 'user-agent': 'lotse-probe', connection: 'close' },
        ...(way.host === null ? {} : { host: way.host }),
      },
    });
    const finish = (answer: ProbeAnswer): void => {
      clearTimeout(timer);
      resolve(answer);
    };
    const timer = setTimeout(() => {
      finish({ kind: 'bad', why: `GET ${path} was not answered within ${timeoutMs} ms` });
      sent.destroy();
    }, timeoutMs);
    sent.once('response', (response) => {
      const status = response.statusCode ?? 0;
      response.resume().on('error', () => undefined);
      finish(status >= 200 && status < 400 ? { kind: 'ok' } : { kind: 'bad', why: `GET ${path} answered ${status}` });
    });
    sent.on('error', (error) => {
      const refused = 'code' in error && error.code === 'ECONNREFUSED';
      finish(refused ? { kind: 'refused' } : { kind: 'bad', why: `GET ${path} failed: ${error.message}` });
    });
    sent.end();
  });
}
