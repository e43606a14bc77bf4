import { once } from 'node:events';
import { createServer } from 'node:http';
import { readEnvironment } from '../model/environment.ts';
import { openLog } from '../model/log.ts';
import { openStores } from '../model/open-stores.ts';
import { AccountBook } from './account-book.ts';
import type { App } from './app.ts';
import { Assets } from './assets.ts';
import { handle } from './handle.ts';
import { SessionBook } from './session-book.ts';

const environment = readEnvironment(process.env, 'dashboard');
const log = openLog(environment);
const stores = await openStores(environment);
await stores.files.removeUnfinished(24 * 3_600_000);
const stopping = new AbortController();
const app: App = {
  environment,
  log,
  stores,
  assets: await Assets.open(new URL('assets/', import.meta.url)),
  accounts: new AccountBook(stores.documents, stores.files),
  sessions: await SessionBook.open(stores.documents),
  stopping: stopping.signal,
};

const server = createServer((request, response) => void handle(app, request, response));
// Longer than a proxy keeps an idle connection: the side that sends requests must be the one that closes.
server.keepAliveTimeout = 75_000;
server.listen(environment.port, environment.host);
await once(server, 'listening');
const address = server.address();
log.info('listening', { port: typeof address === 'object' ? address?.port : undefined });

process.once('SIGTERM', () => stop());
process.once('SIGINT', () => stop());

/** Finishes what has begun: live streams end at once, uploads and answers get their time (Lotse's `drain`). */
function stop(): void {
  log.info('stopping');
  stopping.abort();
  // A connection that was busy when `close` was called stays open after its answer, unless it is closed then.
  const closing = setInterval(() => server.closeIdleConnections(), 100);
  server.close(() => {
    clearInterval(closing);
    void stores.documents.close().then(() => log.info('stopped'));
  });
}
