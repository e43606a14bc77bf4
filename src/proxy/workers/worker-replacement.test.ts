import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { document, environment, instance, revision, service } from '../fixtures/documents.ts';
import { OpenLoopLoad } from '../fixtures/open-loop-load.ts';
import { ok } from '../fixtures/plain-app.ts';
import { ask, fieldOf, get, RawClient } from '../fixtures/raw-client.ts';
import { freePorts, untilGone } from '../fixtures/running-proxy.ts';
import { ServedApp } from '../fixtures/served-app.ts';
import { untilTrue } from '../fixtures/until-true.ts';

/** Asks again and again on one connection, right after each answer or a moment later. Answers how often it was closed without a word. */
async function hammer(port: number, seed: number, isOver: () => boolean): Promise<{ asked: number; lost: number }> {
  let client = await RawClient.connect(port);
  const counts = { asked: 0, lost: 0 };
  for (let i = seed; !isOver(); i++) {
    counts.asked++;
    // In two parts now and then, so that a head is incomplete when the worker leaves.
    const request = get('/');
    const cut = i % 7 === 0 ? 20 : request.length;
    client.send(request.slice(0, cut));
    if (cut < request.length) {
      await sleep(i % 3);
      client.send(request.slice(cut));
    }
    const answer = await client.response().catch(() => null);
    if (answer === null) counts.lost++;
    if (answer === null || fieldOf(answer, 'connection') === 'close') {
      client.close();
      client = await RawClient.connect(port);
    } else if (i % 2 === 0) await sleep((i * 7) % 11);
  }
  client.close();
  return counts;
}

describe('the replacement of workers', { timeout: 240_000 }, () => {
  let served: ServedApp;
  let load: OpenLoopLoad | null = null;
  beforeEach(async () => {
    served = await ServedApp.start();
  });
  afterEach(async () => {
    await load?.stop();
    load = null;
    await served.end();
  });

  it('leaves connections that wait to the new worker, byte for byte, whenever their next request comes', async () => {
    const { control, port } = served;
    let isOver = false;
    const clients = Promise.all(Array.from({ length: 40 }, (_, seed) => hammer(port, seed, () => isOver)));
    for (let i = 0; i < 12; i++) {
      await sleep(50);
      await control.replaceWorkers();
    }
    isOver = true;
    const counts = await clients;
    assert.equal(
      counts.reduce((sum, { lost }) => sum + lost, 0),
      0,
    );
    assert.ok(counts.every(({ asked }) => asked > 10));
    await untilTrue('no worker is left over', async () => (await control.status()).drainingWorkers === 0);
  });

  it('leaves a connection that was opened and has not said anything yet, and one that waits for minutes', async () => {
    const { control, port } = served;
    const fresh = await RawClient.connect(port);
    const quiet = await RawClient.connect(port);
    quiet.send(get('/'));
    await quiet.response();
    for (let i = 0; i < 3; i++) await control.replaceWorkers();
    await untilTrue('the old workers have gone', async () => (await control.status()).drainingWorkers === 0);
    for (const client of [fresh, quiet]) {
      client.send(get('/'));
      const answer = await client.response();
      assert.deepEqual([answer.body, fieldOf(answer, 'connection')], ['app', null]);
      client.close();
    }
  });

  it('waits for an answer that is under way, which closes its connection', async () => {
    const { control, port, app } = served;
    let finish = () => {};
    app.handler = ({ socket }) => {
      finish = () => void socket.write(ok('late'));
      return null;
    };
    const client = await RawClient.connect(port);
    client.send(get('/'));
    await untilTrue('the request is there', () => app.requests.length === 1);
    await control.replaceWorkers();
    assert.equal((await control.status()).drainingWorkers, 1);
    finish();
    const answer = await client.response();
    assert.deepEqual([answer.body, fieldOf(answer, 'connection')], ['late', 'close']);
    await untilTrue('it has gone', async () => (await control.status()).drainingWorkers === 0);
    client.close();
  });

  it('is what happens to a worker that hangs: a document comes into force all the same', async () => {
    const { control, port } = served;
    const [hung] = (await control.status()).workers;
    process.kill(hung?.pid ?? 0, 'SIGSTOP');
    assert.deepEqual((await control.putDocument(served.document({ version: 2 }))).problems, []);
    await untilGone(hung?.pid ?? 0);
    const status = await control.status();
    assert.deepEqual([status.confirmed, status.workers.length, status.version], [true, 1, 2]);
    assert.notEqual(status.workers[0]?.pid, hung?.pid);
    assert.equal((await ask(port, get('/'))).body, 'app');
  });

  it('is what happens to a worker that hangs while ports are opened', async () => {
    const { control, app, port } = served;
    const [hung] = (await control.status()).workers;
    const [second = 0] = await freePorts(1);
    process.kill(hung?.pid ?? 0, 'SIGSTOP');
    const more = environment([revision('one', [service([instance(app.port)])])], {
      ...{ app: 'other', domains: [], port: second },
    });
    const [first = more] = served.document().environments;
    await control.putDocument(document([first, more], { version: 2 }));
    for (const each of [port, second]) assert.equal((await ask(each, get('/'))).body, 'app');
  });

  it('is not needed when the parent dies: workers serve on, and let go when another proxy is there', async () => {
    const { control, port, folder } = served;
    load = new OpenLoopLoad({ port, requestsPerSecond: 100, freshPart: 1 });
    const { pid, workers } = await control.status();
    process.kill(pid, 'SIGKILL');
    await untilGone(pid);
    await sleep(300);
    assert.deepEqual((await load.stop()).failures, {});
    assert.equal((await ask(port, get('/'))).body, 'app');
    await folder.start();
    assert.deepEqual((await control.status()).problems, []);
    assert.equal((await ask(port, get('/'))).body, 'app');
    for (const worker of workers) await untilGone(worker.pid);
    assert.equal((await ask(port, get('/'))).body, 'app');
  });
});
