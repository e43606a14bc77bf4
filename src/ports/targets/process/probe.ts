import { request } from 'node:http';
import { connect } from 'node:net';
import type { Address } from '../../../core/routing-document.ts';
import type { Check } from '../../../rollout/release.ts';

export type ProbeAnswer =
  | { readonly kind: 'ok' }
  /** Nothing accepts connections there. */
  | { readonly kind: 'refused' }
  /** Something accepts, and does not answer as it should. */
  | { readonly kind: 'bad'; readonly why: string };

/** Asks once. HTTP: GET, any 2xx or 3xx status is good. TCP: the connection is accepted. Never rejects. */
export function probe(check: Check, address: Address, timeoutMs: number): Promise<ProbeAnswer> {
  return check.kind === 'tcp' ? probeTcp(address, timeoutMs) : probeHttp(check.path, address, timeoutMs);
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

function probeHttp(path: string, address: Address, timeoutMs: number): Promise<ProbeAnswer> {
  return new Promise((resolve) => {
    const sent = request({
      ...address,
      path,
      agent: false,
      headers: { 'user-agent': 'lotse-probe', connection: 'close' },
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
