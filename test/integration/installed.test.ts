import assert from 'node:assert/strict';
import { chownSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { runLotse } from '../../src/cli/fixtures/run-lotse.ts';
import { installedFiles, unitNames } from '../../src/cli/install/unit-files.ts';
import { ProxyControl } from '../../src/proxy/control-client.ts';
import { readClientFile } from '../../src/cli/state-folder.ts';
import { LotseClient } from '../harness/lotse-client.ts';
import { isLiving, processesOf } from '../harness/state-processes.ts';
import { temporaryLotse, type TemporaryLotse } from '../harness/temporary-lotse.ts';
import { nobody, readUnit, UnitProcess, type UnitProgram } from '../harness/unit-process.ts';
import { until } from '../harness/until.ts';
import { visit } from '../harness/visit.ts';
import { underLoad } from '../harness/watched-load.ts';

const repository = join(import.meta.dirname, '..', '..');

interface Units {
  readonly proxy: UnitProgram;
  readonly boot: UnitProgram;
  readonly controlPlane: UnitProgram;
}

/** The units of an installation with this state folder, whose folders are there as systemd-tmpfiles makes them. */
function unitsFor(lotse: TemporaryLotse): Units {
  const files = installedFiles({
    ...{ nodePath: process.execPath, state: lotse.state, proxyWorkers: 2, searchPath: process.env['PATH'] ?? '' },
    mainFile: join(repository, 'src', 'main.ts'),
    proxyFile: join(repository, 'src', 'proxy', 'proxy.ts'),
    engineArguments: [],
    serveArguments: ['--listen', '127.0.0.1:0', '--front-port', `${lotse.frontPort}`],
  });
  mkdirSync(lotse.state, { mode: 0o711 });
  mkdirSync(join(lotse.state, 'proxy'), { mode: 0o700 });
  if (process.getuid?.() === 0) chownSync(join(lotse.state, 'proxy'), nobody, nobody);
  const [proxy, boot, controlPlane] = unitNames.map((name) => {
    const file = join(lotse.folder, name);
    writeFileSync(file, files.find(({ path }) => path.endsWith(`/${name}`))?.content ?? '');
    return readUnit(file);
  });
  assert.ok(proxy !== undefined && boot !== undefined && controlPlane !== undefined);
  return { proxy, boot, controlPlane };
}

/** Resolves when it says that it serves. */
async function serve(unit: UnitProgram): Promise<UnitProcess> {
  const plane = await UnitProcess.start(unit);
  await until(`the control plane serves; it said ${plane.said.join('\n')}`, () =>
    plane.said.some((line) => line.includes('"ready":true')),
  );
  return plane;
}

describe('what the units run', { timeout: 480_000 }, () => {
  test('serves through the end of the control plane, and comes back from a cold boot without it', async (t) => {
    const lotse = await temporaryLotse(t);
    const units = unitsFor(lotse);
    const proxy = await UnitProcess.start(units.proxy);
    let plane = await serve(units.controlPlane);
    const client = new LotseClient(() => {
      const { server = '', token } = readClientFile(lotse.state) ?? {};
      return { server, token: token ?? '' };
    });
    const release = await client.release({ web: { instances: 2 } });
    await client.deploy(release.id);
    const port = Number(new URL((await client.environment()).addresses.at(-1) ?? '').port);
    const pidsNow = async () =>
      (await client.environment()).services.flatMap(({ slots }) => slots.map(({ pid }) => pid));

    // What systemd would log names nobody's token or sign-in link.
    const token = readClientFile(lotse.state)?.token ?? 'none';
    assert.ok(!plane.said.some((line) => line.includes(token) || line.includes('signIn')));
    assert.equal(readFileSync(join(lotse.state, 'proxy', 'unit.pid'), 'utf8').trim(), `${proxy.pid}`);

    const before = await pidsNow();
    const killed = await underLoad(port, async () => {
      await plane.end('SIGKILL');
      plane = await serve(units.controlPlane);
      await plane.end('SIGTERM');
      for (let turn = 0; turn < 10; turn++) assert.equal((await visit(port)).body, release.id);
      plane = await serve(units.controlPlane);
    });
    assert.deepEqual(killed.load.failures, {}, `of ${killed.load.sent} requests`);
    assert.deepEqual(await pidsNow(), before);
    assert.ok(isLiving(proxy.pid), 'the proxy is another process than the control plane');
    const owner = statSync(join(lotse.state, 'proxy', 'document.json')).uid;
    assert.equal(owner, units.proxy.uid ?? process.getuid?.(), 'what it keeps is its own user’s');

    // While a control plane owns the state there is nothing to do at boot.
    const beside = await UnitProcess.start(units.boot);
    assert.equal(await beside.ended, 0);
    assert.match(beside.said.join('\n'), /a control plane runs and does it/);

    // Taking the services away says what goes on, and deletes nothing under what runs.
    const wishes = ['uninstall', '--state', lotse.state];
    const kept = await runLotse([...wishes, '--dry-run']);
    assert.match(kept.stdout, /goes on running.*\n +shop\/production web: \d+ processes \(/, kept.stderr);
    assert.ok(kept.stdout.includes(`the proxy, which serves them (process ${proxy.pid})`), kept.stdout);
    const deleted = await runLotse([...wishes, '--data', '--yes', lotse.state]);
    assert.equal(deleted.exitCode, 6, deleted.stderr);
    assert.match(deleted.stderr, /is in use, so it is not deleted/);
    assert.equal((await visit(port)).body, release.id);

    // The power goes: nothing of it is left, and the control plane never comes up again.
    for (const pid of processesOf(lotse.folder)) process.kill(pid, 'SIGKILL');
    await until('nothing of it runs', () => processesOf(lotse.folder).length === 0);
    const startedMs = performance.now();
    await UnitProcess.start(units.proxy);
    const boot = await UnitProcess.start(units.boot);
    await until('users get it again', async () => (await visit(port)).body === release.id);
    t.diagnostic(`back ${Math.round(performance.now() - startedMs)} ms after the start of the proxy`);
    assert.equal(await boot.ended, 0, boot.said.join('\n'));
    assert.match(boot.said.join('\n'), /2 copies of 1 environments/);

    // What it started outlives it, and a control plane that comes later takes it over as it is.
    plane = await serve(units.controlPlane);
    const after = await until('both copies are ready', async () => {
      const slots = (await client.environment()).services.flatMap((service) => service.slots);
      return slots.every(({ state }) => state === 'ready') && slots;
    });
    assert.deepEqual(
      after.map(({ attempt }) => attempt),
      [2, 2],
    );
  });

  test('a proxy that hands over leaves the number of its successor for systemd before it ends', async (t) => {
    const lotse = await temporaryLotse(t);
    const proxy = await UnitProcess.start(unitsFor(lotse).proxy);
    const control = new ProxyControl(join(lotse.state, 'proxy'));
    await until('it answers', async () => (await control.status()).pid === proxy.pid);
    assert.ok(
      existsSync(join(lotse.state, 'proxy', 'compile-cache')),
      'nothing of it was compiled in the process that stays',
    );
    const { pid } = await control.upgrade();
    assert.notEqual(pid, proxy.pid);
    assert.equal(await proxy.ended, 0);
    assert.equal(readFileSync(join(lotse.state, 'proxy', 'unit.pid'), 'utf8').trim(), `${pid}`);
  });

  test('a control plane waits for its proxy, and says which unit is missing when none comes', async (t) => {
    const lotse = await temporaryLotse(t);
    const plane = await UnitProcess.start(unitsFor(lotse).controlPlane);
    assert.notEqual(await plane.ended, 0);
    assert.match(plane.said.join('\n'), /does not answer.*systemctl status lotse-proxy/);
    assert.deepEqual(processesOf(lotse.folder), [], 'it started none itself');
  });
});
