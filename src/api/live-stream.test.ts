import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { test } from 'node:test';
import { temporaryServer } from '../../test/harness/temporary-server.ts';
import type { Ask, TemporaryServer } from '../../test/harness/temporary-server.ts';
import { draft } from '../database/temporary-database.ts';
import { defaultLimits } from './server-limits.ts';

interface Page {
  /** Resolves with all text when it has come so far; rejects when the stream ends before. */
  until(text: string): Promise<string>;
  ended: Promise<string>;
  close(): void;
}

async function openPage({ open }: TemporaryServer, token: string, path = '', more: Ask = {}): Promise<Page> {
  const response = await open(`GET /api/v1/events${path}`, { token, ...more });
  assert.equal(response.statusCode, 200);
  assert.equal(response.headers['content-type'], 'text/event-stream; charset=utf-8');
  let all = '';
  const listeners = new Set<() => void>();
  const tell = (): void => listeners.forEach((listener) => listener());
  response.setEncoding('utf8');
  response.on('data', (text: string) => {
    all += text;
    tell();
  });
  const ended = new Promise<string>((resolve) => response.once('close', () => resolve(all)));
  response.on('error', () => undefined);
  return {
    ended,
    close: () => void response.destroy(),
    until: (text) =>
      new Promise((resolve, reject) => {
        let from = 0;
        const look = (): void => {
          if (all.includes(text, from)) resolve(all);
          else if (response.destroyed) reject(new Error(`ended without ${text}`));
          from = Math.max(0, all.length - text.length);
        };
        listeners.add(look);
        void ended.then(look);
        look();
      }),
  };
}

const ids = (text: string): readonly number[] => [...text.matchAll(/^id: (\d+)\nevent/gm)].map(([, id]) => Number(id));

test('a page sees what is appended after it was opened, and knows at once from where to resume', async (t) => {
  const server = await temporaryServer(t);
  const { secret } = await server.newToken(['viewer']);
  await server.journal.append('shop/staging', 1, [draft(1)]);
  const page = await openPage(server, secret);
  assert.equal(await page.until('id: 2\n'), 'retry: 1000\n\nid: 2\n\n');
  await server.journal.append('shop/production', 1, [draft({ secret: 'value' }, { type: 'rollout-began' })]);
  const text = await page.until('rollout-began');
  const data = '{"position":3,"app":"shop","environment":"production","type":"rollout-began"}';
  assert.equal(text, `retry: 1000\n\nid: 2\n\nid: 3\nevent: change\ndata: ${data}\n\n`);
  page.close();
});

test('after Last-Event-ID nothing is lost and nothing comes twice, whatever is appended meanwhile', async (t) => {
  const server = await temporaryServer(t);
  const { secret } = await server.newToken(['viewer']);
  let last = 1;
  let stop = false;
  const writer = (async () => {
    while (!stop) {
      const drafts = Array.from({ length: 37 }, (_, index) => draft(index));
      const events = await server.journal.append('shop/staging', 1, drafts);
      last = events.at(-1)?.position ?? last;
      await wait(1);
    }
  })();
  const seen: number[] = [];
  for (let turn = 0; turn < 6; turn++) {
    const more = seen.length === 0 ? 1 : (seen.at(-1) ?? 1);
    const page = await openPage(server, secret, '', { headers: { 'last-event-id': String(more) } });
    await page.until(`\nid: ${more + 150}\nevent`);
    page.close();
    seen.push(...ids(await page.ended));
  }
  stop = true;
  await writer;
  const page = await openPage(server, secret, '', { headers: { 'last-event-id': String(seen.at(-1)) } });
  await page.until(`id: ${last}\n`);
  page.close();
  seen.push(...ids(await page.ended));
  assert.deepEqual(
    seen,
    Array.from({ length: last - 1 }, (_, index) => index + 2),
  );
});

test('a page that resumes far behind reads the journal, also what was there before this server', async (t) => {
  const server = await temporaryServer(t);
  const { secret } = await server.newToken(['viewer']);
  for (let turn = 0; turn < 5; turn++) {
    const drafts = Array.from({ length: 500 }, (_, index) => draft(index));
    await server.journal.append('shop/staging', 1, drafts);
  }
  const page = await openPage(server, secret, '', { headers: { 'last-event-id': '0' } });
  await page.until('id: 2501\n');
  page.close();
  assert.deepEqual(
    ids(await page.ended),
    Array.from({ length: 2501 }, (_, index) => index + 1),
  );
});

test('a page that has seen more than there is hears that other state lies under it now', async (t) => {
  const server = await temporaryServer(t);
  const { secret } = await server.newToken(['viewer']);
  const page = await openPage(server, secret, '', { headers: { 'last-event-id': '999' } });
  await page.until('{"position":1,"app":null,"environment":null,"type":"stream-reset"}');
  page.close();
});

test('a page of one app, and a credential that is bound, see what belongs there', async (t) => {
  const server = await temporaryServer(t);
  const { secret: free } = await server.newToken(['viewer']);
  const { secret: bound } = await server.newToken(['viewer'], { app: 'shop', environments: ['staging'] });
  const pages = await Promise.all([
    openPage(server, free, '?app=shop'),
    openPage(server, bound),
    openPage(server, bound, '?app=blog'),
  ]);
  await Promise.all(pages.map((page) => page.until('id: 2\n')));
  await server.journal.append('blog/staging', 1, [draft(1, { type: 'blog-changed' })]);
  await server.journal.append('shop/production', 1, [draft(1, { type: 'production-changed' })]);
  await server.journal.append('control', 1, [
    draft({ app: 'shop' }, { type: 'release-created' }),
    draft({ token: 'x' }, { type: 'control-changed' }),
  ]);
  await server.journal.append('shop/staging', 1, [draft(1, { type: 'staging-changed' })]);
  server.server.publishTransient('look', { slots: 1 }, { app: 'shop', environment: 'production' });
  server.server.publishTransient('look', { slots: 2 }, { app: 'shop', environment: 'staging' });
  server.server.publishTransient('look', { slots: 3 });
  await pages[0]?.until('{"slots":3}');
  await pages[1]?.until('{"slots":2}');
  pages.forEach((page) => page.close());
  const seen = await Promise.all(pages.map((page) => page.ended));
  const types = seen.map((text) =>
    [...text.matchAll(/"type":"(.*?)"|"slots":(\d)/g)].map(([, type, slots]) => type ?? slots),
  );
  assert.deepEqual(
    types.map((each) => each.toSorted((one = '', other = '') => (one < other ? -1 : 1))),
    [
      ['1', '2', '3', 'control-changed', 'production-changed', 'release-created', 'staging-changed'],
      ['2', 'release-created', 'staging-changed'],
      [],
    ],
  );
});

test('heartbeats keep the stream open, and a credential that was revoked ends it', async (t) => {
  const server = await temporaryServer(t, { limits: { heartbeatMs: 20 } });
  const { id, secret } = await server.newToken(['viewer']);
  const admin = await server.accounts.tokens.authenticate((await server.newToken(['admin'])).secret);
  assert.ok(admin !== null);
  const page = await openPage(server, secret);
  await page.until('event: ping\ndata:\n\nevent: ping\ndata:\n\n');
  await server.accounts.tokens.revoke(admin, id);
  await page.ended;
});

test('a client that takes nothing is cut, and the others go on', async (t) => {
  const server = await temporaryServer(t, { limits: { stallMs: 100, heartbeatMs: 20 } });
  const { secret } = await server.newToken(['viewer']);
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  const cut = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => undefined);
  socket.write(`GET /api/v1/events HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${secret}\r\n\r\n`);
  await new Promise((resolve) => socket.once('readable', resolve));
  const page = await openPage(server, secret);
  const big = 'x'.repeat(1_000_000);
  for (let count = 0; count < 16; count++) {
    server.server.publishTransient('look', { count, big });
    await page.until(`{"count":${count},`);
  }
  await wait(200);
  socket.resume();
  await cut;
  await server.journal.append('shop/staging', 1, [draft(1, { type: 'still-here' })]);
  await page.until('still-here');
  page.close();
});

test('with open streams the server closes without waiting out its grace time', async (t) => {
  const server = await temporaryServer(t);
  const { secret } = await server.newToken(['viewer']);
  const pages = await Promise.all(Array.from({ length: 10 }, () => openPage(server, secret)));
  await Promise.all(pages.map((page) => page.until('id: 1\n')));
  const began = performance.now();
  await server.server.close();
  const tookMs = performance.now() - began;
  assert.ok(tookMs < defaultLimits.closeGraceMs, `${tookMs} ms`);
  await Promise.all(pages.map((page) => page.ended));
});
