import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LotseError } from '../../core/errors.ts';
import { ProxyControl } from '../control-client.ts';
import { durationBin } from '../../core/durations.ts';
import { document, environment, instance, revision, service } from '../fixtures/documents.ts';
import { OpenLoopLoad } from '../fixtures/open-loop-load.ts';
import { ok } from '../fixtures/plain-app.ts';
import { defaultLimits } from '../limits.ts';
import { ask, fieldOf, get, RawClient } from '../fixtures/raw-client.ts';
import { untilGone } from '../fixtures/running-proxy.ts';
import { ServedApp } from '../fixtures/served-app.ts';
import { untilTrue } from '../fixtures/until-true.ts';

const dying = join(import.meta.dirname, '..', 'fixtures', 'dying-successor.ts');

describe('a hand-over to a successor', { timeout: 240_000 }, () => {
  let served: ServedApp;
  let loads: readonly OpenLoopLoad[] = [];
  beforeEach(async () => {
    served = await ServedApp.start(2);
  });
  afterEach(async () => {
    for (const load of loads) await load.stop();
    loads = [];
    await served.end();
  });

  it('loses no request, fresh or kept, and counts each once', async () => {
    const { control, port } = served;
    loads = [1, 0].map((freshPart) => new OpenLoopLoad({ port, requestsPerSecond: 100, freshPart }));
    const starts = [(await control.status()).proxyStart];
    for (let i = 0; i < 3; i++) {
      await sleep(200);
      const before = await control.status();
      const result = await control.upgrade();
      assert.deepEqual(result.previous, { pid: before.pid, proxyStart: before.proxyStart, build: before.build });
      const after = await control.status();
      assert.deepEqual([after.pid, after.proxyStart, after.build], [result.pid, result.proxyStart, result.build]);
      assert.deepEqual([after.confirmed, after.problems, after.workers.length], [true, [], 2]);
      starts.push(after.proxyStart);
    }
    await sleep(200);
    const results = [await loads[0]?.stop(), await loads[1]?.stop()];
    assert.deepEqual(
      results.map((result) => result?.failures),
      [{}, {}],
    );
    await untilTrue('the old ones have finished', async () => (await control.status()).drainingWorkers === 0);
    await untilTrue('their epochs are closed', async () => {
      return (await control.counters()).filter(({ closedAtMs }) => closedAtMs === null).length === 1;
    });
    const epochs = await control.counters();
    assert.deepEqual(
      epochs.map(({ proxyStart }) => proxyStart),
      starts,
    );
    const counted = epochs.flatMap(({ counts }) => counts).reduce((sum, count) => sum + count.ok, 0);
    assert.equal(counted, (results[0]?.ok ?? 0) + (results[1]?.ok ?? 0));
    await control.acknowledge(epochs);
    await control.upgrade();
    await untilTrue('the last one has finished', async () => (await control.status()).drainingWorkers === 0);
    assert.deepEqual(
      (await control.counters()).map(({ proxyStart }) => proxyStart === starts[0] || proxyStart === starts[1]),
      [false, false],
    );
    assert.equal(served.folder.pid, (await control.status()).pid);
  });

  it('keeps a waiting connection open, lets an open request end where it is, and knows about it', async () => {
    const { control, app, port } = served;
    let finish = () => {};
    app.handler = ({ head, socket }) => {
      if (!head.startsWith('GET /slow')) return ok('app');
      finish = () => void socket.write(ok('slow'));
      return null;
    };
    const [waiting, busy] = [await RawClient.connect(port), await RawClient.connect(port)];
    waiting.send(get('/'));
    await waiting.response();
    busy.send(get('/slow'));
    await untilTrue('the request is there', () => app.requests.some(({ head }) => head.startsWith('GET /slow')));
    const { previous } = await control.upgrade();
    const status = await control.status();
    assert.ok(status.drainingWorkers >= 1);
    assert.deepEqual(
      status.addresses.map(({ activeRequests }) => activeRequests),
      [1],
    );
    waiting.send(get('/'));
    const answer = await waiting.response();
    assert.deepEqual([answer.body, fieldOf(answer, 'connection')], ['app', null]);
    finish();
    const last = await busy.response();
    assert.deepEqual([last.body, fieldOf(last, 'connection')], ['slow', 'close']);
    await untilGone(previous.pid);
    assert.deepEqual(
      (await control.status()).addresses.map(({ activeRequests }) => activeRequests),
      [0],
    );
    for (const client of [waiting, busy]) client.close();
  });

  it('goes on counting what hangs in the old workers: each threshold, and how long it took', async () => {
    const { control, app, port } = served;
    const client = await RawClient.connect(port);
    for (let request = 0; request < defaultLimits.warmUpRequests; request++) {
      client.send(get('/'));
      await client.response();
    }
    const routed = service([instance(app.port)], { lateAfterMs: [20, 1_500, 60_000] });
    await control.putDocument(document([environment([revision('one', [routed])], { port, epoch: 2 })], { version: 2 }));
    app.handler = () => null;
    client.send(get('/'));
    const { proxyStart } = await control.status();
    const old = async () =>
      (await control.counters()).find((each) => each.proxyStart === proxyStart && each.epoch === 2);
    const late = async () => (await old())?.counts[0]?.late;
    await untilTrue('it is late', async () => (await late())?.[0] === 1);
    await control.upgrade();
    await untilTrue('it passes the second one after the hand-over', async () => (await late())?.[1] === 1);
    for (const socket of app.sockets) socket.write(ok('slow'));
    assert.equal((await client.response()).body, 'slow');
    await untilTrue('the epoch is closed', async () => ((await old())?.closedAtMs ?? null) !== null);
    const closed = await old();
    assert.deepEqual([closed?.counts[0]?.ok, closed?.counts[0]?.late], [1, [1, 1, 0]]);
    const [taken] = closed?.durations ?? [];
    const counts = taken?.counts ?? [];
    assert.deepEqual([counts.length - 1, counts.at(-1)], [durationBin(taken?.sumMs ?? 0), 1]);
    assert.deepEqual(taken?.lateAfterMs, [20, 1_500, 60_000]);
    client.close();
  });

  it('releases requests that the old workers hold when the next document comes', async () => {
    const { control, port } = served;
    const paused = { mode: { kind: 'paused', maxHeld: 100, maxHoldMs: 60_000 } } as const;
    await control.putDocument(served.document({ version: 2 }, paused));
    const client = await RawClient.connect(port);
    client.send(get('/'));
    await untilTrue('it is held', async () => (await control.status()).heldRequests === 1);
    await control.upgrade();
    assert.equal((await control.status()).heldRequests, 1);
    await control.putDocument(served.document({ version: 3 }));
    assert.equal((await client.response()).body, 'app');
    client.close();
  });

  it('takes documents all the while, and none is forgotten', async () => {
    const { control } = served;
    let version = 1;
    let isDone = false;
    const writing = (async () => {
      while (!isDone) await control.putDocument(served.document({ version: ++version }));
    })();
    await control.upgrade();
    await control.upgrade();
    isDone = true;
    await writing;
    assert.deepEqual([(await control.status()).version, (await control.document())?.version], [version, version]);
    assert.equal(JSON.parse(readFileSync(join(served.folder.path, 'document.json'), 'utf8')).version, version);
    assert.equal((await control.status()).confirmed, true);
    await control.putJournalHeads({ control: { sequence: 5, hash: 'ab' } });
    await control.upgrade();
    assert.deepEqual((await control.status()).journalHeads, { control: { sequence: 5, hash: 'ab' } });
  });

  it('sends callers on kept connections to the successor, with what they were about to say', async () => {
    const kept = new ProxyControl(served.folder.path, { keepsConnections: true });
    served.app.handler = () => null;
    let version = 1;
    for (let i = 0; i < 2; i++) {
      const before = await kept.status();
      const resting = net.connect(join(served.folder.path, 'control.sock'));
      resting.write('GET /document HTTP/1.1\r\nhost: lotse\r\n\r\n');
      await once(resting, 'data');
      const busy = await RawClient.connect(served.port);
      busy.send(get('/'));
      await untilTrue('the old one has something to finish', () => served.app.requests.length === i + 1);
      let isDone = false;
      const writing = (async () => {
        while (!isDone) await kept.putDocument(served.document({ version: ++version }));
      })();
      const { pid, previous } = await kept.upgrade();
      isDone = true;
      await writing;
      assert.equal(previous.pid, before.pid);
      const { pid: answering, version: inForce } = await kept.status();
      assert.deepEqual([answering, inForce], [pid, version]);
      // It says so itself, and not only by its end.
      if (!resting.closed) await once(resting, 'close');
      assert.ok(process.kill(previous.pid, 0));
      busy.close();
      await untilGone(previous.pid);
    }
  });

  it('happens once at a time, and refuses what is no file', async () => {
    const { control } = served;
    const first = control.upgrade();
    await assert.rejects(control.upgrade(), { code: 'conflict', retriable: true });
    await first;
    await assert.rejects(control.upgrade({ entry: 'proxy.ts' }), { code: 'bad-input' });
    await assert.rejects(control.upgrade({ nodePath: '/nowhere/node' }), { code: 'bad-input' });
  });
});

describe('a successor that fails', { timeout: 240_000 }, () => {
  let served: ServedApp;
  let loads: readonly OpenLoopLoad[] = [];
  beforeEach(async () => {
    served = await ServedApp.start();
  });
  afterEach(async () => {
    for (const load of loads) await load.stop();
    loads = [];
    await served.end();
  });

  it('changes nothing: the old proxy goes on, loses no request, and says what the successor said', async () => {
    const { control, port, folder } = served;
    const before = await control.status();
    loads = [1, 0].map((freshPart) => new OpenLoopLoad({ port, requestsPerSecond: 50, freshPart }));
    const phases = ['throws', 'before started', 'after started', 'before ready', 'after ready', 'before confirmed'];
    for (const phase of [...phases, 'stops before ready', 'stops before confirmed']) {
      writeFileSync(join(folder.path, 'phase'), phase);
      const readyMs = phase.startsWith('stops') ? 2_500 : 20_000;
      const failure = await control.upgrade({ entry: dying, readyMs }).then(
        () => null,
        (error: unknown) => error,
      );
      assert.ok(failure instanceof LotseError, `${phase}: it took over`);
      assert.equal(failure.code, 'unreachable', phase);
      assert.match(failure.message, phase.startsWith('stops') ? /in time/ : /SIGKILL|exit code 1/, phase);
      if (phase === 'throws') assert.match(failure.details.join('\n'), /this build is broken/);
      const after = await control.status();
      assert.deepEqual([after.pid, after.proxyStart, after.confirmed], [before.pid, before.proxyStart, true], phase);
    }
    await control.putDocument(served.document({ version: 2 }));
    for (const load of loads) assert.deepEqual((await load.stop()).failures, {});
    const [epoch, ...more] = await control.counters();
    assert.deepEqual([epoch?.proxyStart, more], [before.proxyStart, []]);
    writeFileSync(join(folder.path, 'phase'), '');
    assert.notEqual((await control.upgrade({ entry: dying })).pid, before.pid);
  });

  it('after it has confirmed is a proxy that died: its workers serve until the next one starts', async () => {
    const { control, port, folder } = served;
    const before = await control.status();
    writeFileSync(join(folder.path, 'phase'), 'after confirmed');
    const { pid } = await control.upgrade({ entry: dying });
    await untilGone(pid);
    await untilGone(before.pid);
    assert.equal((await ask(port, get('/'))).body, 'app');
    await folder.start();
    const status = await control.status();
    assert.deepEqual([status.version, status.problems], [1, []]);
    assert.equal((await ask(port, get('/'))).body, 'app');
  });

  it('does not miss the old proxy when that one dies right after the hand-over', async () => {
    const { control, port, app } = served;
    app.handler = ({ head }) => (head.startsWith('GET /slow') ? null : ok('app'));
    await ask(port, get('/'));
    const busy = await RawClient.connect(port);
    busy.send(get('/slow'));
    await untilTrue('the request is there', () => app.requests.length === 2);
    const { previous } = await control.upgrade();
    assert.equal((await control.counters())[0]?.closedAtMs, null);
    process.kill(previous.pid, 'SIGKILL');
    await untilTrue('it is seen', async () => (await control.counters())[0]?.closedAtMs !== null);
    const [old] = await control.counters();
    assert.deepEqual([old?.proxyStart, old?.counts[0]?.started, old?.counts[0]?.ok], [previous.proxyStart, 2, 1]);
    await control.putDocument(served.document({ version: 2 }));
    const status = await control.status();
    assert.deepEqual([status.confirmed, status.drainingWorkers, status.problems], [true, 0, []]);
    assert.equal((await ask(port, get('/'))).body, 'app');
    busy.close();
    assert.equal(existsSync(join(served.folder.path, 'control.sock')), true);
  });
});
