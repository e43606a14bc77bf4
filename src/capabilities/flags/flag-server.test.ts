import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import { describe, it, type TestContext } from 'node:test';
import { systemActor } from '../../core/events.ts';
import { flagKeyHeader } from '../../core/routing-document.ts';
import { temporaryDatabase } from '../../database/temporary-database.ts';
import { FlagBook } from './flag-book.ts';
import { FlagKeys } from './flag-keys.ts';
import { FlagServer } from './flag-server.ts';

const scope = { app: 'shop', environment: 'production' };
const evaluate = '/ofrep/v1/evaluate/flags';
const menu = { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'off' };

interface Ask {
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The flags of one environment, served as the control plane does. */
async function served(t: TestContext, more: object = {}, rates = { perClient: 1000, perKey: 1000 }) {
  const { database, journal } = await temporaryDatabase(t);
  const text = JSON.stringify({ flags: { menu: { ...menu, ...more } } });
  const definitions = async () => [{ release: 'r1', text }];
  const logged: object[] = [];
  const parts = {
    database,
    journal,
    fence: () => 1,
    now: Date.now,
    definitions,
    log: (about: object) => void logged.push(about),
  };
  const keys = await FlagKeys.open(parts);
  const book = new FlagBook(parts);
  const flags = new FlagServer({ book, keys, now: Date.now, log: parts.log, rates });
  const http = createServer(flags.handle).listen(0, '127.0.0.1');
  await once(http, 'listening');
  t.after(async () => {
    flags.close();
    http.closeAllConnections();
    http.close();
    await book.close();
  });
  const address = http.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  const { secret } = await keys.create(scope, 'test', systemActor);
  const ask = async (path: string, init: Ask = {}) =>
    await fetch(`${url}${path}`, {
      method: 'POST',
      ...init,
      headers: { authorization: `Bearer ${secret}`, ...init.headers },
    });
  const change = async (wanted: object) => await book.change(scope, 'menu', { reason: null, ...wanted }, systemActor);
  return { url, ask, change, keys, book, secret, logged, parts };
}

describe('flags are served', () => {
  it('to whoever has a key of the environment, and to nobody else', async (t) => {
    const { url, ask, keys, secret } = await served(t);
    assert.equal((await ask(`${evaluate}/menu`, { headers: { authorization: 'Bearer lotse_flags_x' } })).status, 401);
    assert.equal((await fetch(`${url}${evaluate}`, { method: 'POST' })).status, 401);
    const byKey = await fetch(`${url}${evaluate}/menu`, { method: 'POST', headers: { 'x-api-key': secret } });
    assert.deepEqual(await byKey.json(), { key: 'menu', value: false, variant: 'off', reason: 'STATIC', metadata: {} });
    const guessed = { [flagKeyHeader]: `${secret}, wrong` };
    assert.equal(
      (await fetch(`${url}${evaluate}`, { method: 'POST', headers: guessed })).status,
      503,
      'of a proxy that has not heard of a new start yet',
    );
    const byProxy = { [flagKeyHeader]: `a guess, ${keys.proxyKey(scope)}` };
    const path = `/.lotse/flags${evaluate}`;
    assert.equal((await fetch(`${url}${path}`, { method: 'POST', headers: byProxy })).status, 200);
  });

  it('with the errors of OFREP', async (t) => {
    const { ask } = await served(t, { targeting: { '+': [{ var: 'age' }, 1] } });
    const answer = async (path: string, body?: string) => {
      const got = await ask(path, body === undefined ? {} : { body });
      const {
        errorDetails: _details,
        metadata: _metadata,
        ...rest
      }: Record<string, unknown> = JSON.parse(await got.text());
      return [got.status, rest];
    };
    assert.deepEqual(await answer(`${evaluate}/nothing`), [404, { key: 'nothing', errorCode: 'FLAG_NOT_FOUND' }]);
    assert.deepEqual(await answer(`${evaluate}/menu`, '{'), [400, { key: 'menu', errorCode: 'PARSE_ERROR' }]);
    assert.deepEqual(await answer(`${evaluate}/menu`, '[]'), [400, { key: 'menu', errorCode: 'INVALID_CONTEXT' }]);
    assert.deepEqual(await answer(evaluate, '{"context":{"targetingKey":1}}'), [400, { errorCode: 'INVALID_CONTEXT' }]);
    const failing = '{"context":{"age":"old"}}';
    assert.deepEqual(await answer(`${evaluate}/menu`, failing), [400, { key: 'menu', errorCode: 'GENERAL' }]);
    assert.deepEqual((await answer(evaluate, `{"context":{"x":"${'x'.repeat(70_000)}"}}`))[0], 413);
    assert.equal((await answer('/ofrep/v2/nothing'))[0], 404);
  });

  it('to any page, which is told beforehand', async (t) => {
    const { ask, url } = await served(t);
    const before = await fetch(`${url}${evaluate}`, { method: 'OPTIONS' });
    assert.deepEqual([before.status, before.headers.get('access-control-allow-origin')], [204, '*']);
    assert.match(before.headers.get('access-control-allow-headers') ?? '', /authorization.*if-none-match/);
    assert.match((await ask(evaluate)).headers.get('access-control-expose-headers') ?? '', /etag, retry-after/);
  });

  it('as often as a client may ask, then with 429 and when to come back', async (t) => {
    const { ask } = await served(t, {}, { perClient: 1, perKey: 1 });
    const statuses = [];
    for (let count = 0; count < 3; count += 1) statuses.push((await ask(evaluate)).status);
    assert.deepEqual(statuses, [200, 200, 429]);
    assert.equal((await ask(evaluate)).headers.get('retry-after'), '1');
  });

  it('with an event for each change, whatever changed: a person, or the time', async (t) => {
    const soon = new Date(Date.now() + 4000).toISOString();
    const { ask, url, change } = await served(t, { lotse: { from: soon } });
    const { eventStreams } = JSON.parse(await (await ask(evaluate)).text());
    const stream = get(`${url}${eventStreams[0].endpoint.requestUri}`);
    const [answer]: IncomingMessage[] = await once(stream, 'response');
    t.after(() => stream.destroy());
    const heard: string[] = [];
    answer
      ?.setEncoding('utf8')
      .on('data', (text: string) => heard.push(...text.split('\n').filter((line) => line.startsWith('data:'))));
    const hear = async (count: number) => {
      while (heard.length < count) await new Promise((resolve) => setTimeout(resolve, 10));
    };
    await hear(1);
    const value = async () => JSON.parse(await (await ask(`${evaluate}/menu`)).text()).reason;
    assert.equal(await value(), 'DISABLED');
    await hear(2);
    assert.equal(await value(), 'STATIC', 'its time has come');
    await change({ switched: 'off' });
    await hear(3);
    assert.equal(await value(), 'DISABLED');
    assert.equal(heard[2], heard[0], 'off is off, and has the same ETag');
    assert.equal((await fetch(`${url}/ofrep/v1/events?stream=forged.x`)).status, 401);
  });

  it('by the last good definitions, when others cannot be read', async (t) => {
    const { ask, parts, book, logged } = await served(t);
    assert.equal((await ask(evaluate)).status, 200);
    parts.definitions = async () => [{ release: 'r2', text: '{' }];
    const planned = { type: 'rollout-planned', version: 2, actor: systemActor, reason: null, correlationId: null };
    await parts.journal.append('shop/production', 1, [{ ...planned, payload: {} }]);
    while (logged.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal((await ask(`${evaluate}/menu`)).status, 200);
    await book.flush();
    const uses = await parts.database.db.selectFrom('flag_uses').select('flag').orderBy('flag').execute();
    assert.deepEqual(
      uses.map(({ flag }) => flag),
      ['', 'menu'],
    );
  });

  it('refuses a variant that a flag does not have, and percentages that are too many', async (t) => {
    const { change } = await served(t);
    await assert.rejects(change({ defaultVariant: 'new' }), { code: 'bad-input', message: /no variant "new"/ });
    const tooMany = [
      { variant: 'on', percent: 60 },
      { variant: 'off', percent: 50 },
    ];
    await assert.rejects(change({ percentages: tooMany }), { code: 'bad-input', message: /sum to 110/ });
  });
});
