import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually, jpeg, openPlayground } from '../test/app-under-test.ts';
import { readAccepted, readPicture } from '../test/story-answers.ts';
import { makeStoryPictures } from '../test/story-pictures.ts';
import { Visitor } from '../test/visitor.ts';

const allWorkers = { check: 1, facts: 1, sizes: 1, publish: 1 };
const password = 'correct horse battery';

async function member(url: string, name: string): Promise<Visitor> {
  const visitor = new Visitor(url);
  assert.equal((await visitor.postForm('/register', { name, email: `${name}@example.org`, password })).status, 201);
  return visitor;
}

test('a broken picture is refused kindly, and its owner can take it away', async (t) => {
  const playground = await openPlayground(t);
  const { url } = await playground.run({ workers: { check: 1 } });
  const visitor = await member(url, 'mira');
  const [photograph] = await makeStoryPictures();
  const half = photograph?.content.subarray(0, 20_000) ?? Buffer.alloc(0);
  const id = readAccepted((await visitor.postFile('/pictures', 'half.jpg', 'image/jpeg', half)).body);
  await eventually(
    'it is refused',
    60_000,
    async () => readPicture((await visitor.get(`/pictures/${id}`)).body).state === 'refused',
  );
  assert.match(readPicture((await visitor.get(`/pictures/${id}`)).body).reason ?? '', /damaged/);
  assert.equal((await visitor.postForm(`/pictures/${id}/delete`, {})).status, 200);
  assert.deepEqual(await readdir(join(playground.dataDir, 'pictures/originals')), []);
});

test('uploads have limits, each with a sentence that helps', async (t) => {
  const playground = await openPlayground(t);
  const { url } = await playground.run({ workers: {} });
  const visitor = await member(url, 'mira');
  const send = async (content: Buffer) => {
    const { status, body } = await visitor.postFile('/pictures', 'a.jpg', 'image/jpeg', content);
    return { status, text: body.toString('utf8') };
  };
  assert.match((await send(Buffer.alloc(15_000_001))).text, /larger than 15 MB/);
  assert.match((await send(Buffer.alloc(0))).text, /is empty/);
  assert.equal((await send(Buffer.alloc(0))).status, 422);
  assert.equal((await visitor.postForm('/pictures', { picture: 'words' })).status, 415);
  assert.equal((await send(await jpeg(100, 100))).status, 201);
  assert.equal((await readdir(join(playground.dataDir, 'pictures/originals'))).length, 1, 'only the good one stays');
  assert.deepEqual(await readdir(join(playground.dataDir, 'pictures/incoming')), []);
});

test('an upload that says it is far too large is refused before it is sent', async (t) => {
  const playground = await openPlayground(t);
  const { url } = await playground.run({ workers: {} });
  const cookie = await cookieOf(url, 'mira');
  const answer = await exchange(
    url,
    `POST /pictures HTTP/1.1\r\nhost: a\r\naccept: application/json\r\ncookie: ${cookie}\r\n` +
      'content-type: multipart/form-data; boundary=x\r\ncontent-length: 9000000000\r\n\r\n--x\r\n',
  );
  assert.match(answer, /^HTTP\/1.1 413/);
});

test('an upload that breaks off leaves nothing', async (t) => {
  const playground = await openPlayground(t);
  const { url } = await playground.run({ workers: {} });
  const cookie = await cookieOf(url, 'mira');
  const { port } = new URL(url);
  const socket = connect(Number(port), '127.0.0.1');
  socket.write(
    `POST /pictures HTTP/1.1\r\nhost: a\r\ncookie: ${cookie}\r\ncontent-type: multipart/form-data; boundary=x\r\n` +
      'content-length: 500000\r\n\r\n--x\r\ncontent-disposition: form-data; name="picture"; filename="a.jpg"\r\n\r\n' +
      'half a picture'.repeat(1000),
  );
  const incoming = () => readdir(join(playground.dataDir, 'pictures/incoming'));
  await eventually('it has begun', 60_000, async () => (await incoming()).length === 1);
  socket.destroy();
  await eventually('nothing is left', 60_000, async () => (await incoming()).length === 0);
  assert.equal((await fetch(`${url}/up`)).status, 200);
});

test('a store that cannot take a picture is an error with a sentence, and the dashboard lives on', async (t) => {
  const playground = await openPlayground(t);
  const { url } = await playground.run({ workers: {} });
  const visitor = await member(url, 'mira');
  const incoming = join(playground.dataDir, 'pictures/incoming');
  await rm(incoming, { recursive: true });
  const { status, body } = await visitor.postFile('/pictures', 'a.jpg', 'image/jpeg', Buffer.alloc(3_000_000, 'x'));
  assert.deepEqual([status, /on our side/.test(body.toString('utf8'))], [500, true]);
  await mkdir(incoming);
  assert.equal((await visitor.postFile('/pictures', 'a.jpg', 'image/jpeg', await jpeg(100, 100))).status, 201);
});

test('too many files at once are refused, and none of them stays', async (t) => {
  const playground = await openPlayground(t);
  const { url } = await playground.run({ workers: {} });
  const cookie = await cookieOf(url, 'mira');
  const body = new FormData();
  for (let index = 0; index < 21; index++) body.append('picture', new Blob(['x']), `${index}.jpg`);
  const response = await fetch(`${url}/pictures`, {
    method: 'POST',
    body,
    headers: { cookie, accept: 'application/json' },
  });
  assert.equal(response.status, 413);
  assert.deepEqual(await readdir(join(playground.dataDir, 'pictures/originals')), []);
});

test('pictures are for their owner: others get the answer of a picture that never was', async (t) => {
  const playground = await openPlayground(t);
  const { url } = await playground.run({ workers: allWorkers });
  const [mira, noor] = [await member(url, 'mira'), await member(url, 'noor')];
  const id = readAccepted((await mira.postFile('/pictures', 'a.jpg', 'image/jpeg', await jpeg(400, 300))).body);
  await eventually(
    'it is finished',
    60_000,
    async () => readPicture((await mira.get(`/pictures/${id}`)).body).state === 'finished',
  );
  for (const path of ['', '/320.webp', '/original']) {
    assert.equal((await mira.get(`/pictures/${id}${path}`)).status, 200, `owner: ${path}`);
    assert.equal((await noor.get(`/pictures/${id}${path}`)).status, 404, `other: ${path}`);
    assert.equal((await new Visitor(url).get(`/pictures/${id}${path}`)).status, 401, `guest: ${path}`);
  }
  assert.equal((await noor.postForm(`/pictures/${id}/delete`, {})).status, 404);
  assert.equal((await mira.get(`/pictures/${id}/..%2f..%2fdocuments`)).status, 404);
});

test('leaving takes the account, its pictures and all its sessions along, and needs the password', async (t) => {
  const playground = await openPlayground(t);
  const { url } = await playground.run({ workers: {} });
  const [here, there] = [await member(url, 'mira'), new Visitor(url)];
  assert.equal((await there.postForm('/login', { email: 'MIRA@example.org ', password })).status, 200);
  await here.postFile('/pictures', 'a.jpg', 'image/jpeg', await jpeg(100, 100));
  assert.equal((await here.postForm('/account/delete', { password: 'a guess of a word' })).status, 401);
  assert.equal((await here.postForm('/account/delete', { password })).status, 200);
  assert.equal((await there.get('/pictures')).status, 401);
  assert.equal((await there.postForm('/login', { email: 'mira@example.org', password })).status, 401);
  assert.deepEqual(await readdir(join(playground.dataDir, 'pictures/originals')), []);
});

test('an address has one account, and guessing passwords is braked', async (t) => {
  const playground = await openPlayground(t);
  const { url } = await playground.run({ workers: {} });
  await member(url, 'mira');
  const visitor = new Visitor(url);
  assert.equal((await visitor.postForm('/register', { name: 'M', email: 'Mira@example.org', password })).status, 409);
  assert.equal(
    (await visitor.postForm('/register', { name: 'M', email: 'm@example.org', password: 'short' })).status,
    422,
  );
  const guesses = [];
  for (let guess = 0; guess < 9; guess++) {
    guesses.push((await visitor.postForm('/login', { email: 'mira@example.org', password: `guess ${guess}` })).status);
  }
  assert.deepEqual([guesses[0], guesses[7], guesses[8]], [401, 401, 429]);
});

test('a change that another site sends is not done', async (t) => {
  const playground = await openPlayground(t);
  const { url } = await playground.run({ workers: {} });
  const post = async (headers: Record<string, string>) => {
    const body = new URLSearchParams({ email: 'a@b', password: 'x' });
    return (await fetch(`${url}/login`, { method: 'POST', body, redirect: 'manual', headers })).status;
  };
  assert.equal(await post({ 'sec-fetch-site': 'cross-site' }), 403);
  assert.equal(await post({ origin: 'https://elsewhere.example' }), 403);
  assert.equal(await post({ 'sec-fetch-site': 'same-origin' }), 401);
  assert.equal(await post({ origin: url, accept: 'text/html' }), 401);
});

test('the live stream tells each step, and ends when the process is asked to stop', async (t) => {
  const playground = await openPlayground(t);
  const app = await playground.run({ workers: allWorkers });
  const cookie = await cookieOf(app.url, 'mira');
  const response = await fetch(`${app.url}/events`, { headers: { cookie } });
  assert.equal(response.headers.get('content-type'), 'text/event-stream');
  let text = '';
  const ended = (async () => {
    for await (const part of response.body ?? []) text += Buffer.from(part).toString('utf8');
  })();
  const form = new FormData();
  form.append('picture', new Blob([Buffer.from(await jpeg(400, 300))]), '<b>"a".jpg');
  await fetch(`${app.url}/pictures`, { method: 'POST', body: form, headers: { cookie, accept: 'application/json' } });
  await eventually('the end is told', 60_000, async () => text.includes('"state":"finished"'));
  assert.match(text, /^retry: 1000\n\nevent: present\ndata: \{"ids":\[\]\}\n\n/);
  assert.ok(text.split('event: picture').length > 4, 'the steps in between are told');
  assert.ok(!text.includes('<b>\\"a'), 'a name is text, not HTML');

  await app.stop();
  await ended;
  // Nobody had to be killed.
  assert.deepEqual(
    app.processes.map(({ process }) => process.exitCode),
    app.processes.map(() => 0),
  );
});

test('an answer that has begun is finished after SIGTERM, and new connections go elsewhere', async (t) => {
  const playground = await openPlayground(t);
  const app = await playground.run({ workers: {} });
  const cookie = await cookieOf(app.url, 'mira');
  const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
  const answer = socket.toArray();
  const content = await jpeg(200, 200);
  const body = Buffer.concat([
    Buffer.from('--x\r\ncontent-disposition: form-data; name="picture"; filename="a.jpg"\r\n\r\n'),
    content,
    Buffer.from('\r\n--x--\r\n'),
  ]);
  socket.write(
    `POST /pictures HTTP/1.1\r\nhost: a\r\naccept: application/json\r\ncookie: ${cookie}\r\n` +
      `content-type: multipart/form-data; boundary=x\r\ncontent-length: ${body.length}\r\n\r\n`,
  );
  socket.write(body.subarray(0, 500));
  await sleep(200);
  const stopped = app.stop();
  await sleep(200);
  await assert.rejects(fetch(`${app.url}/up`));
  socket.write(body.subarray(500));
  assert.match(Buffer.concat(await answer).toString('latin1'), /^HTTP\/1.1 201 /);
  await stopped;
  assert.equal(app.processes[0]?.process.exitCode, 0);
});

test('assets carry the hash of their content in their name and may be kept for ever', async (t) => {
  const playground = await openPlayground(t);
  const { url } = await playground.run({ workers: {} });
  const page = await (await fetch(url)).text();
  const path = /\/assets\/bildwerk\.[0-9a-f]{12}\.css/.exec(page)?.[0];
  assert.ok(path !== undefined, page);
  assert.match((await fetch(url + path)).headers.get('cache-control') ?? '', /immutable/);
  assert.equal((await fetch(`${url}/assets/bildwerk.000000000000.css`)).status, 404);
  assert.equal((await fetch(`${url}/nowhere`)).status, 404);
});

async function cookieOf(url: string, name: string): Promise<string> {
  const body = new URLSearchParams({ name, email: `${name}@example.org`, password });
  const { headers } = await fetch(`${url}/register`, { method: 'POST', body, redirect: 'manual' });
  return (headers.getSetCookie()[0] ?? '').split(';')[0] ?? '';
}

/** Sends `text` as it is, and resolves to what comes back until the other side closes. */
async function exchange(url: string, text: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.write(text);
  return Buffer.concat(await socket.toArray()).toString('latin1');
}
