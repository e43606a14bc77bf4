import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cookieOf, temporaryServer } from '../../test/harness/temporary-server.ts';
import type { TemporaryServer, Told } from '../../test/harness/temporary-server.ts';
import type { PersonView, Role } from '../capabilities/accounts/accounts-api.ts';
import { ownAccess } from '../capabilities/accounts/sign-in-api.ts';

const me = 'GET /api/v1/me';
const system = { kind: 'system', id: 'lotse' } as const;
const password = 'plum harbour seven lanterns';
const samePage = { 'sec-fetch-site': 'same-origin' };

function part(told: Told, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) => Reflect.get(Object(value), name), told.json);
}

interface SignedIn {
  readonly person: PersonView;
  readonly headers: Record<string, string>;
}

/** A person who has just signed in by a link. */
async function signedIn({ accounts, ask }: TemporaryServer, name: string, roles: Role[]): Promise<SignedIn> {
  const person = await accounts.people.add({ name, mail: `${name.toLowerCase()}@example.org`, roles }, system);
  const { secret: link } = await accounts.sessions.createLink(person.id, system);
  const answer = await ask('POST /api/v1/session', { json: { link }, headers: { 'user-agent': 'Ship/1' } });
  return { person, headers: { cookie: cookieOf(answer), ...samePage } };
}

const byPassword = (server: TemporaryServer, who: string, text = password) =>
  server.ask('POST /api/v1/session/password', { json: { who, password: text } });

test('a password signs in by name or address, and every failure is answered the same', async (t) => {
  const server = await temporaryServer(t);
  const { person, headers } = await signedIn(server, 'Ada', ['developer']);
  const put = (text: string) => server.ask('PUT /api/v1/me/password', { headers, json: { password: text } });
  assert.equal((await put('short')).status, 400);
  assert.equal((await put('my-name-is-ada@example.org')).status, 400, 'one guesses the own address first');
  assert.equal((await put('aaaaaaaaaaaaaaaa')).status, 400);
  assert.equal((await put(password)).status, 204);
  for (const who of ['ADA', ' ada@example.org ']) {
    const answer = await byPassword(server, who);
    assert.equal(answer.status, 200, who);
    const session = { cookie: cookieOf(answer) };
    assert.deepEqual((await server.ask(me, { headers: session })).json, {
      ...{ kind: 'person', id: person.id, name: 'Ada', roles: ['developer'] },
    });
  }
  await signedIn(server, 'Grace', ['viewer']);
  const failures = await Promise.all([
    byPassword(server, 'ada', `${password}!`),
    byPassword(server, 'nobody'),
    byPassword(server, 'grace'),
  ]);
  for (const { status, json, headers: told } of failures) {
    assert.equal(status, 401);
    assert.equal(Reflect.get(Object(json), 'detail'), 'That name and password do not belong together.');
    assert.equal(told['set-cookie'], undefined);
  }
  const kept = JSON.stringify(await server.journal.readAll({ afterPosition: 0, limit: 100 }));
  assert.ok(!kept.includes('plum'), 'the password is nowhere in the journal');
});

test('too many failures are refused by account and by address, whether the account exists or not', async (t) => {
  const limits = { signInAttempts: 6, accountAttempts: 3 };
  const server = await temporaryServer(t, { limits });
  const { headers } = await signedIn(server, 'Ada', ['viewer']);
  await server.ask('PUT /api/v1/me/password', { headers, json: { password } });
  for (const who of ['ada', 'nobody']) {
    for (let attempt = 0; attempt < 3; attempt += 1) assert.equal((await byPassword(server, who, 'x')).status, 401);
    const refused = await byPassword(server, who, password);
    assert.equal(refused.status, 429, who);
    const waitS = Number(refused.headers['retry-after']);
    assert.ok(waitS > 290 && waitS <= 300, `${waitS}`);
  }
  assert.equal((await byPassword(server, 'somebody else')).status, 429, 'the address has failed six times');
});

test('behind a reverse proxy the address that it adds counts, and else none that is only said', async (t) => {
  for (const publicUrl of ['https://lotse.example', null]) {
    const { ask } = await temporaryServer(t, { limits: { signInAttempts: 1 }, publicUrl });
    const attempt = async (from: string) => {
      const headers = { 'x-forwarded-for': `198.51.100.${Date.now() % 250}, ${from}` };
      return (await ask('POST /api/v1/session', { json: { link: 'x' }, headers })).status;
    };
    assert.equal(await attempt('192.0.2.1'), 401);
    assert.equal(await attempt('192.0.2.1'), 429);
    assert.equal(await attempt('192.0.2.2'), publicUrl === null ? 429 : 401);
  }
});

test('attempts at the same moment count one by one', async (t) => {
  const server = await temporaryServer(t, { limits: { accountAttempts: 3 } });
  const all = await Promise.all(Array.from({ length: 8 }, () => byPassword(server, 'ada')));
  const answered = (wanted: number) => all.filter(({ status }) => status === wanted).length;
  assert.deepEqual([answered(401), answered(429)], [3, 5]);
});

test('ways in are made and changed within 15 minutes after a sign-in, and never with a token', async (t) => {
  const server = await temporaryServer(t);
  const { person, headers } = await signedIn(server, 'Ada', ['admin']);
  const { secret: token } = await server.newToken(['admin'], {}, person.id);
  for (const at of ['GET /api/v1/me/access', 'DELETE /api/v1/me/password', 'DELETE /api/v1/me/sessions']) {
    assert.equal((await server.ask(at, { token })).status, 403, at);
  }
  const own = await server.ask('GET /api/v1/me/access', { headers });
  assert.equal(part(own, 'isFresh'), true);
  server.clock.aheadMs = 15 * 60_000 + 1;
  const stale = await server.ask('PUT /api/v1/me/password', { headers, json: { password } });
  assert.equal(stale.status, 403);
  const wanted = { name: 'laptop', roles: ['viewer'], speaksFor: 'me' };
  assert.equal((await server.ask('POST /api/v1/tokens', { headers, json: wanted })).status, 403);
  assert.equal((await server.ask('POST /api/v1/sign-in-links', { headers })).status, 403, 'no way around it');
  assert.equal(part(await server.ask('GET /api/v1/me/access', { headers }), 'isFresh'), false);
  const late = { ...headers };
  server.clock.aheadMs = 86_400_000 + 1;
  const renewed = await server.ask(me, { headers: late });
  late['cookie'] = cookieOf(renewed);
  assert.equal(
    part(await server.ask('GET /api/v1/me/access', { headers: late }), 'isFresh'),
    false,
    'nor by a rotation',
  );
});

test('sessions are listed with how they began, and end one by one or everywhere', async (t) => {
  const server = await temporaryServer(t);
  const { headers } = await signedIn(server, 'Ada', ['viewer']);
  await server.ask('PUT /api/v1/me/password', { headers, json: { password } });
  const others = [await byPassword(server, 'ada'), await byPassword(server, 'ada')].map((told) => ({
    headers: { cookie: cookieOf(told), ...samePage },
  }));
  const own = await server.ask('GET /api/v1/me/access', { headers });
  const { sessions } = ownAccess.parse(own.json);
  const ways = sessions.map(({ way, isThisOne, agent }) => [way, isThisOne, agent].join());
  assert.deepEqual(ways.sort(), ['link,true,Ship/1', 'password,false,', 'password,false,']);
  const id = sessions.find(({ isThisOne }) => isThisOne)?.id ?? '';
  assert.equal((await server.ask(`DELETE /api/v1/me/sessions/${id}`, { headers })).status, 204);
  assert.equal((await server.ask(me, { headers })).status, 401);
  const [first, second] = others;
  assert.ok(first !== undefined && second !== undefined);
  assert.equal((await server.ask(`DELETE /api/v1/me/sessions/${id}`, first)).status, 404, 'over already');
  assert.equal((await server.ask('DELETE /api/v1/me/sessions', first)).status, 204);
  for (const each of others) assert.equal((await server.ask(me, each)).status, 401);
});

test('other roles count at once, and who is disabled can do nothing until enabled again', async (t) => {
  const server = await temporaryServer(t);
  const { ask, accounts, journal } = server;
  const admin = await signedIn(server, 'Root', ['admin']);
  const { person, headers } = await signedIn(server, 'Ada', ['viewer']);
  const { secret: token } = await server.newToken(['viewer'], {}, person.id);
  const change = (json: object, id = person.id) => ask(`PATCH /api/v1/people/${id}`, { headers: admin.headers, json });
  assert.equal((await ask('POST /api/v1/people', { headers, json: {} })).status, 403);
  assert.equal((await change({ roles: ['admin'] })).status, 200);
  assert.equal((await ask('POST /api/v1/people', { headers, json: {} })).status, 400, 'an admin now');
  assert.equal((await change({ disabled: true, reason: 'on leave' })).status, 200);
  assert.equal((await ask(me, { headers })).status, 401);
  assert.equal((await ask(me, { token })).status, 401);
  await assert.rejects(accounts.sessions.createLink(person.id, system), { code: 'not-found' });
  assert.equal((await change({ disabled: true }, admin.person.id)).status, 409, 'no admin would be left');
  assert.equal((await change({ roles: ['viewer'] }, admin.person.id)).status, 409);
  assert.equal((await change({ disabled: false })).status, 200);
  assert.equal((await ask(me, { headers })).status, 401, 'the session has ended for good');
  assert.equal((await ask(me, { token })).status, 200);
  const events = await journal.readAll({ afterPosition: 0, limit: 100, chain: 'control' });
  const disabling = events.find(({ reason }) => reason === 'on leave');
  assert.equal(disabling?.type, 'person-changed');
  assert.deepEqual(disabling.actor, { kind: 'person', id: admin.person.id });
});

test('an invitation counts for days, and only an admin makes one', async (t) => {
  const server = await temporaryServer(t);
  const admin = await signedIn(server, 'Root', ['admin']);
  const { person, headers } = await signedIn(server, 'Ada', ['viewer']);
  const validMs = 3 * 86_400_000;
  const wanted = { person: person.id, validMs };
  assert.equal((await server.ask('POST /api/v1/sign-in-links', { headers, json: wanted })).status, 403);
  const made = await server.ask('POST /api/v1/sign-in-links', { headers: admin.headers, json: wanted });
  assert.equal(made.status, 201);
  const link = new URL(String(part(made, 'url'))).hash.slice(1);
  server.clock.aheadMs = validMs - 1000;
  assert.equal((await server.ask('POST /api/v1/session', { json: { link } })).status, 200);
});

test('a start says how to sign in until the first admin has a way of their own', async (t) => {
  const server = await temporaryServer(t);
  const { accounts, ask } = server;
  const link = (await accounts.linkOfStart())?.secret ?? '';
  const answer = await ask('POST /api/v1/session', { json: { link } });
  assert.deepEqual(part(answer, 'roles'), ['viewer', 'developer', 'approver', 'operator', 'admin']);
  assert.notEqual(await accounts.linkOfStart(), null);
  const headers = { cookie: cookieOf(answer), ...samePage };
  assert.equal((await ask('PUT /api/v1/me/password', { headers, json: { password } })).status, 204);
  assert.equal(await accounts.linkOfStart(), null, 'no log of a later start lets anybody in');
});
