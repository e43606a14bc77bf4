import net from 'node:net';
import { DataPlane } from './data-plane.ts';
import { defaultLimits } from './limits.ts';
import type { FromWorker, ToWorker } from './worker-messages.ts';

/** Entry of a proxy worker: forked by the proxy's parent, which gives it listening sockets and documents. */

/** Connections that wait for a request may still bring one for so long while the worker drains. */
const drainIdleMs = 5_000;
const backlog = 2048;

const servers = new Map<number, net.Server>();
const plane = new DataPlane(defaultLimits, (report) => tell({ kind: 'epoch-final', report }));

function tell(message: FromWorker): void {
  if (process.connected) process.send?.(message);
}

function listen(port: number, handle: unknown): void {
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => plane.accept(socket, port));
  let isAnswered = false;
  server.on('error', (error) => {
    if (!isAnswered) tell({ kind: 'listening', port, error: 'code' in error ? String(error.code) : error.message });
    isAnswered = true;
  });
  server.listen(handle, backlog, () => {
    if (!isAnswered) tell({ kind: 'listening', port, error: null });
    isAnswered = true;
  });
  servers.get(port)?.close();
  servers.set(port, server);
}

function unlisten(port: number): void {
  servers.get(port)?.close();
  servers.delete(port);
}

/** Stops accepting and leaves when nothing is left to do, or when the time is over. */
function drain(graceMs: number): void {
  for (const port of [...servers.keys()]) unlisten(port);
  plane.drain();
  const startMs = performance.now();
  const leaveWhenDone = () => {
    const passedMs = performance.now() - startMs;
    if (passedMs >= Math.min(drainIdleMs, graceMs)) plane.closeIdle();
    if (plane.connectionCount > 0 && passedMs < graceMs) return;
    clearInterval(timer);
    leave();
  };
  const timer = setInterval(leaveWhenDone, Math.min(200, Math.max(10, graceMs)));
  leaveWhenDone();
}

function leave(): void {
  plane.destroy();
  if (!process.connected) process.exit(0);
  // Messages arrive in order: when this one is out, the last counters are too.
  const farewell: FromWorker = { kind: 'leaving' };
  process.send?.(farewell, () => process.exit(0));
}

function handle(message: ToWorker, socket: unknown): void {
  switch (message.kind) {
    case 'listen':
      return listen(message.port, socket);
    case 'unlisten':
      return unlisten(message.port);
    case 'document':
      plane.apply(message.document, message.workerCount);
      return tell({ kind: 'applied', sequence: message.sequence, version: message.document.version });
    case 'ask-status':
      return tell({ kind: 'status', id: message.id, status: plane.status() });
    case 'ask-counters':
      return tell({ kind: 'counters', id: message.id, reports: plane.counters() });
    case 'drain':
      return drain(message.graceMs);
  }
}

process.on('message', (message: ToWorker, socket: unknown) => handle(message, socket));
// The parent is gone: its successor needs the ports, so this worker only finishes what it has.
process.on('disconnect', () => drain(10_000));
// Signals to the group are the parent's business: it drains its workers in order.
process.on('SIGTERM', () => {});
process.on('SIGINT', () => {});
if (process.connected) tell({ kind: 'started' });
else process.exit(0);
