import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { temporaryServer } from '../../test/harness/temporary-server.ts';
import { allRoles } from '../capabilities/accounts/accounts.ts';
import { createAccountRoutes } from '../capabilities/accounts/routes.ts';
import { createSessionCookie } from '../capabilities/accounts/session-cookie.ts';
import { allRoutes } from './all-routes.ts';
import { createLiveStream } from './live-stream.ts';
import { linesRoute, route, uploadRoute } from './route.ts';
import type { Role, Route } from './route.ts';

/** One route for each role and kind of binding, as capabilities declare them. */
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

/** Who gets past the role of which route. A new route must be entered here. */
const table: Readonly<Record<string, Role | null>> = {
  'GET /health': null,
  'POST /session': null,
  'GET /me': 'viewer',
  'DELETE /session': 'viewer',
  'POST /sign-in-links': 'viewer',
  'POST /tokens': 'viewer',
  'GET /tokens': 'viewer',
  'DELETE /tokens/:token': 'viewer',
  'GET /people': 'viewer',
  'POST /people': 'admin',
  'DELETE /people/:person': 'admin',
  'GET /events': 'viewer',
  'GET /openapi.json': 'viewer',
};

const passing: Readonly<Record<Role, readonly Role[]>> = {
  viewer: ['viewer', 'developer', 'approver', 'operator', 'admin'],
  developer: ['developer', 'operator', 'admin'],
  approver: ['approver'],
  operator: ['operator', 'admin'],
  admin: ['admin'],
};

test('every route answers the roles of the table and no other, and without a credential nothing but health and sign-in', async (t) => {
  const { ask, open, newToken, accounts, journal } = await temporaryServer(t, { routes: sampleRoutes });
  const parts = { accounts, cookie: createSessionCookie(false), signInUrl: () => '' };
  const own = allRoutes([...createAccountRoutes(parts), createLiveStream(journal).route], '1');
  assert.deepEqual(own.map((each) => each.at).sort(), Object.keys(table).sort());
  const expected = [...Object.entries(table), ...sampleRoutes.map((each) => [each.at, each.role] as const)];
  for (const [at, role] of expected) {
    const path = at.replace(' ', ' /api/v1').replaceAll(/:(\w+)/g, 'x');
    const anonymous = await ask(path);
    if (role === null) assert.notEqual(anonymous.headers['www-authenticate'], 'Bearer realm="lotse"', at);
    else assert.equal(anonymous.status, 401, at);
    for (const has of allRoles) {
      const { secret } = await newToken([has]);
      const response = await open(path, { token: secret });
      response.destroy();
      const isRefused = response.statusCode === 403;
      // A handler may refuse more than the role does: a link or token for somebody else.
      if (at !== 'POST /sign-in-links')
        assert.equal(isRefused, role !== null && !passing[role].includes(has), `${at} as ${has}`);
      assert.notEqual(response.statusCode, 401, `${at} as ${has}`);
    }
  }
});

test('a token bound to an app and environment touches nothing else', async (t) => {
  const { ask, newToken } = await temporaryServer(t, { routes: sampleRoutes });
  const { secret: token } = await newToken([...allRoles], { app: 'shop', environment: 'staging' });
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
