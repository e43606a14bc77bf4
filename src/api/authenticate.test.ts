import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cookieOf, temporaryServer } from '../../test/harness/temporary-server.ts';
import type { Told } from '../../test/harness/temporary-server.ts';

const me = 'GET /api/v1/me';
const dayMs = 86_400_000;

function part(told: Told, name: string): unknown {
  return Reflect.get(Object(told.json), name);
}

test('a token names itself, and its secret is stored nowhere', async (t) => {
  const { ask, newToken, journal, accounts } = await temporaryServer(t);
  const { id, secret } = await newToken(['developer', 'approver'], { name: 'ci' });
  assert.match(secret, /^lotse_[0-9a-f]{12}_[A-Za-z0-9_-]{43}$/);
  assert.deepEqual((await ask(me, { token: secret })).json, {
    kind: 'token',
    id,
    name: 'ci',
    roles: ['developer', 'approver'],
  });
  const lower = await ask(me, { headers: { authorization: `bearer ${secret}` } });
  assert.equal(lower.status, 200);
  const everything = JSON.stringify([
    await journal.readAll({ afterPosition: 0, limit: 100 }),
    await accounts.people.list(),
  ]);
  assert.ok(
    !everything.includes(secret.slice(20)) && !everything.includes('"ci"'),
    'neither secret nor name in the journal',
  );
});

test('a wrong, expired or revoked token is refused, also beside a valid session', async (t) => {
  const { ask, newToken, clock, signIn } = await temporaryServer(t);
  const cookie = await signIn();
  const { id, secret } = await newToken(['viewer'], { validMs: 60_000 });
  const admin = (await newToken(['admin'])).secret;
  const wrong = [
    secret.slice(0, -1) + (secret.endsWith('A') ? 'B' : 'A'),
    secret.slice(0, -1),
    'lotse_',
    'x',
    `${secret}.`,
  ];
  for (const token of wrong) {
    const answer = await ask(me, { token, headers: { cookie } });
    assert.equal(answer.status, 401, token);
    assert.equal(answer.headers['www-authenticate'], 'Bearer realm="lotse"');
  }
  assert.equal((await ask(me, { headers: { authorization: 'Basic YTpi' } })).status, 401);
  assert.equal((await ask(me, { token: secret })).status, 200);
  clock.aheadMs = 60_001;
  assert.equal((await ask(me, { token: secret })).status, 401);
  clock.aheadMs = 0;
  assert.equal((await ask(`DELETE /api/v1/tokens/${id}`, { token: admin })).status, 204);
  assert.equal((await ask(me, { token: secret })).status, 401);
  assert.equal((await ask(`DELETE /api/v1/tokens/${id}`, { token: admin })).status, 204, 'may be repeated');
  assert.equal((await ask('DELETE /api/v1/tokens/nothing', { token: admin })).status, 404);
});

test('the last use of a token is written at most once a minute', async (t) => {
  const { ask, newToken, accounts, clock } = await temporaryServer(t);
  const { secret } = await newToken(['admin']);
  const caller = await accounts.tokens.authenticate(secret);
  assert.ok(caller !== null);
  const lastUsed = async (): Promise<number> => (await accounts.tokens.list(caller))[0]?.lastUsedAt ?? 0;
  const first = await lastUsed();
  assert.ok(first > 0);
  clock.aheadMs = 50_000;
  await ask(me, { token: secret });
  assert.equal(await lastUsed(), first);
  clock.aheadMs = 61_000;
  await ask(me, { token: secret });
  assert.ok((await lastUsed()) >= first + 60_000);
});

test('a sign-in link works once, within 15 minutes, and the cookie is out of reach for scripts and other sites', async (t) => {
  const { ask, server, newToken, accounts, clock, journal } = await temporaryServer(t);
  const { secret: token } = await newToken(['admin']);
  const created = await ask('POST /api/v1/sign-in-links', { token });
  assert.equal(created.status, 201);
  const url = String(part(created, 'url'));
  assert.ok(url.startsWith(`${server.url}/sign-in#`), url);
  const link = new URL(url).hash.slice(1);
  const signedIn = await ask('POST /api/v1/session', { json: { link } });
  assert.equal(signedIn.status, 200);
  assert.match(
    signedIn.headers['set-cookie']?.[0] ?? '',
    /^__lotse_session=[\w-]{43}; Expires=.* GMT; Path=\/; HttpOnly; SameSite=Strict$/,
  );
  const answer = await ask(me, { headers: { cookie: cookieOf(signedIn) } });
  assert.equal(part(answer, 'kind'), 'person');
  const again = await ask('POST /api/v1/session', { json: { link } });
  assert.equal(again.status, 401);
  assert.equal(again.headers['set-cookie'], undefined);
  const owner = await accounts.people.ensureOwner();
  const late = await accounts.sessions.createLink(owner.id, { kind: 'system', id: 'lotse' });
  clock.aheadMs = 15 * 60_000 + 1;
  assert.equal((await ask('POST /api/v1/session', { json: { link: late.secret } })).status, 401);
  const events = await journal.readAll({ afterPosition: 0, limit: 100, chain: 'control' });
  assert.deepEqual(
    events.map(({ type, actor }) => `${type} by ${actor.kind}`),
    [
      'token-created by system',
      'person-added by system',
      'sign-in-link-created by token',
      'person-signed-in by person',
      'sign-in-link-created by system',
    ],
  );
});

test('of twenty attempts with one link at the same time one succeeds', async (t) => {
  const { ask, accounts } = await temporaryServer(t, { limits: { signInAttempts: 100 } });
  const owner = await accounts.people.ensureOwner();
  const { secret: link } = await accounts.sessions.createLink(owner.id, { kind: 'system', id: 'lotse' });
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask('POST /api/v1/session', { json: { link } })));
  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
  assert.equal(answers.filter(({ status }) => status === 401).length, 19);
});

test('an address that fails too often to sign in has to wait', async (t) => {
  const { ask } = await temporaryServer(t, { limits: { signInAttempts: 3 } });
  const attempt = async (): Promise<Told> => ask('POST /api/v1/session', { json: { link: 'guess' } });
  for (let count = 0; count < 3; count++) assert.equal((await attempt()).status, 401);
  const refused = await attempt();
  assert.equal(refused.status, 429);
  assert.match(String(part(refused, 'hint')), /^Try again in \d+ s\.$/);
});

test('a session gets a new id each day, the old one counts for another minute, and all ends after 14 days', async (t) => {
  const { ask, signIn, clock } = await temporaryServer(t);
  const first = await signIn();
  const status = async (cookie: string): Promise<number> => (await ask(me, { headers: { cookie } })).status;
  assert.equal((await ask(me, { headers: { cookie: first } })).headers['set-cookie'], undefined);
  clock.aheadMs = dayMs + 1000;
  const renewed = await ask(me, { headers: { cookie: first } });
  const second = cookieOf(renewed);
  assert.ok(second !== '' && second !== first);
  assert.deepEqual([await status(first), await status(second)], [200, 200]);
  clock.aheadMs = dayMs + 62_000;
  assert.deepEqual([await status(first), await status(second)], [401, 200]);
  clock.aheadMs = 14 * dayMs + 1000;
  assert.equal(await status(second), 401);
});

test('signing out ends the session at once and takes the cookie away', async (t) => {
  const { ask, signIn, server } = await temporaryServer(t);
  const cookie = await signIn();
  const left = await ask('DELETE /api/v1/session', { headers: { cookie, origin: server.url } });
  assert.equal(left.status, 204);
  assert.match(left.headers['set-cookie']?.[0] ?? '', /^__lotse_session=; Max-Age=0/);
  assert.equal((await ask(me, { headers: { cookie } })).status, 401);
});

test('with a cookie, only the own page changes anything; a foreign page reads nothing', async (t) => {
  const { ask, signIn, server } = await temporaryServer(t);
  const cookie = await signIn();
  const post = async (headers: Record<string, string>): Promise<number> =>
    (await ask('POST /api/v1/sign-in-links', { headers: { cookie, ...headers } })).status;
  assert.equal(await post({}), 403, 'says nothing');
  assert.equal(await post({ origin: 'https://evil.example' }), 403);
  assert.equal(await post({ origin: 'null' }), 403);
  assert.equal(await post({ 'sec-fetch-site': 'cross-site' }), 403);
  assert.equal(await post({ 'sec-fetch-site': 'same-site' }), 403, 'an app on another port of this machine');
  assert.equal(await post({ 'sec-fetch-site': 'none' }), 403);
  assert.equal(await post({ 'sec-fetch-site': 'same-origin', origin: 'http://127.0.0.1:1' }), 403);
  assert.equal(await post({ 'sec-fetch-site': 'same-origin' }), 201);
  assert.equal(await post({ origin: server.url }), 201);
  const get = async (headers: Record<string, string>): Promise<number> =>
    (await ask(me, { headers: { cookie, ...headers } })).status;
  assert.deepEqual([await get({}), await get({ 'sec-fetch-site': 'none' })], [200, 200]);
  assert.equal(await get({ 'sec-fetch-site': 'same-site' }), 403);
  assert.equal(await get({ origin: 'https://evil.example' }), 403);
});

test('no other page can sign a browser in', async (t) => {
  const { ask } = await temporaryServer(t);
  const attempt = async (headers: Record<string, string>): Promise<number> =>
    (await ask('POST /api/v1/session', { json: { link: 'x' }, headers })).status;
  assert.equal(await attempt({ origin: 'https://evil.example' }), 403);
  assert.equal(await attempt({ 'sec-fetch-site': 'cross-site' }), 403);
  assert.equal(await attempt({}), 401);
});

test('a name that is not ours is not answered, so no page can be pointed here', async (t) => {
  const { ask, newToken } = await temporaryServer(t, { names: ['Lotse.example'] });
  const status = async (host: string): Promise<number> => (await ask('GET /health', { headers: { host } })).status;
  for (const host of [
    'evil.example',
    'evil.example:80',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'a b',
    'x@localhost',
  ]) {
    assert.equal(await status(host), 421, host);
  }
  for (const host of ['127.0.0.1', 'localhost:7700', 'lotse.localhost', '[::1]:80', '10.0.0.7', 'LOTSE.example']) {
    assert.equal(await status(host), 200, host);
  }
  const { secret } = await newToken(['viewer']);
  assert.equal(
    (await ask(me, { token: secret, headers: { host: 'evil.example' } })).status,
    200,
    'a token is proof enough',
  );
});

test('behind https the cookie belongs to this very server, and links lead to its public name', async (t) => {
  const { ask, accounts, server } = await temporaryServer(t, { publicUrl: 'https://lotse.example' });
  const owner = await accounts.people.ensureOwner();
  const { secret: link } = await accounts.sessions.createLink(owner.id, { kind: 'system', id: 'lotse' });
  assert.equal(server.signInUrl('x'), 'https://lotse.example/sign-in#x');
  const host = 'lotse.example';
  const signedIn = await ask('POST /api/v1/session', {
    json: { link },
    headers: { host, origin: 'https://lotse.example' },
  });
  assert.match(
    signedIn.headers['set-cookie']?.[0] ?? '',
    /^__Host-__lotse_session=.*; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
  );
  assert.match(signedIn.headers['strict-transport-security'] ?? '', /max-age/);
  const cookie = cookieOf(signedIn);
  const out = await ask('DELETE /api/v1/session', { headers: { host, cookie, origin: 'https://lotse.example' } });
  assert.equal(out.status, 204);
});

test('a token that speaks for a person acts as that person, and cannot make more of itself', async (t) => {
  const { ask, accounts, newToken } = await temporaryServer(t);
  const system = { kind: 'system', id: 'lotse' } as const;
  const ada = await accounts.people.add({ name: 'Ada', mail: 'ada@example.org', roles: ['developer'] }, system);
  const { secret: link } = await accounts.sessions.createLink(ada.id, system);
  const cookie = cookieOf(await ask('POST /api/v1/session', { json: { link } }));
  const headers = { cookie, 'sec-fetch-site': 'same-origin' };
  const wanted = { name: 'laptop', roles: ['developer'], speaksFor: 'me' };
  const made = await ask('POST /api/v1/tokens', { json: wanted, headers });
  assert.equal(made.status, 201);
  const token = String(part(made, 'secret'));
  assert.deepEqual((await ask(me, { token })).json, { kind: 'person', id: ada.id, name: 'Ada', roles: ['developer'] });
  assert.deepEqual((await accounts.tokens.authenticate(token))?.actor, { kind: 'person', id: ada.id });
  assert.equal((await ask('POST /api/v1/tokens', { json: wanted, token })).status, 403);
  assert.equal((await ask('POST /api/v1/sign-in-links', { token })).status, 403);
  assert.equal((await ask('POST /api/v1/tokens', { json: { ...wanted, roles: ['operator'] }, headers })).status, 403);
  const { secret: other } = await newToken(['viewer']);
  assert.equal(part(await ask('GET /api/v1/tokens', { token: other }), 'length'), 1, 'sees itself only');
  assert.equal((await ask(`DELETE /api/v1/tokens/${String(part(made, 'id'))}`, { token: other })).status, 404);
});

test('an erased person is forgotten: no name, no session, no token', async (t) => {
  const { ask, accounts, newToken, journal } = await temporaryServer(t);
  const system = { kind: 'system', id: 'lotse' } as const;
  const owner = await accounts.people.ensureOwner();
  const { secret: token } = await newToken(['admin']);
  assert.equal((await ask(`DELETE /api/v1/people/${owner.id}`, { token })).status, 409, 'the only admin');
  const added = await ask('POST /api/v1/people', {
    token,
    json: { name: 'Ada', mail: 'ada@example.org', roles: ['viewer'] },
  });
  assert.equal(added.status, 201);
  const id = String(part(added, 'id'));
  const twin = { name: 'Ada 2', mail: 'ada@example.org', roles: ['viewer'] };
  assert.equal((await ask('POST /api/v1/people', { token, json: twin })).status, 409);
  const link = await accounts.sessions.createLink(id, system);
  const cookie = cookieOf(await ask('POST /api/v1/session', { json: { link: link.secret } }));
  const { secret: own } = await newToken(['viewer'], {}, id);
  assert.equal((await ask(me, { token: own })).status, 200);
  assert.equal((await ask(`DELETE /api/v1/people/${id}`, { token })).status, 204);
  assert.equal((await ask(me, { token: own })).status, 401);
  assert.equal((await ask(me, { headers: { cookie } })).status, 401);
  const people = await accounts.people.list();
  assert.deepEqual(
    people.map((person) => person.id),
    [owner.id],
  );
  const kept = JSON.stringify(await journal.readAll({ afterPosition: 0, limit: 100 }));
  assert.ok(kept.includes(id) && !kept.includes('Ada') && !kept.includes('ada@example.org'));
});
