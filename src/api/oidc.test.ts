import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { identityProvider } from '../../test/harness/identity-provider.ts';
import { temporaryServer } from '../../test/harness/temporary-server.ts';
import type { TemporaryServer } from '../../test/harness/temporary-server.ts';
import { oidcRule, oidcToken } from '../capabilities/accounts/oidc-api.ts';
import { route } from './route.ts';

const claims = { repository: 'acme/shop', ref: 'refs/heads/main', environment: 'production', run_id: '42' };
const routes = [
  route({
    at: 'POST /apps/:app/environments/:environment/go',
    summary: 'a command',
    role: 'developer',
    answer: z.string(),
    handle: () => 'gone',
  }),
];

async function setUp(t: Parameters<typeof temporaryServer>[0]) {
  const server = await temporaryServer(t, { routes });
  const provider = await identityProvider(t);
  const admin = (await server.newToken(['admin'])).secret;
  const rule = {
    ...{ issuer: provider.issuer, claims: { repository: 'acme/shop', ref: 'refs/heads/*' }, roles: ['developer'] },
    ...{ app: 'shop', environments: ['staging', 'production'] },
  };
  const allow = (more: object = {}) =>
    server.ask('POST /api/v1/oidc/rules', { token: admin, json: { ...rule, ...more } });
  const sign = (more: object = {}, key?: 'foreign') => provider.sign({ aud: server.url, ...claims, ...more }, key);
  return { server, provider, admin, allow, sign };
}

const exchange = (server: TemporaryServer, token: string, app: string | null = null) =>
  server.ask('POST /api/v1/oidc/token', { json: { token, app } });

test('what a CI has signed becomes a token for one app and its environments, which is over after its time', async (t) => {
  const { server, provider, allow, sign, admin } = await setUp(t);
  const made = oidcRule.parse((await allow({ validMs: 600_000 })).json);
  assert.equal(made.audience, server.url);
  const answer = await exchange(server, await sign());
  assert.equal(answer.status, 200, answer.text);
  const { secret: token, ...told } = oidcToken.parse(answer.json);
  assert.deepEqual([told.app, told.environments, told.roles], ['shop', ['staging', 'production'], ['developer']]);
  const go = async (app: string, environment: string) =>
    (await server.ask(`POST /api/v1/apps/${app}/environments/${environment}/go`, { token })).status;
  assert.deepEqual(
    [
      await go('shop', 'staging'),
      await go('shop', 'production'),
      await go('shop', 'dev'),
      await go('other', 'staging'),
    ],
    [200, 200, 403, 403],
  );
  assert.equal((await server.ask('GET /api/v1/people', { token })).status, 403);
  await exchange(server, await sign());
  assert.equal(provider.asked.keys, 1, 'keys are kept');
  server.clock.aheadMs = 600_001;
  assert.equal(await go('shop', 'staging'), 401);
  const events = await server.journal.readAll({ afterPosition: 0, limit: 100, chain: 'control' });
  const exchanged = events.find(({ type }) => type === 'oidc-exchanged');
  assert.equal(Object(exchanged?.payload).run, '42');
  assert.equal(Object(exchanged?.payload).rule, made.id);
  server.clock.aheadMs = 0;
  assert.equal((await server.ask(`DELETE /api/v1/oidc/rules/${made.id}`, { token: admin })).status, 204);
  assert.equal((await exchange(server, await sign())).status, 401);
});

test('nothing but a valid token of an allowed pipeline is exchanged', async (t) => {
  const { server, provider, allow, sign } = await setUp(t);
  await allow();
  const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${(await sign()).split('.')[1]}.`;
  const hourAgoS = Math.floor(Date.now() / 1000) - 3600;
  const wrong: readonly (readonly [string, string])[] = [
    ['another repository', await sign({ repository: 'acme/shop-evil' })],
    ['a tag', await sign({ ref: 'refs/tags/v1' })],
    ['made for another server', await sign({ aud: 'https://lotse.example' })],
    ['signed by another key', await sign({}, 'foreign')],
    ['too old', await sign({ iat: hourAgoS, exp: hourAgoS + 300 })],
    ['without an end', await sign({ exp: undefined })],
    ['not signed', unsigned],
    ['of another issuer', await sign({ iss: 'https://token.actions.githubusercontent.com' })],
    ['no token at all', 'x.y.z'],
  ];
  for (const [what, token] of wrong) {
    const { status, json } = await exchange(server, token);
    assert.equal(status, 401, what);
    assert.ok(!JSON.stringify(json).includes('refs/heads/*'), 'rules are not told');
  }
  const told = await exchange(server, await sign({ repository: 'acme/other' }));
  assert.match(told.text, /No rule allows this pipeline: repository=acme\/other, ref=refs\/heads\/main/);
  provider.stop();
  assert.equal((await exchange(server, await sign())).status, 200, 'its keys are known');
});

test('an issuer that does not answer is no refusal, and one that nobody allowed is never asked', async (t) => {
  const { server, provider, allow, sign } = await setUp(t);
  assert.equal((await exchange(server, await sign())).status, 401);
  assert.equal(provider.asked.keys, 0);
  await allow();
  provider.stop();
  const { status, json } = await exchange(server, await sign());
  assert.equal(status, 503);
  assert.equal(Object(json).retriable, true);
});

test('a rule names whose pipelines it lets in, and hands on no more than its maker has', async (t) => {
  const { allow, server } = await setUp(t);
  assert.equal((await allow({ claims: { ref: 'refs/heads/main' } })).status, 400);
  assert.equal((await allow({ claims: { repository: 'acme*' } })).status, 400);
  assert.equal((await allow({ claims: {} })).status, 400);
  assert.equal((await allow({ issuer: 'http://ci.example' })).status, 400);
  assert.equal((await allow({ roles: ['approver'] })).status, 403);
  assert.equal((await allow({ environments: [] })).status, 400);
  const { secret: token } = await server.newToken(['operator']);
  assert.equal((await server.ask('POST /api/v1/oidc/rules', { token, json: {} })).status, 403);
});

test('where rules of several apps fit, the job names one; the first rule of an app counts', async (t) => {
  const { server, allow, sign } = await setUp(t);
  await allow({ environments: ['staging'] });
  await allow();
  await allow({ app: 'shop-admin' });
  const token = await sign();
  const unclear = await exchange(server, token);
  assert.equal(unclear.status, 400);
  assert.match(unclear.text, /shop, shop-admin/);
  const { environments } = oidcToken.parse((await exchange(server, token, 'shop')).json);
  assert.deepEqual(environments, ['staging']);
  assert.equal((await exchange(server, token, 'else')).status, 401);
});
