import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { LotseError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import { Client, urlPath } from './client.ts';
import { problem, startFakeControlPlane, written, type FakeHandler } from './fixtures/fake-control-plane.ts';

async function withClient(
  handlers: Readonly<Record<string, FakeHandler>>,
  use: (client: Client, fake: Awaited<ReturnType<typeof startFakeControlPlane>>) => Promise<void>,
): Promise<void> {
  const fake = await startFakeControlPlane(handlers);
  try {
    await use(new Client({ server: fake.server, token: new Secret('s3cret'), source: 'the test' }), fake);
  } finally {
    await fake.close();
  }
}

const isError = (code: string) => (thrown: unknown) => thrown instanceof LotseError && thrown.code === code;

test('a refusal keeps its code, its hint and its details', async () => {
  const refuse: FakeHandler = (_, answer) =>
    problem(answer, 409, 'gate-closed', 'Approval is missing', { hint: 'Ask Ann.', details: ['approval: 1'] });
  await withClient({ 'GET /me': refuse }, async (client) => {
    await assert.rejects(client.call('GET /me', z.unknown()), {
      code: 'gate-closed',
      message: 'Approval is missing',
      hint: 'Ask Ann.',
      details: ['approval: 1'],
    });
  });
});

test('an answer that is no problem of ours is explained by its status', async () => {
  const refuse: FakeHandler = (_, answer) => {
    answer.writeHead(401).end('<h1>no</h1>');
    return written;
  };
  await withClient({ 'GET /me': refuse }, async (client) => {
    await assert.rejects(client.call('GET /me', z.unknown()), isError('unauthenticated'));
  });
});

test('the token travels as a bearer credential, path and query are encoded', async () => {
  await withClient({ 'GET /apps/:app/logs': () => ({ ok: true }) }, async (client, fake) => {
    await client.call('GET /apps/:app/logs', z.unknown(), {
      path: { app: 'a/b ü' },
      query: { last: 3, job: undefined },
    });
    const [request] = fake.requests;
    assert.equal(request?.path.app, 'a/b ü');
    assert.equal(`${request?.query}`, 'last=3');
    assert.equal(request?.headers.authorization, 'Bearer s3cret');
  });
});

test('a path without a value for its parameter is a mistake, not a request', () => {
  assert.throws(() => urlPath('/apps/:app', { path: { app: '' } }), TypeError);
});

test('what is retriable is repeated until it works', async () => {
  let left = 2;
  const handler: FakeHandler = (_, answer) => {
    left -= 1;
    return left >= 0 ? problem(answer, 503, 'unreachable', 'starting', { retriable: true }) : { fine: true };
  };
  await withClient({ 'POST /things': handler }, async (client, fake) => {
    assert.deepEqual(await client.call('POST /things', z.object({ fine: z.boolean() }), { json: {} }), { fine: true });
    assert.equal(fake.requests.length, 3);
  });
});

test('a write whose answer is lost is not repeated: it may have happened', async () => {
  const breakOff: FakeHandler = (_, answer) => {
    answer.destroy();
    return written;
  };
  await withClient({ 'POST /things': breakOff }, async (client, fake) => {
    await assert.rejects(client.call('POST /things', z.unknown(), { json: {} }), isError('unreachable'));
    assert.equal(fake.requests.length, 1);
  });
});

test('nobody at the address: the message says where the address comes from', async () => {
  const fake = await startFakeControlPlane({});
  await fake.close();
  const client = new Client({ server: fake.server, token: null, source: 'LOTSE_SERVER' });
  await assert.rejects(client.call('POST /things', z.unknown(), { json: {} }), (thrown) => {
    assert.ok(thrown instanceof LotseError);
    assert.equal(thrown.code, 'unreachable');
    assert.match(thrown.message, /No control plane answers at http:\/\/127\.0\.0\.1:\d+/);
    assert.match(thrown.hint ?? '', /LOTSE_SERVER/);
    return true;
  });
});

test('an answer in an unknown shape names what is different', async () => {
  await withClient({ 'GET /me': () => ({ name: 7 }) }, async (client) => {
    await assert.rejects(client.call('GET /me', z.object({ name: z.string() })), (thrown) => {
      assert.ok(thrown instanceof LotseError);
      assert.match(thrown.details[0] ?? '', /^name: /);
      return true;
    });
  });
});

test('a stream of events goes on behind the last one that came', async () => {
  const handler: FakeHandler = ({ headers }, answer) => {
    answer.writeHead(200, { 'content-type': 'text/event-stream' });
    const seen = Number(headers['last-event-id'] ?? '0');
    answer.write(`retry: 5\nid: ${seen + 1}\ndata: number ${seen + 1}\n\n`);
    answer.end();
    return written;
  };
  await withClient({ 'GET /events': handler }, async (client, fake) => {
    const stop = new AbortController();
    const seen: string[] = [];
    for await (const event of client.events('GET /events', { signal: stop.signal })) {
      seen.push(event.data);
      if (seen.length === 3) stop.abort();
    }
    assert.deepEqual(seen, ['number 1', 'number 2', 'number 3']);
    assert.deepEqual(
      fake.requests.map((request) => request.headers['last-event-id']),
      [undefined, '1', '2'],
    );
  });
});

test('a stream that is refused says so instead of trying for ever', async () => {
  const refuse: FakeHandler = (_, answer) => problem(answer, 403, 'forbidden', 'not yours');
  await withClient({ 'GET /events': refuse }, async (client) => {
    const { signal } = new AbortController();
    await assert.rejects(Array.fromAsync(client.events('GET /events', { signal })), isError('forbidden'));
  });
});

test('lines are read one by one and checked', async () => {
  const handler: FakeHandler = (_, answer) => {
    answer.writeHead(200, { 'content-type': 'application/x-ndjson' }).end('{"n":1}\n\n{"n":2}\n');
    return written;
  };
  await withClient({ 'GET /lines': handler }, async (client) => {
    const lines = await Array.fromAsync(client.lines('GET /lines', z.object({ n: z.number() }), {}));
    assert.deepEqual(lines, [{ n: 1 }, { n: 2 }]);
  });
});
