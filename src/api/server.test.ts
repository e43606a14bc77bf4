import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { test } from 'node:test';
import { z } from 'zod';
import { temporaryServer } from '../../test/harness/temporary-server.ts';
import { LotseError } from '../core/errors.ts';
import { createServer } from './server.ts';
import { linesRoute, route, uploadRoute } from './route.ts';
import type { Route } from './route.ts';

const shape = z.object({ count: z.number(), names: z.array(z.string()).min(1) });

const echo = route({
  ...{ at: 'POST /apps/:app/echo', summary: 'echo', role: 'viewer', status: 201, body: shape },
  query: z.object({ times: z.coerce.number().int().max(3).default(1) }),
  answer: z.object({ app: z.string(), sum: z.number(), actor: z.string() }),
  handle: ({ params, query, body, actor }) => ({
    app: params.app,
    sum: body.count * query.times,
    actor: actor.kind,
    secret: 1,
  }),
});

function throwing(at: `GET /${string}`, error: () => unknown): Route {
  const handle = (): string => {
    throw error();
  };
  return route({ at, summary: at, role: 'viewer', answer: z.string(), handle });
}

test('a declared route checks its input and answers what its shape names', async (t) => {
  const { ask, newToken } = await temporaryServer(t, { routes: [echo] });
  const { secret: token } = await newToken(['viewer']);
  const json = { count: 7, names: ['a'] };
  const answer = await ask('POST /api/v1/apps/shop/echo?times=2', { token, json });
  assert.equal(answer.status, 201);
  assert.deepEqual(answer.json, { app: 'shop', sum: 14, actor: 'token' });
  assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8');
  assert.equal(answer.headers['cache-control'], 'no-store');
});

test('input that does not fit is a problem that names every path', async (t) => {
  const { ask, newToken } = await temporaryServer(t, { routes: [echo] });
  const { secret: token } = await newToken(['viewer']);
  const answer = await ask('POST /api/v1/apps/shop/echo', { token, json: { count: 'x', names: [1] } });
  assert.equal(answer.status, 400);
  assert.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8');
  assert.deepEqual(answer.json, {
    type: '/docs/reference/errors.md#bad-input',
    title: 'The request is not valid',
    status: 400,
    detail: 'body.count: Invalid input: expected number, received string (and 1 more)',
    code: 'bad-input',
    details: [
      'body.count: Invalid input: expected number, received string',
      'body.names.0: Invalid input: expected string, received number',
    ],
    retriable: false,
    instance: `urn:uuid:${String(answer.headers['x-request-id'])}`,
  });
  const query = await ask('POST /api/v1/apps/shop/echo?times=9', { token, json: { count: 1, names: ['a'] } });
  assert.match(query.text, /"detail":"query\.times: /);
});

test('every way to send a bad request ends in problem+json', async (t) => {
  const { ask, newToken } = await temporaryServer(t, { routes: [echo] });
  const { secret: token } = await newToken(['viewer']);
  const at = 'POST /api/v1/apps/shop/echo';
  const jsonType = { 'content-type': 'application/json' };
  const cases: readonly (readonly [number, string, Parameters<typeof ask>[1]])[] = [
    [400, at, { headers: jsonType, body: '{"count":' }],
    [400, at, { headers: jsonType, body: '{"__proto__":{"x":1},"count":1,"names":["a"]}' }],
    [400, at, {}],
    [413, at, { headers: jsonType, body: Buffer.alloc(1024 ** 2 + 1, ' ') }],
    [415, at, { headers: { 'content-type': 'text/plain' }, body: 'x' }],
    [415, at, { headers: { 'content-type': 'application/x-tar' }, body: 'x' }],
    [400, 'GET /api/v1/%', {}],
    [404, 'GET /api/v1/nothing', {}],
    [404, 'PUT /api/v1/me', {}],
    [404, 'GET /nothing', {}],
  ];
  for (const [status, where, more] of cases) {
    const answer = await ask(where, { token, ...more });
    assert.equal(answer.status, status, `${where} ${JSON.stringify(more)} ${answer.text}`);
    assert.match(answer.headers['content-type'] ?? '', /^application\/problem\+json/);
    assert.equal(Reflect.get(Object(answer.json), 'status'), status);
    assert.equal(answer.headers['x-content-type-options'], 'nosniff');
  }
  assert.equal(
    (await ask('GET /api/v1/nothing')).status,
    401,
    'without a credential nobody learns which routes there are',
  );
});

test('a LotseError keeps its code, hint and details; another error shows nothing of itself but is logged', async (t) => {
  const gate = new LotseError('gate-closed', 'Staging is not verified.', {
    hint: 'Deploy there.',
    details: ['a', 'b'],
  });
  const routes = [throwing('GET /gate', () => gate), throwing('GET /mistake', () => new TypeError('secret place'))];
  const wrong = route({
    at: 'GET /wrong',
    summary: 'x',
    role: 'viewer',
    answer: z.string().max(1),
    handle: () => 'long',
  });
  const { ask, newToken, logged } = await temporaryServer(t, { routes: [...routes, wrong] });
  const { secret: token } = await newToken(['viewer']);
  const { instance: _, ...told } = Object(await ask('GET /api/v1/gate', { token }).then(({ json }) => json));
  assert.deepEqual(told, {
    type: '/docs/reference/errors.md#gate-closed',
    title: 'A gate is not open',
    status: 409,
    detail: 'Staging is not verified.',
    code: 'gate-closed',
    hint: 'Deploy there.',
    details: ['a', 'b'],
    retriable: false,
  });
  assert.equal(logged.length, 0);
  for (const path of ['mistake', 'wrong']) {
    const answer = await ask(`GET /api/v1/${path}`, { token });
    assert.equal(answer.status, 500);
    assert.ok(!answer.text.includes('secret place') && !answer.text.includes('Too big'), answer.text);
  }
  assert.equal(logged.length, 2);
});

test('health answers without a credential, at the root and below the base; every answer carries security headers', async (t) => {
  const { ask } = await temporaryServer(t);
  for (const at of ['GET /health', 'GET /api/v1/health']) {
    const { status, json, headers } = await ask(at);
    assert.deepEqual([status, json], [200, { status: 'ok', version: '1.2.3' }]);
    assert.match(String(headers['content-security-policy']), /default-src 'none'.*frame-ancestors 'none'/);
    assert.doesNotMatch(String(headers['content-security-policy']), /unsafe/);
    assert.equal(headers['referrer-policy'], 'no-referrer');
    assert.equal(headers['access-control-allow-origin'], undefined);
  }
});

test('it listens on loopback, and a port that is taken is named with what to do', async (t) => {
  const first = await temporaryServer(t);
  assert.match(first.url, /^http:\/\/127\.0\.0\.1:\d+$/);
  const port = Number(new URL(first.url).port);
  await assert.rejects(
    (async () => {
      const { accounts, journal: changes } = first;
      const log = { error: () => undefined };
      const server = await createServer({ routes: [], accounts, changes, webFolder: null, version: '1', log });
      t.after(() => server.close());
      await server.listen({ port });
    })(),
    (error: unknown) =>
      error instanceof LotseError &&
      error.code === 'port-taken' &&
      error.message.includes(String(port)) &&
      /port/i.test(error.hint ?? ''),
  );
});

test('a tar arrives as a stream, and one that is too large is refused while it comes', async (t) => {
  const upload = uploadRoute({
    ...{ at: 'POST /apps/:app/releases', summary: 'upload', role: 'developer', answer: z.number() },
    handle: async ({ body }) => (await buffer(body)).length,
  });
  const careless = uploadRoute({
    ...{ at: 'POST /apps/:app/careless', summary: 'upload', role: 'developer', answer: z.number() },
    handle() {
      throw new LotseError('conflict', 'Not now.');
    },
  });
  const routes = [upload, careless];
  const { ask, newToken, url } = await temporaryServer(t, {
    routes,
    limits: { uploadBytes: 3_000_000, bodyBytes: 1000 },
  });
  const { secret: token } = await newToken(['developer']);
  const headers = { 'content-type': 'application/x-tar' };
  const at = 'POST /api/v1/apps/shop/releases';
  assert.equal((await ask(at, { token, headers, body: Buffer.alloc(2_500_000) })).text, '2500000');
  assert.equal((await ask(at, { token, headers, body: Buffer.alloc(3_000_001) })).status, 413);
  const chunked = { ...headers, 'transfer-encoding': 'chunked' };
  assert.equal((await ask(at, { token, headers: chunked, body: Buffer.alloc(3_000_001) })).status, 413);
  const unread = await ask('POST /api/v1/apps/shop/careless', { token, headers, body: Buffer.alloc(2_500_000) });
  assert.equal(unread.status, 409);
  assert.equal((await ask(at, { token, body: 'x' })).status, 415);
  assert.equal((await ask(at, { headers, body: Buffer.alloc(2_500_000) })).status, 401);
  assert.equal((await ask(at, { token: (await newToken(['viewer'])).secret, headers, body: 'x' })).status, 403);
  const { port } = new URL(url);
  const socket = connect(Number(port), '127.0.0.1');
  const head = `POST /api/v1/apps/shop/releases HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\n`;
  socket.write(`${head}content-type: application/x-tar\r\ncontent-length: 1000\r\n\r\nabc`);
  await wait(50);
  socket.destroy();
  assert.equal((await ask('GET /health')).status, 200, 'an upload that breaks off harms nothing');
});

test('lines come one by one, and the handler learns that the client is gone', async (t) => {
  const gone = Promise.withResolvers<void>();
  const lines = linesRoute({
    ...{ at: 'GET /apps/:app/logs', summary: 'logs', role: 'viewer', answer: z.object({ text: z.string() }) },
    query: z.object({ missing: z.string().optional() }),
    handle({ query, signal }) {
      if (query.missing !== undefined) throw new LotseError('not-found', 'There are no logs.');
      return follow(signal);
    },
  });
  async function* follow(signal: AbortSignal): AsyncGenerator<{ text: string }> {
    yield { text: 'first' };
    yield { text: 'second' };
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    gone.resolve();
  }
  const { ask, open, newToken } = await temporaryServer(t, { routes: [lines] });
  const { secret: token } = await newToken(['viewer']);
  assert.equal((await ask('GET /api/v1/apps/shop/logs?missing=1', { token })).status, 404);
  const response = await open('GET /api/v1/apps/shop/logs', { token });
  assert.equal(response.headers['content-type'], 'application/x-ndjson; charset=utf-8');
  assert.equal(response.headers['x-content-type-options'], 'nosniff');
  let text = '';
  for await (const chunk of response) {
    text += String(chunk);
    if (text.includes('second')) break;
  }
  assert.equal(text, '{"text":"first"}\n{"text":"second"}\n');
  await gone.promise;
});

test('closing lets a request finish within the grace time, and cuts what takes longer', async (t) => {
  const slow = (at: `GET /${string}`, ms: number): Route =>
    route({ at, summary: at, role: 'viewer', answer: z.string(), handle: () => wait(ms, 'done') });
  const routes = [slow('GET /short', 150), slow('GET /long', 20_000)];
  const { ask, server, newToken } = await temporaryServer(t, { routes, limits: { closeGraceMs: 600 } });
  const { secret: token } = await newToken(['viewer']);
  const short = ask('GET /api/v1/short', { token });
  const long = ask('GET /api/v1/long', { token }).then(
    () => 'answered',
    () => 'cut',
  );
  await wait(50);
  await server.close();
  assert.equal((await short).json, 'done');
  assert.equal(await long, 'cut');
});

test('an answer that takes too long is a timeout', async (t) => {
  const slow = route({
    at: 'GET /slow',
    summary: 'x',
    role: 'viewer',
    answer: z.string(),
    handle: () => wait(400, 'done'),
  });
  const { ask, newToken } = await temporaryServer(t, { routes: [slow], limits: { answerTimeoutMs: 100 } });
  const answer = await ask('GET /api/v1/slow', { token: (await newToken(['viewer'])).secret });
  assert.equal(answer.status, 504);
  assert.equal(Reflect.get(Object(answer.json), 'code'), 'timeout');
  await wait(400);
});
