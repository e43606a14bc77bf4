// Bytes from one socket to another and back, nothing read and nothing written: `node relay.mjs PORT UPSTREAM-PORT`.
// Each client gets an upstream connection of its own. What it costs is what Node's sockets cost.
import { connect, createServer } from 'node:net';

const [port = 0, upstreamPort = 0] = process.argv.slice(2).map(Number);
const bufferBytes = 128 * 1024;
let buffer = Buffer.allocUnsafeSlow(bufferBytes);

createServer({ noDelay: true }, (client) => {
  /** @param {number} length @param {Uint8Array} bytes */
  const relay = (length, bytes) => {
    client.write(bytes.subarray(0, length));
    // What the kernel did not take at once keeps its memory.
    if (client.writableLength > 0) buffer = Buffer.allocUnsafeSlow(bufferBytes);
    return true;
  };
  const onread = { buffer: () => buffer, callback: relay };
  const upstream = connect({ port: upstreamPort, host: '127.0.0.1', noDelay: true, onread });
  client.on('data', (bytes) => upstream.write(bytes));
  client.on('error', () => undefined).on('close', () => upstream.destroy());
  upstream.on('error', () => undefined).on('close', () => client.destroy());
}).listen({ port, host: '127.0.0.1', backlog: 2048 });
