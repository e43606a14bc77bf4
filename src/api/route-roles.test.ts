import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { temporaryServer } from '../../test/harness/temporary-server.ts';
import { allRoles } from '../capabilities/accounts/accounts.ts';
import { createAccountRoutes } from '../capabilities/accounts/routes.ts';
import { routesOfCertificates } from '../capabilities/certificates/routes.ts';
import { routesOfSchedules } from '../capabilities/schedules/routes.ts';
import { routesOfConfig } from '../capabilities/config/routes.ts';
import { routesOfSecrets } from '../capabilities/secrets/routes.ts';
import { routesOfFlags } from '../capabilities/flags/routes.ts';
import { routesOfNotifications } from '../capabilities/notifications/routes.ts';
import { routesOfPipelines } from '../capabilities/pipelines/routes.ts';
import { routesOfReleases } from '../capabilities/releases/routes.ts';
import { routesOfSources } from '../capabilities/sources/routes.ts';
import { routesOfUpgrades } from '../capabilities/upgrades/routes.ts';
import { allRoutes } from './all-routes.ts';
import { createLiveStream } from './live-stream.ts';
import { linesRoute, route, uploadRoute } from './route.ts';
import type { Role, Route, RouteText } from './route.ts';

/** Routes of every kind of binding, as capabilities declare them. */
const sampleRoutes: readonly Route[] = [
  ...allRoles.map((role) =>
    route({
      ...{ at: `POST /apps/:app/environments/:environment/${role}`, summary: role, role, answer: z.string() },
      handle: () => 'done',
    }),
  ),
  route({ at: 'GET /apps', summary: 'apps', role: 'viewer', answer: z.string(), handle: () => 'all' }),
  linesRoute({
    ...{ at: 'GET /apps/:app/lines', summary: 'lines', role: 'developer', answer: z.string() },
    handle: async function* () {
      yield 'line';
    },
  }),
  route({
    ...{ at: 'POST /apps/:app/rollouts/:rollout', summary: 'a command', role: 'developer', answer: z.string() },
    binding: 'by-handler',
    handle({ params, refuseOutside }) {
      refuseOutside({ app: params.app, environment: params.rollout.split('-')[0] ?? null });
      return 'done';
    },
  }),
  uploadRoute({
    ...{ at: 'POST /apps/:app/releases', summary: 'upload', role: 'developer', answer: z.string() },
    binding: 'by-handler',
    handle: () => 'uploaded',
  }),
];

/** The least role of each route. A new route must be entered here. */
const table: Readonly<Record<string, Role | null>> = {
  'GET /health': null,
  'POST /session': null,
  'POST /session/password': null,
  'POST /session/passkey/options': null,
  'POST /session/passkey': null,
  'POST /oidc/token': null,
  'GET /me': 'viewer',
  'GET /me/access': 'viewer',
  'PUT /me/password': 'viewer',
  'DELETE /me/password': 'viewer',
  'POST /me/passkeys/options': 'viewer',
  'POST /me/passkeys': 'viewer',
  'DELETE /me/passkeys/:passkey': 'viewer',
  'DELETE /me/sessions': 'viewer',
  'DELETE /me/sessions/:session': 'viewer',
  'DELETE /session': 'viewer',
  'POST /sign-in-links': 'viewer',
  'POST /tokens': 'viewer',
  'GET /tokens': 'viewer',
  'DELETE /tokens/:token': 'viewer',
  'GET /people': 'viewer',
  'POST /people': 'admin',
  'PATCH /people/:person': 'admin',
  'DELETE /people/:person': 'admin',
  'POST /oidc/rules': 'admin',
  'GET /oidc/rules': 'viewer',
  'DELETE /oidc/rules/:rule': 'admin',
  'GET /events': 'viewer',
  'GET /openapi.json': 'viewer',
  'GET /apps': 'viewer',
  'GET /apps/:app/releases': 'viewer',
  'GET /apps/:app/releases/:release': 'viewer',
  'POST /apps/:app/releases': 'developer',
  'GET /apps/:app/builds/:build': 'viewer',
  'GET /apps/:app/builds/:build/progress': 'viewer',
  'POST /apps/:app/builds/:build/cancel': 'developer',
  'GET /apps/:app/environments': 'viewer',
  'GET /apps/:app/environments/:environment': 'viewer',
  'GET /apps/:app/environments/:environment/evidence': 'viewer',
  'POST /apps/:app/environments/:environment/evidence': 'developer',
  'POST /apps/:app/environments/:environment/plan': 'viewer',
  'POST /apps/:app/environments/:environment/approvals': 'approver',
  'POST /apps/:app/environments/:environment/overrides': 'operator',
  'POST /apps/:app/environments/:environment/down': 'operator',
  'POST /apps/:app/environments/:environment/adopt': 'developer',
  'POST /apps/:app/environments/:environment/preview': 'developer',
  'POST /apps/:app/environments/:environment/rollouts': 'developer',
  'GET /apps/:app/rollouts': 'viewer',
  'GET /apps/:app/rollouts/:rollout': 'viewer',
  'POST /apps/:app/rollouts/:rollout/:command': 'developer',
  'POST /apps/:app/environments/:environment/jobs': 'operator',
  'POST /apps/:app/environments/:environment/verify': 'developer',
  'GET /apps/:app/environments/:environment/jobs-by-hand': 'viewer',
  'GET /apps/:app/environments/:environment/jobs/:job': 'viewer',
  'GET /apps/:app/environments/:environment/series': 'viewer',
  'POST /apps/:app/environments/:environment/jobs/:job/cancel': 'operator',
  'GET /apps/:app/environments/:environment/logs': 'viewer',
  'GET /apps/:app/environments/:environment/services/:service/session': 'operator',
  'GET /apps/:app/environments/:environment/services/:service/one-off': 'operator',
  'GET /apps/:app/journal': 'viewer',
  'GET /journal/check': 'viewer',
  'POST /servers/look': 'developer',
  'GET /apps/:app/environments/:environment/jobs': 'viewer',
  'GET /apps/:app/environments/:environment/notifications': 'viewer',
  'POST /apps/:app/environments/:environment/notifications/test': 'operator',
  'GET /apps/:app/environments/:environment/checklists': 'viewer',
  'GET /apps/:app/environments/:environment/config': 'viewer',
  'PATCH /apps/:app/environments/:environment/config': 'developer',
  'GET /apps/:app/environments/:environment/config/history': 'viewer',
  'GET /apps/:app/config/diff': 'viewer',
  'GET /apps/:app/environments/:environment/flags': 'viewer',
  'GET /apps/:app/environments/:environment/flags/:flag': 'viewer',
  'PATCH /apps/:app/environments/:environment/flags/:flag': 'operator',
  'DELETE /apps/:app/environments/:environment/flags/:flag': 'operator',
  'GET /apps/:app/environments/:environment/flag-keys': 'viewer',
  'POST /apps/:app/environments/:environment/flag-keys': 'operator',
  'DELETE /apps/:app/environments/:environment/flag-keys/:key': 'operator',
  'GET /apps/:app/environments/:environment/secrets': 'viewer',
  'PUT /apps/:app/environments/:environment/secrets/:name': 'operator',
  'POST /apps/:app/environments/:environment/secrets/:name/rotation': 'operator',
  'DELETE /apps/:app/environments/:environment/secrets/:name': 'operator',
  'GET /secret-store': 'operator',
  'GET /apps/:app/pipelines': 'viewer',
  'POST /apps/:app/pipelines': 'developer',
  'GET /apps/:app/pipelines/:pipeline': 'viewer',
  'POST /apps/:app/pipelines/:pipeline/cancel': 'developer',
  'GET /apps/:app/pipelines/:pipeline/logs': 'viewer',
  'GET /apps/:app/sources': 'viewer',
  'PUT /apps/:app/sources/:source': 'operator',
  'DELETE /apps/:app/sources/:source': 'operator',
  'GET /certificates': 'viewer',
  'POST /certificates/:name/renewal': 'operator',
  'GET /development-root': 'viewer',
  'GET /upgrade': 'viewer',
  'POST /upgrade/results': 'admin',
  'POST /upgrade/settle': 'admin',
};

const passing: Readonly<Record<Role, readonly Role[]>> = {
  viewer: ['viewer', 'developer', 'approver', 'operator', 'admin'],
  developer: ['developer', 'operator', 'admin'],
  approver: ['approver'],
  operator: ['operator', 'admin'],
  admin: ['admin'],
};

/** Every route of the product as it is declared, with a handler that only says that it was reached. */
function declaredRoutes(): readonly Route[] {
  const own = [...createAccountRoutes(neverCalled()), createLiveStream(neverCalled()).route];
  const capabilities = [
    ...routesOfReleases(neverCalled()),
    ...routesOfCertificates(neverCalled()),
    ...routesOfConfig(neverCalled()),
    ...routesOfSecrets(neverCalled()),
    ...routesOfPipelines(neverCalled()),
    ...routesOfSources(neverCalled()),
    ...routesOfFlags(neverCalled(), neverCalled(), neverCalled(), neverCalled()),
    ...routesOfSchedules(neverCalled()),
    ...routesOfNotifications(neverCalled()),
    ...routesOfUpgrades(neverCalled()),
  ];
  return allRoutes([...own, ...capabilities], '1').map((declared) => ({
    ...declared,
    answer: { kind: 'value', status: 200, shape: z.string() },
    run: async () => ({ kind: 'value', value: 'reached' }),
  }));
}

function neverCalled<Parts extends object>(): Parts {
  const nothing: object = new Proxy(() => nothing, { get: () => nothing });
  return nothing as Parts;
}

test('every route lets in the roles of the table and no other, and without a credential only health and what hands one out', async (t) => {
  const declared = declaredRoutes();
  assert.deepEqual(Object.fromEntries(declared.map(({ at, role }) => [at, role])), table);
  const below = declared.map((each): Route => ({
    ...each,
    at: each.at.replace(' /', ' /declared/') as RouteText,
  }));
  const { ask, newToken } = await temporaryServer(t, { routes: below });
  const tokens = await Promise.all(allRoles.map(async (role) => ({ role, secret: (await newToken([role])).secret })));
  for (const { at, role, body } of below) {
    const path = at.replace(' ', ' /api/v1').replaceAll(/:(\w+)/g, 'x');
    const headers: Record<string, string> = body === 'tar' ? { 'content-type': 'application/x-tar' } : {};
    assert.equal((await ask(path, { headers })).status, role === null ? 200 : 401, at);
    for (const { role: has, secret: token } of tokens) {
      const expected = role === null || passing[role].includes(has) ? 200 : 403;
      assert.equal((await ask(path, { token, headers })).status, expected, `${at} as ${has}`);
    }
  }
});

test('a running server refuses each of its own routes without a credential, but health and what hands one out', async (t) => {
  const { ask } = await temporaryServer(t);
  const own = [...createAccountRoutes(neverCalled()), createLiveStream(neverCalled()).route];
  for (const { at, role } of allRoutes(own, '1')) {
    const { status } = await ask(at.replace(' ', ' /api/v1').replaceAll(/:(\w+)/g, 'x'));
    if (at === 'GET /health') assert.equal(status, 200);
    else assert.equal(status, role === null ? 400 : 401, at);
  }
});

test('a token bound to an app and environment touches nothing else', async (t) => {
  const { ask, newToken } = await temporaryServer(t, { routes: sampleRoutes });
  const { secret: token } = await newToken([...allRoles], { app: 'shop', environments: ['staging'] });
  const status = async (at: string, headers: Record<string, string> = {}): Promise<number> =>
    (await ask(at.replace(' ', ' /api/v1'), { token, headers })).status;
  const tar = { 'content-type': 'application/x-tar' };
  assert.equal(await status('POST /apps/shop/environments/staging/operator'), 200);
  assert.equal(await status('POST /apps/shop/environments/production/operator'), 403);
  assert.equal(await status('POST /apps/other/environments/staging/operator'), 403);
  assert.equal(await status('POST /apps/%73hop/environments/staging/operator'), 200);
  assert.equal(await status('POST /apps/shop%2F..%2Fother/environments/staging/operator'), 404);
  assert.equal(await status('GET /apps/shop/lines'), 403);
  assert.equal(await status('GET /apps'), 403);
  assert.equal(await status('POST /apps/shop/rollouts/staging-1'), 200);
  assert.equal(await status('POST /apps/shop/rollouts/production-1'), 403);
  assert.equal(await status('POST /apps/other/rollouts/staging-1'), 403);
  assert.equal(await status('POST /apps/shop/releases', tar), 200);
  assert.equal(await status('POST /apps/other/releases', tar), 403);
  assert.equal(await status('POST /people'), 403);
  assert.equal(await status('GET /people'), 403);
  assert.equal(await status('GET /me'), 200);
  const refused = await ask('GET /api/v1/apps', { token });
  assert.deepEqual(Reflect.get(Object(refused.json), 'detail'), 'This credential is bound to shop/staging.');
});
