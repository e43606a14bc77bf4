import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import type { RoutedEnvironment } from '../../core/routing-document.ts';
import type { ProxyControl } from '../../proxy/control-client.ts';
import { document, environment, instance, revision, service } from '../../proxy/fixtures/documents.ts';
import { ok, PlainApp } from '../../proxy/fixtures/plain-app.ts';
import { ask, get } from '../../proxy/fixtures/raw-client.ts';
import { freePorts, untilGone } from '../../proxy/fixtures/running-proxy.ts';
import { startProxy } from '../../proxy/start-proxy.ts';
import { runLotse } from '../fixtures/run-lotse.ts';
import { shopFolder } from '../fixtures/shop-folder.ts';

/** A control plane was here: its state folder has a proxy that still runs. */
describe('lotse proxy, while no control plane runs', () => {
  let folder: string;
  let control: ProxyControl;
  let port = 0;
  let version = 0;
  const apps: PlainApp[] = [];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'lotse-cli-'));
    const state = join(folder, '.lotse');
    mkdirSync(state);
    writeFileSync(join(state, 'client.json'), '{"server":"http://127.0.0.1:9","token":"x"}');
    for (const name of ['old', 'new']) apps.push(await PlainApp.start(() => ok(name)));
    control = await startProxy({ stateDir: join(state, 'proxy'), nodePath: process.execPath });
    [port = 0] = await freePorts(1);
  });
  after(async () => {
    const { pid } = await control.status();
    await control.stop(0);
    await untilGone(pid);
    rmSync(folder, { recursive: true });
    for (const app of apps) await app.stop();
  });

  const routed = (more: Partial<RoutedEnvironment> = {}) => {
    const revisions = ['old', 'new'].map((name, at) =>
      revision(`production-${at + 1}`, [service([instance(apps[at]?.port ?? 0)])], { release: name }),
    );
    return environment(revisions, { port, ...more });
  };
  const put = (...environments: readonly RoutedEnvironment[]) =>
    control.putDocument(document(environments, { version: ++version, fence: 2 }));
  const proxy = (line: string, env = {}) => runLotse(['proxy', ...line.split(' ')], { cwd: folder, env });
  const body = async () => (await ask(port, get('/'))).body;

  beforeEach(() => put(routed()));
  afterEach(async () => {
    for (const kind of ['maintenance', 'switch'] as const)
      await control.clearOverride({ app: 'shop', environment: 'production' }, kind);
  });

  it('status says what is in force, who serves where, and nothing that is secret', async () => {
    const { stdout, exitCode } = await proxy('status');
    assert.equal(exitCode, 0);
    assert.match(stdout, /^document +version \d+ of fence 2, in force in every worker$/m);
    assert.match(stdout, /^workers +1 \(pid \d+\)$/m);
    assert.match(stdout, /^shop\/production +serving +production-1 +old +0 %$/m);
    assert.match(stdout, /^ +production-2 +new +100 %$/m);
    assert.match(stdout, new RegExp(`^127\\.0\\.0\\.1:${apps[1]?.port} +web\\.0 of production-2 +0 +0 +fine`, 'm'));
    const json = await runLotse(['proxy', '--json'], { cwd: folder });
    const report: unknown = JSON.parse(json.stdout);
    assert.ok(typeof report === 'object' && report !== null && 'environments' in report);
    assert.doesNotMatch(json.stdout, /c0ffee|probeKey/);
  });

  it('switch sends everyone to a release that still runs, names who and why, until it is cleared', async () => {
    assert.equal(await body(), 'new');
    const line = ['proxy', 'switch', 'production', 'old', '--reason', 'new loses orders'];
    const switched = await runLotse(line, { cwd: folder, env: { SUDO_USER: 'anna' } });
    assert.equal(switched.exitCode, 0);
    assert.match(
      switched.stdout,
      /All users of shop\/production are sent to production-1\. It stays so until `lotse proxy switch production --clear --app shop`/,
    );
    assert.equal(await body(), 'old');
    const { stdout } = await proxy('status');
    assert.match(stdout, /^shop\/production +switched here +production-1 +old +100 % \(else 0 %\)$/m);
    assert.match(stdout, /! shop\/production was switched to production-1 here by anna .*: new loses orders/);
    const cleared = await proxy('switch production --clear');
    assert.match(cleared.stdout, /shop\/production is as the control plane says/);
    assert.equal(await body(), 'new');
    assert.match((await proxy('switch production --clear')).stdout, /was not switched here/);
  });

  it('switch says what it could be when it cannot, and wants a reason', async () => {
    const unknown = await runLotse(['proxy', 'switch', 'production', 'v9', '--reason', 'x'], { cwd: folder });
    assert.equal(unknown.exitCode, 5);
    assert.match(unknown.stderr, /cannot be switched to v9: it is not there/);
    assert.match(unknown.stderr, /It could be: production-1 \(release old\), production-2 \(release new\)/);
    assert.match((await proxy('switch production old')).stderr, /A switch needs a reason/);
    assert.match((await proxy('switch production')).stderr, /Name where to switch to, or --clear/);
    assert.equal((await proxy('switch production old --clear')).exitCode, 2);
    assert.match((await proxy('switch prodution --clear')).stderr, /Did you mean production\?/);
    assert.equal(await body(), 'new');
  });

  it('maintenance shows the page with its message, and ends it', async () => {
    const line = ['proxy', 'maintenance', 'production', 'on', '--message', 'Back at noon.', '--json'];
    const { stdout, exitCode } = await runLotse(line, { cwd: folder });
    assert.equal(exitCode, 0);
    const overrides: unknown = JSON.parse(stdout);
    assert.ok(Array.isArray(overrides) && overrides.length === 1);
    assert.match(await body(), /Back at noon\./);
    assert.match((await proxy('maintenance production off')).stdout, /shows no maintenance page of yours any more/);
    assert.equal(await body(), 'new');
    await put(routed({ mode: { kind: 'maintenance', retryAfterS: 1, message: 'down' } }));
    const still = await proxy('maintenance production off');
    assert.match(
      `${still.stdout}${still.stderr}`,
      /had no maintenance page of yours[^]*The control plane itself has it/,
    );
    assert.equal((await proxy('maintenance production maybe')).exitCode, 2);
  });

  it('of several apps the one of the nearest lotse.yaml is meant, else one has to be named', async () => {
    const other = environment([], { app: 'blog', domains: ['blog.test'], epoch: 9 });
    await put(routed(), other);
    assert.match((await proxy('maintenance production on')).stderr, /Which app\?[^]*--app shop, --app blog/);
    assert.equal((await proxy('maintenance production on --app blog')).exitCode, 0);
    const inFolder = await runLotse(['proxy', 'maintenance', 'production', 'on', '--state', join(folder, '.lotse')], {
      cwd: shopFolder(),
    });
    assert.match(inFolder.stdout, /^shop\/production shows the maintenance page/m);
    await control.clearOverride({ app: 'blog', environment: 'production' }, 'maintenance');
  });

  it('replace-workers and upgrade exchange processes while users are served', async () => {
    const earlier = await control.status();
    assert.match((await proxy('replace-workers')).stdout, /1 new worker/);
    assert.notEqual((await control.status()).workers[0]?.pid, earlier.workers[0]?.pid);
    const upgraded = await proxy('upgrade');
    assert.equal(upgraded.exitCode, 0, upgraded.stderr);
    assert.match(upgraded.stdout, new RegExp(`\\(pid ${earlier.pid}\\) finishes what it has`));
    assert.notEqual((await control.status()).pid, earlier.pid);
    assert.equal(await body(), 'new');
  });

  it('says where it looked when there is no proxy', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'lotse-cli-'));
    const none = await runLotse(['proxy'], { cwd: empty });
    assert.match(none.stderr, /There is no state folder \.lotse/);
    const away = await runLotse(['proxy', '--state', empty], { cwd: empty });
    assert.match(away.stderr, /no proxy answers on/i);
    assert.deepEqual([none.exitCode, away.exitCode], [5, 20]);
    rmSync(empty, { recursive: true });
  });
});
