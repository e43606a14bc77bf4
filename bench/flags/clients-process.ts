import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { quantile } from '../quantile.ts';
import type { Order, Report } from './messages.ts';

// A process of its own for all clients, so that they take nothing of the control plane's thread.

const now = (): number => performance.timeOrigin + performance.now();
const tell = (report: Report): void => void process.send?.(report);
const hosts = new Agent({ keepAlive: true, maxSockets: Infinity });

process.on('message', (order: Order) => {
  void (order.kind === 'listen' ? listen(order.url, order.clients) : ask(order));
});
process.on('disconnect', () => process.exit(0));

/** Opens the streams; after each change, once all have heard of it, says when each of them did. */
async function listen(url: string, clients: number): Promise<void> {
  let heard: number[] = [];
  const onEvent = (): void => {
    heard.push(now());
    if (heard.length < clients) return;
    tell({ kind: 'heard', atMs: heard });
    heard = [];
  };
  await Promise.all(Array.from({ length: clients }, async () => await open(url, onEvent)));
  tell({ kind: 'listening' });
}

/** A bare socket, so that a thousand clients fit into one process. Resolves with the first event, which says what holds now. */
async function open(url: string, onEvent: () => void): Promise<void> {
  const { hostname, port, pathname, search } = new URL(url);
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) });
    let isOpen = false;
    socket.once('error', reject).on('data', (bytes) => {
      if (!bytes.includes('refetchEvaluation')) return;
      if (isOpen) onEvent();
      isOpen = true;
      resolve();
    });
    socket.write(`GET ${pathname}${search} HTTP/1.1\r\nhost: ${hostname}:${port}\r\naccept: text/event-stream\r\n\r\n`);
  });
}

async function ask({ url, keys, connections, forMs }: Extract<Order, { kind: 'ask' }>): Promise<void> {
  const end = now() + forMs;
  const tookMs: number[] = [];
  let failed = 0;
  const one = async (key: string): Promise<void> => {
    for (let visitor = 0; now() < end; visitor += 1) {
      const start = now();
      const status = await post(url, key, `{"context":{"targetingKey":"visitor-${visitor}","country":"de"}}`);
      if (status !== 200) failed += 1;
      tookMs.push(now() - start);
    }
  };
  await Promise.all(Array.from({ length: connections }, (_, index) => one(keys[index % keys.length] ?? '')));
  tell({ kind: 'asked', perSecond: (1000 * tookMs.length) / forMs, failed, p99Ms: quantile(tookMs, 0.99) ?? 0 });
}

async function post(url: string, key: string, body: string): Promise<number> {
  return await new Promise<number>((resolve) => {
    const headers = {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      'content-length': body.length,
    };
    const sent = request(url, { method: 'POST', agent: hosts, headers }, (answer) => {
      answer.resume().once('end', () => resolve(answer.statusCode ?? 0));
    });
    sent.once('error', () => resolve(0)).end(body);
  });
}
