import net from 'node:net';
import type { Address } from '../../core/routing-document.ts';
import { HeadCollector } from '../framing/head-collector.ts';
import { readResponseHead } from '../framing/response-head.ts';
import { defaultLimits } from '../limits.ts';

export type ProbeResult =
  | { readonly kind: 'ok' }
  | { readonly kind: 'failed'; readonly why: string }
  /** This process itself was kept from running, so nothing is known. */
  | { readonly kind: 'unknown' };

/** A deadline that is noticed later than this, in milliseconds, says more about us than about the instance. */
const ownDelayMs = 250;

/**
 * Asks an instance once, on a connection of its own: does it accept connections (`path` null), or does it answer
 * `GET path` with a 2xx or 3xx status? Never rejects. Own framing, because `node:http` would cost the proxy's parent
 * memory for its whole life.
 */
export function probeInstance(address: Address, path: string | null, timeoutMs: number): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const startMs = performance.now();
    const socket = net.connect({ host: address.host, port: address.port, noDelay: true });
    const collector = new HeadCollector(defaultLimits.responseHeadBytes);
    const finish = (result: ProbeResult) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    const timer = setTimeout(() => {
      const isOurDelay = performance.now() - startMs > timeoutMs + ownDelayMs;
      finish(isOurDelay ? { kind: 'unknown' } : failed(`${question(path)} was not answered within ${timeoutMs} ms`));
    }, timeoutMs);
    socket.on('connect', () => {
      if (path === null) finish({ kind: 'ok' });
      else socket.write(requestText(address, path));
    });
    socket.on('data', (bytes) => {
      collector.push(bytes);
      const result = readAnswer(collector, path);
      if (result !== null) finish(result);
    });
    socket.on('end', () => finish(failed(`${question(path)} was not answered: the connection was closed`)));
    socket.on('error', (error) => finish(failed(describeError(error, path))));
  });
}

function failed(why: string): ProbeResult {
  return { kind: 'failed', why };
}

function question(path: string | null): string {
  return path === null ? 'the connection' : `GET ${path}`;
}

function requestText({ host, port }: Address, path: string): string {
  const name = net.isIPv6(host) ? `[${host}]` : host;
  return `GET ${path} HTTP/1.1\r\nhost: ${name}:${port}\r\nuser-agent: lotse-probe\r\naccept: */*\r\nconnection: close\r\n\r\n`;
}

/** Null while the head is not complete, and for 1xx answers, which announce another one. */
function readAnswer(collector: HeadCollector, path: string | null): ProbeResult | null {
  for (;;) {
    const text = collector.take();
    if (text === null) return null;
    if (typeof text !== 'string') return failed(`${question(path)} was answered with something that is not HTTP`);
    const { problem, status } = readResponseHead(text, defaultLimits);
    if (problem !== null) return failed(`${question(path)} was answered with invalid HTTP: ${problem}`);
    if (status >= 200) return status < 400 ? { kind: 'ok' } : failed(`${question(path)} answered ${status}`);
  }
}

function describeError(error: Error, path: string | null): string {
  const code = 'code' in error ? String(error.code) : error.message;
  return code === 'ECONNREFUSED' ? 'connections are refused' : `${question(path)} failed: ${code}`;
}
