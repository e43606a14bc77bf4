import type { IncomingMessage, ServerResponse } from 'node:http';
import type { App, SignedIn } from './app.ts';
import { HttpProblem } from './http/problem.ts';
import { redirect, sendJson, sendPage, wantsJson } from './http/reply.ts';
import { findRoute } from './http/router.ts';
import type { Route } from './http/router.ts';
import { requireSameOrigin } from './http/same-origin.ts';
import { SignInNeeded } from './http/visit.ts';
import type { Visit } from './http/visit.ts';
import { layout } from './pages/layout.ts';
import { problemPage } from './pages/sign-in-pages.ts';
import { accountRoutes } from './routes/account-routes.ts';
import { liveRoutes } from './routes/live-routes.ts';
import { pictureRoutes } from './routes/picture-routes.ts';
import { upRoutes } from './routes/up.ts';

const assetRoutes: readonly Route[] = [
  { method: 'GET', path: '/assets/:file', answer: (visit) => visit.app.assets.send(visit) },
];
const routes = [...upRoutes, ...assetRoutes, ...accountRoutes, ...pictureRoutes, ...liveRoutes];
/** Asked often, and by nobody in particular. */
const withoutSession = new Set([...upRoutes, ...assetRoutes]);

/** Answers one request. Never rejects. */
export async function handle(app: App, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://bildwerk.invalid');
  let signedIn: SignedIn | undefined;
  if (app.stopping.aborted) response.setHeader('connection', 'close');
  try {
    const { route, parameters } = findRoute(routes, request.method ?? 'GET', url.pathname);
    if (route.method === 'POST') requireSameOrigin(request);
    if (!withoutSession.has(route)) signedIn = await app.sessions.find(request);
    await route.answer({ app, request, response, url, parameters, signedIn });
  } catch (error) {
    fail({ app, request, response, url, parameters: {}, signedIn }, error);
  }
}

function fail(visit: Visit, error: unknown): void {
  const { app, request, response } = visit;
  const known = error instanceof HttpProblem;
  if (!known && !response.destroyed) app.log.error('a request failed', error, { path: visit.url.pathname });
  if (response.headersSent) return void response.destroy();
  // What the browser still sends is not read any more, so this connection cannot be used again.
  if (!request.complete) response.setHeader('connection', 'close');
  const status = known ? error.status : 500;
  const message = known ? error.message : 'Something went wrong on our side. It has been noted.';
  if (wantsJson(visit)) return sendJson(visit, { status, message }, status);
  if (error instanceof SignInNeeded && request.method === 'GET') return redirect(visit, '/login');
  sendPage(visit, layout(visit, 'That did not work', problemPage(message)), status);
}
