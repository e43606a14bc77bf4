import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import type { ReleaseView } from '../../src/capabilities/releases/releases-api.ts';
import { RawClient } from '../../src/proxy/fixtures/raw-client.ts';
import { sharedLotse } from '../harness/shared-lotse.ts';
import type { Shop } from '../harness/shop-app.ts';
import { until } from '../harness/until.ts';
import { visit } from '../harness/visit.ts';

const shop: Shop = { web: { drain: '20s' }, watch: '1s' };

/** A masked text frame (RFC 6455, 5.2) with a mask of zeros. */
const textFrame = (text: string): string =>
  Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]).toString('latin1');

describe('long-lived connections', () => {
  let old: ReleaseView;
  const lotse = sharedLotse(async (fresh) => {
    old = await fresh.client.release(shop);
    await fresh.client.deploy(old.id);
  });

  test('a WebSocket passes through, and lives on while the next release takes over', async () => {
    const port = await lotse().port();
    const socket = await RawClient.connect(port);
    const key = randomBytes(16).toString('base64');
    const upgrade = `connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: ${key}`;
    socket.send(`GET /live HTTP/1.1\r\nhost: shop.localhost\r\n${upgrade}\r\n\r\n`);
    await socket.until((received) => received.includes('\r\n\r\n'));
    assert.match(socket.received, /^HTTP\/1\.1 101 /);
    socket.send(textFrame('one'));
    await socket.until((received) => received.includes(`${old.id} one`));

    const next = await lotse().client.release(shop);
    const { id } = await lotse().client.start(next.id);
    await lotse().client.untilRollout(id, 'settling', ({ status }) => status === 'settling');
    assert.equal((await visit(port)).body, next.id);
    socket.send(textFrame('two'));
    await socket.until((received) => received.includes(`${old.id} two`));
    assert.equal(socket.isClosed, false);
    socket.close();
    assert.equal((await lotse().client.ended(id)).status, 'settled');
    old = next;
  });

  test('server-sent events come as they are sent, and the stream lives on during a switch', async () => {
    const stream = await RawClient.connect(await lotse().port());
    stream.send('GET /events HTTP/1.1\r\nhost: shop.localhost\r\naccept: text/event-stream\r\n\r\n');
    await stream.until((received) => received.includes(`data: ${old.id} 3\n`));
    const next = await lotse().client.release(shop);
    const { id } = await lotse().client.start(next.id);
    await lotse().client.untilRollout(id, 'live', ({ live }) => live);
    const seen = stream.received.length;
    await stream.until((received) => received.length > seen + 200);
    assert.doesNotMatch(stream.received, new RegExp(next.id));
    stream.close();
    assert.equal((await lotse().client.ended(id)).status, 'settled');
    old = next;
  });

  test('a slow answer that began on the old release is finished by it', async () => {
    const port = await lotse().port();
    const next = await lotse().client.release(shop);
    const slow = visit(port, '/slow?ms=6000');
    const rollout = await lotse().client.deploy(next.id);
    assert.equal(rollout.status, 'settled');
    assert.deepEqual(await slow.then(({ status, body }) => ({ status, body })), {
      status: 200,
      body: `slow ${old.id}`,
    });
    old = next;
  });

  test('a big upload arrives whole', async () => {
    const bytes = 64 * 1024 * 1024;
    const { status, body } = await visit(await lotse().port(), '/count', Buffer.alloc(bytes, 1));
    assert.deepEqual({ status, body }, { status: 200, body: String(bytes) });
  });

  test('people reach it by name on the front port', async () => {
    const named = await RawClient.connect(lotse().frontPort);
    named.send('GET / HTTP/1.1\r\nhost: shop.localhost\r\n\r\n');
    const { body } = await named.response();
    named.close();
    assert.equal(body, await until('it answers', async () => (await visit(await lotse().port())).body));
  });
});
