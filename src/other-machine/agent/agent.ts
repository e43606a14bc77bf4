import { connect, Socket } from 'node:net';
import { Multiplexer } from './multiplexer.ts';
import { codeOf } from './muxed-connection.ts';
import type { MuxedConnection } from './muxed-connection.ts';
import { parseAsk } from './parse-ask.ts';

/**
 * Entry of the agent: `node agent.ts`, started inside the container of Lotse's proxy on another machine. It makes
 * connections there for whoever is at the other end of its standard input and output, and ends with them.
 */

/** Nobody is there any more when nothing was heard for so long. */
const silenceMs = 90_000;

// Not `process.stdout`: what is written there may wait for its reader, and everything else would wait too.
const output = new Socket({ fd: 1, readable: false, writable: true });
const mux = new Multiplexer(output, {
  opening: (ask, accept, refuse) => {
    const { to, timeoutMs } = parseAsk(ask);
    const socket = connect('socket' in to ? { path: to.socket, allowHalfOpen: true } : { ...to, allowHalfOpen: true });
    const refuseFor = (error: Error): void => {
      socket.destroy();
      refuse({ code: codeOf(error), message: error.message });
    };
    const late = (): void => refuseFor(Object.assign(new Error('nobody answered in time'), { code: 'ETIMEDOUT' }));
    socket.setTimeout(timeoutMs, late);
    socket.once('error', refuseFor);
    socket.once('connect', () => {
      socket.setTimeout(0).setNoDelay(true).off('error', refuseFor);
      join(socket, accept());
    });
  },
  hello: () => undefined,
  over: () => process.exit(0),
});

/** What either side says or ends the other one hears; an error of one ends both. */
function join(socket: Socket, connection: MuxedConnection): void {
  socket.on('error', (error) => connection.destroy(error));
  connection.on('error', () => socket.destroy());
  connection.on('close', () => socket.destroySoon());
  socket.on('close', () => connection.writableEnded || connection.destroy());
  socket.pipe(connection);
  connection.pipe(socket);
}

process.stdin.on('data', (chunk) => mux.receive(Buffer.from(chunk)));
process.stdin.on('close', () => process.exit(0));
setInterval(() => {
  if (performance.now() - mux.heardAtMs > silenceMs) process.exit(0);
}, silenceMs / 3).unref();
mux.send('hello', 0, Buffer.from('1'));
