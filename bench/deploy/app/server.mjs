// The app under deployment: a second of boot, answers of 1 KB, slow ones after 200 ms, and a polite end.
import { createServer } from 'node:http';

const { LOTSE_RELEASE: version = 'unknown', PORT: port = '3000', HOST: host = '127.0.0.1' } = process.env;
const bootMs = 1000;
const slowMs = 200;
const body = Buffer.alloc(1024, 'x');
let isEnding = false;

const server = createServer((request, response) => {
  const receivedMs = performance.timeOrigin + performance.now();
  if (request.url === '/healthz') return send(request, response, receivedMs, 200);
  let received = '';
  request.setEncoding('utf8').on('data', (text) => (received += text));
  request.on('end', () => {
    const status = request.method === 'POST' && received !== 'hello' ? 400 : 200;
    if (request.url === '/slow') setTimeout(() => send(request, response, receivedMs, status), slowMs);
    else send(request, response, receivedMs, status);
  });
});
// Longer than anything in front of it keeps a connection that rests, so that it is never this side that closes first.
server.keepAliveTimeout = 120_000;

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 * @param {number} receivedMs
 * @param {number} status
 */
function send(request, response, receivedMs, status) {
  response.writeHead(status, {
    'content-type': 'text/plain',
    'content-length': body.length,
    'x-version': version,
    'x-received': receivedMs.toFixed(2),
    'x-load': request.headers['x-load'] ?? '',
    ...(isEnding ? { connection: 'close' } : {}),
  });
  response.end(body);
}

/** Takes no new connection, finishes what is open, then ends. */
function end() {
  if (isEnding) return;
  isEnding = true;
  server.close(() => process.exit(0));
  setTimeout(() => process.exit(0), 8000).unref();
}
process.on('SIGTERM', end);
process.on('SIGINT', end);
process.on('message', (message) => message === 'shutdown' && end());

// PM2's cluster waits for this word; elsewhere nobody listens.
setTimeout(() => server.listen({ port: Number(port), host, backlog: 2048 }, () => process.send?.('ready')), bootMs);
