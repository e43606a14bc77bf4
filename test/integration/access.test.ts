import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { z } from 'zod';
import { allRoles, hasRole } from '../../src/capabilities/accounts/accounts.ts';
import { me, newToken, role } from '../../src/capabilities/accounts/accounts-api.ts';
import { oidcRule, oidcToken } from '../../src/capabilities/accounts/oidc-api.ts';
import { runLotse } from '../../src/cli/fixtures/run-lotse.ts';
import { identityProvider } from '../harness/identity-provider.ts';
import { sharedLotse } from '../harness/shared-lotse.ts';

const reference = join(import.meta.dirname, '../../docs/reference/openapi.json');
const described = z.object({
  paths: z.record(z.string(), z.record(z.string(), z.object({ description: z.string() }))),
});

/** Each operation of an OpenAPI document, with the least role that its description names; null: none. */
function operationsOf(document: unknown) {
  return Object.entries(described.parse(document).paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { description }]) => ({
      at: `${method.toUpperCase()} ${path}`,
      role: role.nullable().parse(/Needs the role `(\w+)`/.exec(description)?.[1] ?? null),
    })),
  );
}

describe('who may do what on a real control plane', () => {
  const shared = sharedLotse();

  const call = async (at: string, token: string) => {
    const [method = '', path = ''] = at.split(' ');
    const hasTar = at === 'POST /apps/{app}/releases';
    const answer = await fetch(`${shared().plane.server}/api/v1${path.replaceAll(/\{\w+\}/g, 'x')}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(hasTar ? { 'content-type': 'application/x-tar' } : {}) },
    });
    const isRefusal = answer.headers.get('content-type')?.includes('problem+json') === true;
    const text = isRefusal ? await answer.text() : '';
    await answer.body?.cancel().catch(() => undefined);
    return { status: answer.status, text };
  };

  test('every route that it has is in the reference, and lets in whom the reference says', async () => {
    const { server, token } = shared().plane;
    const answer = await fetch(`${server}/api/v1/openapi.json`, { headers: { authorization: `Bearer ${token}` } });
    const operations = operationsOf(await answer.json());
    assert.ok(operations.length > 80);
    const known = new Set(operationsOf(JSON.parse(readFileSync(reference, 'utf8'))).map(({ at }) => at));
    assert.deepEqual(
      operations.map(({ at }) => at).filter((at) => !known.has(at)),
      [],
      'a route of main.ts that no list has',
    );
    for (const has of allRoles) {
      const { secret } = newToken.parse(await shared().client.ask('POST /tokens', { name: has, roles: [has] }));
      for (const { at, role: wanted } of operations.filter((each) => each.role !== null)) {
        if (wanted === null || hasRole([has], wanted)) continue;
        const { status, text } = await call(at, secret);
        assert.equal(status, 403, `${at} as ${has}`);
        assert.match(text, new RegExp(`This needs the role ${wanted}`), `${at} as ${has}`);
      }
    }
  });

  test('nobody without a credential gets further than health and what hands one out', async () => {
    for (const { at, role: wanted } of operationsOf(JSON.parse(readFileSync(reference, 'utf8')))) {
      if (wanted === null) continue;
      const [method = '', path = ''] = at.split(' ');
      const url = `${shared().plane.server}/api/v1${path.replaceAll(/\{\w+\}/g, 'x')}`;
      assert.equal((await fetch(url, { method })).status, 401, at);
    }
  });

  test('a pipeline is let in by the command line, and gets a token for its job there', async (t) => {
    const provider = await identityProvider(t);
    const { server, token } = shared().plane;
    const env = { LOTSE_SERVER: server, LOTSE_TOKEN: token };
    const lotse = async (words: readonly string[], more: Record<string, string> = {}) =>
      await runLotse(words, { cwd: '/', env: { ...env, ...more } });
    const line = ['oidc', 'allow', 'gitlab', 'acme/shop', '--issuer', provider.issuer, '--ref', 'main', '--json'];
    const allowed = await lotse([...line, '--app', 'shop', '--environment', 'staging', 'production']);
    assert.equal(allowed.exitCode, 0, allowed.stderr);
    const rule = oidcRule.parse(JSON.parse(allowed.stdout));
    assert.deepEqual(rule.claims, { project_path: 'acme/shop', ref: 'main' });
    const job = { project_path: 'acme/shop', ref: 'main', aud: rule.audience };
    const given = await lotse(['oidc', 'token', '--json'], {
      ...{ LOTSE_TOKEN: '', LOTSE_ID_TOKEN: await provider.sign(job) },
    });
    assert.equal(given.exitCode, 0, given.stderr);
    const { secret, environments } = oidcToken.parse(JSON.parse(given.stdout));
    assert.deepEqual(environments, ['staging', 'production']);
    const answer = await fetch(`${server}/api/v1/me`, { headers: { authorization: `Bearer ${secret}` } });
    assert.equal(me.parse(await answer.json()).name, 'acme/shop at main');
    const foreign = await lotse(['oidc', 'token'], {
      ...{ LOTSE_TOKEN: '', LOTSE_ID_TOKEN: await provider.sign({ ...job, ref: 'other' }) },
    });
    assert.equal(foreign.exitCode, 4);
    assert.match(foreign.stderr, /No rule allows this pipeline: project_path=acme\/shop, ref=other/);
    assert.match((await lotse(['oidc', 'list'])).stdout, /project_path=acme\/shop, ref=main/);
    assert.equal((await lotse(['oidc', 'remove', rule.id])).exitCode, 0);
  });

  test('a token that is bound to an app and an environment deploys there, follows it, and touches nothing else', async () => {
    const wanted = { name: 'ci', roles: ['developer'], app: 'shop', environments: ['production'] };
    const { secret } = newToken.parse(await shared().client.ask('POST /tokens', wanted));
    const ci = shared().client.as(secret);
    const { id } = await ci.release({});
    assert.equal((await ci.deploy(id)).status, 'settled');
    assert.equal((await ci.environment()).release, id);
    assert.equal((await ci.refusedStart(id, 'staging')).status, 403);
    assert.equal((await ci.refusal('GET /apps/other/releases')).status, 403);
    assert.equal((await ci.refusal('GET /people')).status, 403);
  });

  test('a token is for several environments, and people change by the command line', async () => {
    const { server, token } = shared().plane;
    const lotse = async (...words: readonly string[]) =>
      await runLotse(words, { cwd: '/', env: { LOTSE_SERVER: server, LOTSE_TOKEN: token } });
    const created = [
      'token',
      'create',
      'ci',
      '--role',
      'developer',
      '--app',
      'shop',
      '--environment',
      'dev',
      'staging',
    ];
    const { stdout: secret } = await lotse(...created);
    assert.equal((await call('GET /apps/shop/environments/production', secret.trim())).status, 403);
    assert.equal((await call('GET /apps/shop/environments/staging', secret.trim())).status, 404);
    assert.match((await lotse('token', 'list')).stdout, /shop\/dev, staging/);
    const added = JSON.parse((await lotse('people', 'add', 'Ada', '--role', 'viewer', '--json')).stdout);
    const changed = await lotse('people', 'change', added.id, '--disable', '--reason', 'on leave');
    assert.match(changed.stdout, /Ada: disabled/);
    assert.match((await lotse('people', 'list')).stdout, /Ada \(disabled\)/);
  });
});
