import { access, constants } from 'node:fs/promises';
import { sendJson } from '../http/reply.ts';
import type { Route } from '../http/router.ts';
import type { Visit } from '../http/visit.ts';

/** `GET /up`: 200 while this instance can do its work. It asks both stores, and it says no once the process is to stop. */
export const upRoutes: readonly Route[] = [{ method: 'GET', path: '/up', answer: up }];

async function up(visit: Visit): Promise<void> {
  const { stores, environment, stopping } = visit.app;
  const healthy = !stopping.aborted;
  await stores.documents
    .collection('settings', (data) => data)
    .doc('session-key')
    .get();
  await access(environment.picturesDir, constants.W_OK);
  sendJson(visit, { status: healthy ? 'up' : 'stopping', release: environment.release }, healthy ? 200 : 503);
}
