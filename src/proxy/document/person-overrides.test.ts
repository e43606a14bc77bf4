import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { LotseError } from '../../core/errors.ts';
import type { RoutingDocument } from '../../core/routing-document.ts';
import type { ProxyControl } from '../control-client.ts';
import { document, environment, instance, revision, service } from '../fixtures/documents.ts';
import { ok, PlainApp } from '../fixtures/plain-app.ts';
import { ask, get, RawClient } from '../fixtures/raw-client.ts';
import { freePorts, ProxyFolder, untilGone } from '../fixtures/running-proxy.ts';
import { PersonOverrides } from './person-overrides.ts';
import type { OverrideWish } from './person-overrides.ts';

const failsWith = (code: string, text: RegExp) => (error: unknown) =>
  error instanceof LotseError && error.code === code && text.test(`${error.message} ${error.hint ?? ''}`);

const shop = { app: 'shop', environment: 'production', by: 'anna' };
const switchTo = (to: string): OverrideWish => ({ ...shop, reason: 'it burns', order: { kind: 'switch', to } });
const maintenance: OverrideWish = { ...shop, reason: null, order: { kind: 'maintenance', message: 'Back at noon.' } };

describe('what people order at the proxy', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lotse-overrides-'));
    path = join(folder, 'overrides.json');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const routed = (state: 'accepting' | 'draining' = 'accepting', epoch = 7): RoutingDocument =>
    document([
      environment([revision('one', [service([instance(1001, state)])]), revision('two', [service([instance(1002)])])], {
        epoch,
        mode: { kind: 'paused', maxHeld: 1, maxHoldMs: 1 },
      }),
      environment([], { app: 'other', domains: ['other.test'] }),
    ]);

  it('leaves every other environment, and a document without orders, as it is', () => {
    const overrides = new PersonOverrides(path);
    const plain = routed();
    assert.equal(overrides.layOver(plain).document, plain);
    overrides.set(switchTo('one'), plain, 1);
    const laid = overrides.layOver(plain).document;
    assert.equal(laid.environments[1], plain.environments[1]);
    assert.deepEqual(laid.environments[0], {
      ...plain.environments[0],
      ...{ epoch: -1, mode: { kind: 'serving' }, shares: [{ revision: 'one', permille: 1000 }] },
    });
  });

  it('switches to a release by its name, and says what it could be when it cannot', () => {
    const overrides = new PersonOverrides(path);
    overrides.set(switchTo('release-of-two'), routed(), 1);
    assert.deepEqual(overrides.status(routed())[0]?.order, { kind: 'switch', revision: 'two' });
    const set =
      (to: string, on = routed()) =>
      () =>
        overrides.set(switchTo(to), on, 1);
    assert.throws(
      set('three'),
      failsWith(
        'not-found',
        /cannot be switched to three: it is not there It could be: one \(release release-of-one\), two/,
      ),
    );
    assert.throws(
      set('one', routed('draining')),
      failsWith('not-found', /has no instance for each of its services It could be: two/),
    );
    const twins = document([
      environment([
        revision('one', [service([instance(1)])], { release: 'v1' }),
        revision('two', [service([instance(2)])], { release: 'v1' }),
      ]),
    ]);
    assert.throws(set('v1', twins), failsWith('not-found', /is the release of several revisions It could be: one/));
    assert.throws(
      () => overrides.set({ ...switchTo('one'), environment: 'nowhere' }, routed(), 1),
      failsWith('not-found', /knows no environment shop\/nowhere It knows shop\/production, other\/production/),
    );
    assert.throws(() => overrides.set(switchTo('one'), null, 1), failsWith('not-found', /no routing document yet/));
  });

  it('shows the maintenance page over a switch, which stays', () => {
    const overrides = new PersonOverrides(path);
    const mode = () => overrides.layOver(routed()).document.environments[0]?.mode.kind;
    overrides.set(switchTo('one'), routed(), 1);
    overrides.set(maintenance, routed(), 2);
    assert.equal(mode(), 'maintenance');
    assert.equal(overrides.clear(shop, 'maintenance'), true);
    assert.equal(mode(), 'serving');
    assert.equal(overrides.clear(shop, 'maintenance'), false);
    overrides.clear(shop, 'switch');
    assert.equal(mode(), 'paused');
  });

  it('counts each change of what is in force as a part of its own, and other documents not', () => {
    const overrides = new PersonOverrides(path);
    const part = (on = routed()) => overrides.layOver(on).parts['shop/production'];
    const seen = [part(), part()];
    overrides.set(switchTo('one'), routed(), 1);
    seen.push(part(), part(routed('accepting', 8)));
    overrides.set(switchTo('two'), routed(), 1);
    seen.push(part());
    overrides.clear(shop, 'switch');
    seen.push(part(), part());
    assert.deepEqual(seen, [0, 0, 1, 1, 2, 3, 3]);
  });

  it('lets the document alone count while it names no instance for a switch, says so, and switches again when it does', () => {
    const overrides = new PersonOverrides(path);
    overrides.set(switchTo('one'), routed(), Date.UTC(2026, 10, 22, 6));
    const gone = routed('draining');
    assert.equal(overrides.layOver(gone).document, gone);
    assert.equal(overrides.status(gone)[0]?.isInForce, false);
    assert.match(
      overrides.problems(gone)[0] ?? '',
      /not in force because the routing document names no instance for it/,
    );
    assert.deepEqual(overrides.problems(routed()), [
      'override: anna has shop/production switched to one at the proxy since 2026-11-22T06:00:00.000Z (“it burns”); `lotse proxy switch production --clear --app shop` ends it',
    ]);
    assert.equal(overrides.layOver(routed()).document.environments[0]?.epoch, -1);
  });

  it('is read again after a restart, for its owner alone; a damaged file is a problem and nothing else', () => {
    new PersonOverrides(path).set(maintenance, routed(), 5);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.deepEqual(new PersonOverrides(path).status(routed()), [{ ...maintenance, atMs: 5, isInForce: true }]);
    writeFileSync(path, readFileSync(path, 'utf8').slice(0, -10));
    const damaged = new PersonOverrides(path);
    assert.match(damaged.problems(routed())[0] ?? '', /overrides\.json is damaged and was not used/);
    damaged.set(switchTo('one'), routed(), 6);
    assert.equal(new PersonOverrides(path).status(routed()).length, 1);
  });

  it('is in force although it cannot be written, and written when that is possible', async () => {
    mkdirSync(path);
    writeFileSync(join(path, 'x'), '');
    const overrides = new PersonOverrides(path);
    overrides.set(switchTo('one'), routed(), 6);
    assert.equal(overrides.layOver(routed()).document.environments[0]?.epoch, -1);
    assert.match(overrides.problems(routed())[0] ?? '', /^not on disk: what was ordered at the proxy is in force/);
    rmSync(path, { recursive: true });
    while (overrides.problems(routed()).length > 1) await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(new PersonOverrides(path).status(routed()).length, 1);
  });
});

describe('a proxy whose control plane is down', () => {
  let folder: ProxyFolder;
  let control: ProxyControl;
  let port = 0;
  const apps: PlainApp[] = [];

  beforeEach(async () => {
    folder = new ProxyFolder();
    [port = 0] = await freePorts(1);
    for (const name of ['one', 'two']) apps.push(await PlainApp.start(() => ok(name)));
    control = await folder.start(2);
  });
  afterEach(async () => {
    await folder.end(control);
    for (const app of apps.splice(0)) await app.stop();
  });

  const routed = (version: number, more = {}) => {
    const revisions = ['one', 'two'].map((name, at) => revision(name, [service([instance(apps[at]?.port ?? 0)])]));
    return document([environment(revisions, { port, epoch: 4, ...more })], { version });
  };
  const body = async () => (await ask(port, get('/'))).body;

  it('switches users to another revision, through restarts and new documents, until somebody clears it', async () => {
    await control.putDocument(routed(1));
    assert.equal(await body(), 'two');
    await control.override(switchTo('one'));
    assert.equal(await body(), 'one');
    // What the control plane has put stays what it reads back: an order never gets into its documents.
    assert.deepEqual(await control.document(), routed(1));
    await control.putDocument(routed(2, { mode: { kind: 'maintenance', retryAfterS: 1, message: 'x' }, epoch: 5 }));
    assert.equal(await body(), 'one');
    const pid = folder.pid;
    await control.stop(0);
    await untilGone(pid);
    control = await folder.start(2);
    assert.equal(await body(), 'one');
    const { overrides, problems } = await control.status();
    assert.deepEqual(
      overrides.map(({ by, reason, order, isInForce }) => ({ by, reason, order, isInForce })),
      [{ by: 'anna', reason: 'it burns', order: { kind: 'switch', revision: 'one' }, isInForce: true }],
    );
    assert.match(problems.join(), /anna has shop\/production switched to one at the proxy/);
    assert.equal(await control.clearOverride(shop, 'switch'), true);
    assert.equal((await ask(port, get('/'))).status, 503);
    assert.equal(await control.clearOverride(shop, 'switch'), false);
    assert.deepEqual((await control.status()).problems, []);
    await assert.rejects(control.override(switchTo('three')), failsWith('not-found', /It could be: one/));
  });

  it('goes on with what a person has ordered when it hands over, in the old workers as well', async () => {
    await control.putDocument(routed(1));
    await control.override(switchTo('one'));
    const kept = await RawClient.connect(port);
    kept.send(get('/'));
    assert.equal((await kept.response()).body, 'one');
    await control.upgrade();
    assert.equal(await body(), 'one');
    await control.clearOverride(shop, 'switch');
    assert.equal(await body(), 'two');
    kept.send(get('/'));
    assert.equal((await kept.response()).body, 'two');
    kept.close();
  });

  it('counts what it does meanwhile apart from what the document says, before and after', async () => {
    await control.putDocument(routed(1));
    const askTimes = async (times: number) => {
      for (let i = 0; i < times; i++) await ask(port, get('/'));
    };
    await askTimes(3);
    await control.override(switchTo('one'));
    await askTimes(5);
    await control.override(switchTo('two'));
    await askTimes(2);
    await control.clearOverride(shop, 'switch');
    await askTimes(4);
    const { proxyStart } = await control.status();
    const counters = await control.counters();
    const rows = counters.map(({ epoch, proxyStart: start, closedAtMs, counts }) => [
      ...[epoch, start.replace(proxyStart, ''), closedAtMs !== null],
      Object.fromEntries(counts.map((count) => [count.revision, count.ok])),
    ]);
    assert.deepEqual(rows, [
      [4, '', true, { two: 3 }],
      [-1, '.1', true, { one: 5 }],
      [-1, '.2', true, { two: 2 }],
      [4, '.3', false, { two: 4 }],
    ]);
    await control.acknowledge(counters);
    assert.deepEqual(
      (await control.counters()).map(({ epoch }) => epoch),
      [4],
    );
  });

  it('holds no request any more when a person switches in the middle of a pause', async () => {
    await control.putDocument(routed(1, { mode: { kind: 'paused', maxHeld: 10, maxHoldMs: 60_000 } }));
    const held = ask(port, get('/'));
    while ((await control.status()).heldRequests === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    await control.override(switchTo('one'));
    assert.equal((await held).body, 'one');
  });

  it('shows the maintenance page that a person has ordered', async () => {
    await control.putDocument(routed(1));
    await control.override(maintenance);
    const answer = await ask(port, get('/'));
    assert.deepEqual([answer.status, answer.body.includes('Back at noon.')], [503, true]);
    await control.clearOverride(shop, 'maintenance');
    assert.equal(await body(), 'two');
  });
});
