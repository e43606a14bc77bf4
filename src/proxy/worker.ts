import net from 'node:net';
import { DataPlane } from './data-plane.ts';
import { IpcLink } from './workers/ipc-link.ts';
import { defaultLimits } from './limits.ts';
import { untilSucceeded } from './workers/orphaned.ts';
import { Passing } from './workers/passing.ts';
import type { ConnectionOrigin } from './plane-connection.ts';
import { socketOf } from './workers/socket-handles.ts';
import { WorkerLeave } from './workers/worker-leave.ts';
import type { LeaveTerms } from './workers/worker-leave.ts';
import { loadTls, WorkerDocuments } from './workers/worker-documents.ts';
import type { FromWorker, ToWorker } from './workers/worker-messages.ts';

/**
 * Entry of a proxy worker: forked by the proxy's parent, which gives it listening sockets and documents. Its one argument
 * is the path of the proxy's control socket.
 */

/** How long what is open may still take when the parent has died and another proxy has taken over. */
const orphanGraceMs = 10_000;
const backlog = 2048;
const [, , controlSocketPath = ''] = process.argv;

const servers = new Map<number, net.Server>();
const plane = new DataPlane(
  defaultLimits,
  (report) => tell({ kind: 'epoch-final', report }),
  (report) => tell({ kind: 'logged', report }),
);

const documents = new WorkerDocuments(plane, ({ sequence, document: { version } }) =>
  tell({ kind: 'applied', sequence, version }),
);
const parent = new IpcLink<FromWorker, ToWorker>(process, { received: handle, ended: () => void goOnAlone() });
const pass = (message: FromWorker, socket: object) => parent.send(message, socket);
const leaving = new WorkerLeave(plane, new Passing(plane, pass), leave);

function tell(message: FromWorker): void {
  void parent.send(message);
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
function drain(terms: LeaveTerms): void {
  for (const port of [...servers.keys()]) unlisten(port);
  leaving.by(terms);
}

function adopt(origin: ConnectionOrigin, handle: unknown): void {
  const socket = socketOf(handle);
  if (socket !== null) plane.adopt({ socket, port: origin.port, client: origin.client });
}

/** The parent has died. Its ports are nobody's but ours until another proxy takes over. */
async function goOnAlone(): Promise<void> {
  process.on('SIGTERM', () => drain({ graceMs: orphanGraceMs, hasHeir: false }));
  if (!leaving.hasBegun) await untilSucceeded(controlSocketPath);
  drain({ graceMs: orphanGraceMs, hasHeir: false });
}

function leave(): void {
  plane.destroy();
  // Messages arrive in order: when this one is out, the last counters are too.
  void plane.accessLog
    .flush()
    .then(() => parent.send({ kind: 'leaving' }))
    .then(() => process.exit(0));
}

function handle(message: ToWorker, socket: unknown): void {
  switch (message.kind) {
    case 'listen':
      return listen(message.port, socket);
    case 'unlisten':
      return unlisten(message.port);
    case 'document':
      return documents.add(message);
    case 'health':
      return plane.setUnhealthy(message.unhealthy);
    case 'log-to':
      return plane.accessLog.writeTo(message.path);
    case 'ask-status':
      return tell({ kind: 'status', id: message.id, status: plane.status() });
    case 'ask-counters':
      return tell({ kind: 'counters', id: message.id, reports: plane.counters() });
    case 'drain':
      return drain(message);
    case 'connection':
      return adopt(message, socket);
  }
}

// Signals to the group are the parent's business: it drains its workers in order.
process.on('SIGTERM', () => {});
process.on('SIGINT', () => {});
if (parent.isOpen) tell({ kind: 'started' });
// Started by nobody it only fills the compile cache, also with what is loaded later.
else void loadTls().then(() => process.exit(0));
