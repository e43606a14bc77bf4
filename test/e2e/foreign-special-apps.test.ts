import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, chmodSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { describe, test } from 'node:test';
import { parseManifest } from '../../src/manifest/parse-manifest.ts';
import { RawClient } from '../../src/proxy/fixtures/raw-client.ts';
import { ForeignApp } from '../harness/foreign-app.ts';
import { endHarbour, foreignHarbour, freePlaces } from '../harness/foreign-harbour.ts';
import { until } from '../harness/until.ts';
import { visit } from '../harness/visit.ts';
import { underLoad } from '../harness/watched-load.ts';

const manifestOf = (app: ForeignApp) => parseManifest(app.manifest, { file: 'lotse.yaml', hasDockerfile: false });

/** Sends a body of that size in pieces, as a browser does with a large file. */
async function send(port: number, method: string, path: string, bytes: number) {
  const { promise, resolve, reject } = Promise.withResolvers<{ readonly status: number; readonly body: string }>();
  const options = { host: '127.0.0.1', port, method, path, headers: { 'content-length': bytes }, agent: false };
  const sent = request(options, (response) => {
    text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
  });
  sent.once('error', reject);
  const piece = Buffer.alloc(1_000_000, 'x');
  await pipeline(Readable.from(Array.from({ length: bytes / piece.length }, () => piece)), sent);
  return await promise;
}

/** A masked text frame (RFC 6455, 5.2) with a mask of zeros. */
const textFrame = (words: string): string =>
  Buffer.concat([Buffer.from([0x81, 0x80 | words.length, 0, 0, 0, 0]), Buffer.from(words)]).toString('latin1');

async function openWebSocket(port: number): Promise<RawClient> {
  const socket = await RawClient.connect(port);
  const key = randomBytes(16).toString('base64');
  const upgrade = `connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: ${key}`;
  socket.send(`GET /chat HTTP/1.1\r\nhost: live-board.localhost\r\n${upgrade}\r\n\r\n`);
  await socket.until((received) => received.includes('\r\n\r\n'));
  assert.match(socket.received, /^HTTP\/1\.1 101 /);
  return socket;
}

describe('apps with needs of their own', { concurrency: 2 }, () => {
  const arrive = foreignHarbour();

  test('uploads beside the code: the release refuses them and says so; with the proposed store they stay', async () => {
    const app = arrive('photo-drop');
    const { stderr } = await app.init();
    assert.match(stderr, /write beside its own code: uploads/);
    assert.deepEqual(Object.keys(manifestOf(app).stores), ['uploads']);
    await app.upAndLeave();
    const port = await app.port();
    const refused = await send(port, 'PUT', '/cat.jpg', 1_000_000);
    assert.equal(refused.status, 500, 'as it was written, it cannot keep anything');
    const lines = (await app.ok('logs', 'production')).stdout;
    assert.match(lines, /(?:EACCES|EROFS|EPERM).*uploads/);
    const noted = await until(
      'status says so too',
      async () => (await app.production()).services[0]?.slots[0]?.note ?? null,
    );
    assert.match(noted, /tried to write uploads beside its code, and a release is read-only/);

    // What the comment in lotse.yaml asks for: UPLOADS_DIR, else uploads.
    app.change(
      'server.js',
      "path.join(__dirname, 'uploads')",
      "process.env.UPLOADS_DIR || path.join(__dirname, 'uploads')",
    );
    app.commit('uploads have a place of their own');
    await app.ok('deploy', 'production');
    assert.deepEqual(await send(port, 'PUT', '/cat.jpg', 1_000_000), { status: 200, body: 'saved' });
    app.change('server.js', 'photo-drop v1', 'photo-drop v2');
    app.commit('v2');
    const { load } = await underLoad(port, () => app.ok('deploy', 'production'));
    assert.ok(load.ok > 0);
    assert.deepEqual(load.failures, {}, `of ${load.sent} requests`);
    assert.equal((await visit(port)).body, 'photo-drop v2');
    assert.equal(
      (await visit(port, '/cat.jpg')).body.length,
      1_000_000,
      'the next release finds what the last one kept',
    );
    const { stdout } = await app.ok('rollback', 'production');
    assert.match(stdout, /^production back on {2}r2-/m);
    assert.equal((await visit(port, '/cat.jpg')).body.length, 1_000_000);
    const ran = await app.ok('run', 'production', '--', 'sh', '-c', 'ls "$UPLOADS_DIR"');
    assert.match(ran.stdout, /cat\.jpg/);
    await app.ok('down', 'production', '--yes', 'production');
  });

  test('WebSockets, server-sent events, streams and an upload of 200 MB pass, also while a release takes over', async () => {
    const app = arrive('live-board');
    await app.init();
    await app.upAndLeave();
    const port = await app.port();
    const socket = await openWebSocket(port);
    socket.send(textFrame('ahoy'));
    await socket.until((received) => received.includes('v1 AHOY'));
    const events = await RawClient.connect(port);
    events.send('GET /events HTTP/1.1\r\nhost: live-board.localhost\r\naccept: text/event-stream\r\n\r\n');
    await events.until((received) => received.includes('id: 2\n'));
    assert.equal((await visit(port, '/export')).body, `${`${'x'.repeat(1000)}\n`.repeat(20)}done\n`);

    app.change('board.js', /v1/g, 'v2');
    app.commit('v2');
    const { value, load } = await underLoad(port, () =>
      Promise.all([send(port, 'POST', '/import', 200_000_000), app.ok('deploy', 'production')]),
    );
    const [upload, deployed] = value;
    assert.deepEqual(load.failures, {}, `of ${load.sent} requests`);
    assert.deepEqual(upload, { status: 200, body: 'imported 200000000' });
    assert.match(deployed.stdout, /^production live {2}r2-/m);
    assert.equal((await visit(port)).body, 'board v2');
    socket.send(textFrame('still'));
    await socket.until((received) => received.includes('v1 STILL'));
    const seen = events.received.length;
    await events.until((received) => received.length > seen + 100);
    const fresh = await openWebSocket(port);
    fresh.send(textFrame('new'));
    await fresh.until((received) => received.includes('v2 NEW'));
    for (const each of [socket, events, fresh]) each.close();
    const back = await app.ok('rollback', 'production');
    assert.match(back.stdout, /^production back on {2}r1-/m);
    assert.equal((await visit(port)).body, 'board v1');
    assert.match((await app.ok('logs', 'production')).stdout, /board is up/);
    assert.match((await app.ok('status')).stdout, /^production +r1-/m);
    const ran = await app.ok('run', 'production', '--', 'node', '-e', 'console.log(process.env.LOTSE_RELEASE)');
    assert.match(ran.stdout, /^r1-/m);
    await app.ok('down', 'production', '--yes', 'production');
  });
});

test('a worker without a port, by `lotse up` alone: live, changed, back, and gone with Ctrl-C', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'lotse-foreign-'));
  chmodSync(root, 0o711);
  t.after(() => endHarbour(root));
  const app = new ForeignApp('mail-poller', root, { state: join(root, 'state'), ...(await freePlaces()) });
  await app.init();
  assert.deepEqual(
    Object.values(manifestOf(app).services).map(({ service, kind }) => [service, kind]),
    [['worker', 'worker']],
  );
  const up = await app.up();
  assert.match(up.stdout, /^production live {2}r1-/m);
  const says = (what: RegExp) =>
    until(`it says ${what}`, async () => what.test((await app.ok('logs', 'production')).stdout));
  await says(/poll v1 #1: no new mail/);
  app.change('poll.js', 'poll v1', 'poll v2');
  app.commit('v2');
  const deployed = await app.ok('deploy', 'production');
  assert.match(deployed.stdout, /^production live {2}r2-/m);
  await says(/poll v2 #1: no new mail/);
  const back = await app.ok('rollback', 'production');
  assert.match(back.stdout, /^production back on {2}r1-/m);
  const status = await app.ok('status', 'production');
  assert.match(status.stdout, /worker/);
  const ran = await app.ok('run', 'production', '--', 'node', '-e', 'console.log(process.env.LOTSE_RELEASE)');
  assert.match(ran.stdout, /^r1-/m);
  await app.ok('down', 'production', '--yes', 'production');
  const left = await up.interrupt();
  assert.equal(left.exitCode, 0, left.said);
  assert.match(left.stdout, /^Stopped\.$/m);
});
