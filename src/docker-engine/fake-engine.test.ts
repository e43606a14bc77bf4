import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { Secret } from '../core/secret.ts';
import { DockerEngine } from './docker-engine.ts';
import type { EngineFailure } from './engine-errors.ts';

/** What no real engine does when asked to: hang, break, lie. */
type Answer = (request: IncomingMessage, response: ServerResponse) => unknown;

const version = { Version: '20.10.24', ApiVersion: '1.41', MinAPIVersion: '1.12', Os: 'linux', Arch: 'amd64' };

async function startFake(answer: Answer, said: object = version) {
  const folder = await mkdtemp(join(tmpdir(), 'lotse-fake-engine-'));
  const path = join(folder, 'sock');
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (request.url === '/version') response.end(JSON.stringify(said));
    else void answer(request, response);
  });
  server.listen(path);
  await once(server, 'listening');
  return {
    engine: new DockerEngine({ kind: 'socket', path }),
    server,
    path,
    asked,
    [Symbol.asyncDispose]: async (): Promise<void> => {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true });
    },
  };
}

function refuse(status: number, message: string): Answer {
  return (_request, response) => response.writeHead(status).end(JSON.stringify({ message }));
}

test('the engine is asked for its version once, and spoken to in the highest that both know', async () => {
  const cases: readonly (readonly [string, string])[] = [
    ['1.41', '1.41'],
    ['1.44', '1.44'],
    ['1.99', '1.51'],
  ];
  for (const [ApiVersion, spoken] of cases) {
    await using fake = await startFake((_, response) => response.end('[]'), { ...version, ApiVersion });
    await fake.engine.images.list();
    await fake.engine.images.list();
    const path = `GET /v${spoken}/images/json?filters=%7B%7D`;
    assert.deepEqual(fake.asked, ['GET /version', path, path]);
  }
});

test('an engine that is too old is refused by name', async () => {
  await using fake = await startFake((_, response) => response.end('[]'), { ...version, ApiVersion: '1.9' });
  await assert.rejects(fake.engine.info(), { failure: 'too-old', message: /speaks API 1\.9; Lotse needs 1\.41/ });
});

test('an engine that is not there, or that may not be used, is an error with what to do', async () => {
  const absent = new DockerEngine({ kind: 'socket', path: '/no/such/docker.sock' });
  const error = { code: 'unreachable', failure: 'absent', retriable: true, hint: /systemctl start docker/ };
  await assert.rejects(absent.info(), { ...error, message: /unix:\/\/\/no\/such\/docker\.sock/ });
});

test('what comes back after it was away is asked for its version anew', async () => {
  await using fake = await startFake((_, response) => response.end('[]'));
  await fake.engine.images.list();
  fake.server.closeAllConnections();
  await new Promise((resolve) => fake.server.close(resolve));
  await assert.rejects(fake.engine.images.list(), { failure: 'absent' });
  fake.server.listen(fake.path);
  await once(fake.server, 'listening');
  await fake.engine.images.list();
  assert.equal(fake.asked.filter((line) => line === 'GET /version').length, 2);
});

test('an engine that hangs is given up at the deadline: before the answer, and in the middle of it', async () => {
  for (const answer of [() => undefined, (_: unknown, response: ServerResponse) => response.write('[')]) {
    await using fake = await startFake(answer);
    const asking = fake.engine.containers.list({}, { timeoutMs: 100 });
    await assert.rejects(asking, { code: 'timeout', failure: 'late', message: /GET \/containers\/json within 0\.1 s/ });
  }
});

test('a cancelled call ends as cancelled: before the answer, and in the middle of a stream', async () => {
  await using silent = await startFake(() => undefined);
  const stop = new AbortController();
  const asking = silent.engine.containers.list({}, { signal: stop.signal });
  await once(silent.server, 'request');
  stop.abort();
  await assert.rejects(asking, { code: 'cancelled' });
  await using talking = await startFake((_, response) => response.write('{"Type":"container"}\n'));
  const stopTalk = new AbortController();
  const listening = async (): Promise<void> => {
    for await (const event of talking.engine.events({}, { signal: stopTalk.signal })) {
      assert.equal(event.Type, 'container');
      stopTalk.abort();
    }
  };
  await assert.rejects(listening(), { code: 'cancelled' });
});

test('a stream that breaks is an error, not an end', async () => {
  await using fake = await startFake((request, response) => {
    response.write('{"Type":"container"}\n');
    setImmediate(() => request.socket.destroy());
  });
  const listening = async (): Promise<void> => {
    for await (const _ of fake.engine.events({}));
  };
  await assert.rejects(listening(), { code: 'unreachable', failure: 'closed' });
});

test('a reading call whose kept connection was closed is repeated, one that changes something is not', async () => {
  let count = 0;
  await using fake = await startFake((request, response) => {
    count += 1;
    if (count === 2 || request.method === 'POST') request.socket.destroy();
    else response.end('[]');
  });
  await fake.engine.containers.list();
  await fake.engine.containers.list();
  assert.equal(count, 3);
  await assert.rejects(fake.engine.containers.start('a'), { failure: 'closed' });
  assert.equal(count, 4);
});

test('each refusal says what was wrong, so that a caller can act on it', async () => {
  const cases: readonly (readonly [number, string, EngineFailure, string])[] = [
    [400, 'invalid reference format', 'bad-request', 'bad-input'],
    [404, 'No such container: a', 'not-found', 'not-found'],
    [409, 'The container name "/a" is already in use', 'conflict', 'conflict'],
    [500, 'write /var/lib/docker/x: no space left on device', 'no-space', 'disk-full'],
    [500, 'fork/exec /usr/bin/runc: cannot allocate memory', 'no-memory', 'unreachable'],
    [500, 'driver failed: Bind for 0.0.0.0:80 failed: port is already allocated', 'port-taken', 'port-taken'],
    [404, 'pull access denied for x, repository does not exist', 'registry', 'unreachable'],
    [500, 'Get "https://r.example/v2/": dial tcp: lookup r.example: no such host', 'registry', 'unreachable'],
    [500, 'something else', 'failed', 'unreachable'],
  ];
  for (const [status, message, failure, code] of cases) {
    await using fake = await startFake(refuse(status, message));
    await assert.rejects(fake.engine.containers.start('a'), {
      failure,
      code,
      status,
      message: new RegExp(message.slice(-15)),
    });
  }
});

test('an error that a stream tells in its middle is thrown', async () => {
  await using fake = await startFake((_, response) => {
    response.write('{"status":"Pulling"}\n{"errorDetail":{"mess');
    response.end('age":"no space left on device"},"error":"no space left on device"}\r\n');
  });
  const seen: unknown[] = [];
  const pulling = async (): Promise<void> => {
    for await (const message of fake.engine.images.pull('app:1', null)) seen.push(message);
  };
  await assert.rejects(pulling(), { code: 'disk-full', message: /the pull of app:1/ });
  assert.deepEqual(seen, [{ status: 'Pulling' }]);
});

test('output is put together from frames that come in pieces', async () => {
  const frame = (kind: number, text: string): Buffer => {
    const head = Buffer.from([kind, 0, 0, 0, 0, 0, 0, 0]);
    head.writeUInt32BE(Buffer.byteLength(text), 4);
    return Buffer.concat([head, Buffer.from(text)]);
  };
  const all = Buffer.concat([frame(1, 'hello\n'), frame(2, 'grüße\n'), frame(1, ''), frame(1, 'x'.repeat(100_000))]);
  for (const size of [1, 7, 70_000]) {
    await using fake = await startFake(async (_, response) => {
      for (let at = 0; at < Math.min(all.length, 40); at += size)
        response.write(all.subarray(at, Math.min(at + size, 40)));
      response.end(all.subarray(Math.min(Math.ceil(40 / size) * size, 40)));
    });
    const chunks: string[] = [];
    for await (const { stream, bytes } of fake.engine.containers.logs('a', {}))
      chunks.push(`${stream} ${bytes.toString()}`);
    assert.deepEqual(chunks, ['stdout hello\n', 'stderr grüße\n', 'stdout ', `stdout ${'x'.repeat(100_000)}`]);
  }
});

test('credentials of a registry go into their header, in base64 with its padding', async () => {
  const headers: unknown[] = [];
  await using fake = await startFake((request, response) => {
    headers.push(request.headers['x-registry-auth'], request.headers['x-registry-config']);
    request.resume().once('end', () => response.end('{"status":"ok"}\n'));
  });
  const credential = { username: 'anna', password: new Secret('?>~pass') };
  for await (const _ of fake.engine.images.pull('app:1', credential));
  for await (const _ of fake.engine.images.build(Readable.from(['tar']), {}, { 'r.example': credential }));
  const plain = { username: 'anna', password: '?>~pass' };
  const urlSafe = (value: unknown): string => {
    const text = Buffer.from(JSON.stringify(value)).toString('base64');
    return text.replaceAll('+', '-').replaceAll('/', '_');
  };
  assert.deepEqual(headers, [urlSafe(plain), undefined, undefined, urlSafe({ 'r.example': plain })]);
});

test('an engine behind a tunnel is talked to over connections that the tunnel opens', async () => {
  await using fake = await startFake((_, response) => response.end('[]'));
  let opened = 0;
  const open = async () => {
    opened += 1;
    return connect({ path: fake.path });
  };
  const engine = new DockerEngine({ kind: 'tunnel', name: 'ssh://lotse@one.example', open });
  assert.deepEqual(await engine.containers.list(), []);
  assert.equal(opened, 2);
  const broken = {
    kind: 'tunnel',
    name: 'ssh://two.example',
    open: async () => Promise.reject(new Error('no route')),
  } as const;
  const asking = new DockerEngine(broken).containers.list();
  await assert.rejects(asking, { code: 'unreachable', message: /ssh:\/\/two\.example.*no route/ });
});
