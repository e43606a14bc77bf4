import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test, type TestContext } from 'node:test';
import { uuidv7 } from 'uuidv7';
import { Secret } from '../../core/secret.ts';
import { temporaryDatabase } from '../../database/temporary-database.ts';
import { DeliveryRows } from './delivery-rows.ts';
import { HookServer } from './hook-server.ts';
import { SourceRows } from './source-rows.ts';
import type { Source } from './source.ts';

const by = { kind: 'person', id: 'ann' } as const;
const commit = '6dcb09b5b57875f334f61aebed695e2e4193db5e';
const push = (more: object = {}) => JSON.stringify({ ref: 'refs/heads/main', after: commit, ...more });
/** Seals nothing: what is asked here is whose secret counts. */
const sealer = {
  seal: (secret: Secret) => Promise.resolve(secret.reveal()),
  open: (sealed: string) => Promise.resolve(new Secret(sealed)),
};

async function world(t: TestContext, kind: Source['kind']) {
  const { database, journal } = await temporaryDatabase(t);
  const parts = { database, journal, fence: () => 1, now: Date.now, newId: uuidv7, sealer };
  const sources = new SourceRows(parts);
  const deliveries = new DeliveryRows(parts);
  const source: Source = {
    ...{ app: 'shop', name: 'forge', kind, address: 'https://git.example/acme/shop.git', branch: 'main', folder: '' },
    ...{ environment: 'production', token: null, key: null, tells: false, connectedAt: 1 },
  };
  const secret = (await sources.put(source, false, by))?.reveal() ?? '';
  const hooks = new HookServer({
    find: (app, name) => sources.find(app, name),
    hookSecret: (app, name) => sources.hookSecret(app, name),
    take: (found, arrived) => deliveries.take(found, arrived),
    log: () => undefined,
  });
  const server = createServer(hooks.handle);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  const send = async (headers: Readonly<Record<string, string>>, body: string, path = '/hooks/shop/forge') => {
    const all = { 'content-type': 'application/json', ...headers };
    return (await fetch(`${origin}${path}`, { method: 'POST', headers: all, body })).status;
  };
  const signed = (body: string) => createHmac('sha256', secret).update(body).digest('hex');
  return {
    source,
    sources,
    deliveries,
    secret,
    send,
    signed,
    origin,
    list: () => deliveries.list('shop', 'forge', 10),
  };
}

test('each kind of forge is known by what it sends, and each delivery counts once', async (t) => {
  for (const kind of ['github', 'gitlab', 'gitea'] as const) {
    const { send, signed, secret, list } = await world(t, kind);
    const headers = (body: string, delivery: string) =>
      ({
        github: {
          'x-github-event': 'push',
          'x-github-delivery': delivery,
          'x-hub-signature-256': `sha256=${signed(body)}`,
        },
        gitlab: { 'x-gitlab-event': 'Push Hook', 'idempotency-key': delivery, 'x-gitlab-token': secret },
        gitea: { 'x-gitea-event': 'push', 'x-gitea-delivery': delivery, 'x-gitea-signature': signed(body) },
      })[kind];
    assert.equal(await send(headers(push(), 'one'), push()), 202, kind);
    assert.equal(await send(headers(push(), 'one'), push()), 200, kind);
    const other = push({ ref: 'refs/heads/other' });
    assert.equal(await send(headers(other, 'two'), other), 200, kind);
    assert.equal(await send(headers(push(), 'three'), push()), 202, kind);
    const states = (await list()).map(({ delivery, state }) => `${delivery} ${state}`);
    // A newer push takes the place of one that is not over.
    assert.deepEqual(states, ['three waiting', 'two ignored', 'one superseded']);
  }
});

test('who does not know the secret is told nothing, and what is no push of a forge is refused', async (t) => {
  const { send, signed, secret, list, origin, source, sources } = await world(t, 'github');
  const sign = (body: string) => ({ 'x-github-event': 'push', 'x-hub-signature-256': `sha256=${signed(body)}` });
  assert.equal(await send({}, push()), 401);
  assert.equal(await send({ ...sign(push()), 'x-hub-signature-256': `sha256=${signed('other')}` }, push()), 401);
  assert.equal(await send({ 'x-gitlab-token': secret }, push()), 401);
  assert.equal(await send(sign(push()), push(), '/hooks/shop/other'), 401);
  assert.equal(await send(sign(push()), push(), '/hooks/'), 401);
  assert.equal(await send({ ...sign(push()), 'content-type': 'application/x-www-form-urlencoded' }, push()), 415);
  assert.equal(await send(sign('{'), '{'), 400);
  assert.equal((await fetch(`${origin}/hooks/shop/forge`)).status, 405);
  const large = push({ commits: 'x'.repeat(6 * 1024 * 1024) });
  assert.equal(await send(sign(large), large).catch(() => 413), 413);
  assert.deepEqual(await list(), []);
  // Without a name of its own it is known by its content; a new secret ends the old one.
  assert.equal(await send(sign(push()), push()), 202);
  assert.equal(await send(sign(push()), push()), 200);
  await sources.put(source, true, by);
  assert.equal(await send(sign(push()), push()), 401);
  await sources.remove(source, by);
  assert.deepEqual(
    (await list()).map(({ state, note }) => `${state} ${note}`),
    ['superseded disconnected'],
  );
});
