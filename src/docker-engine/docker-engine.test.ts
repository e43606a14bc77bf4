import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, describe, test } from 'node:test';
import { baseImage } from '../../test/harness/docker-base-image.ts';
import { findTestEngine } from '../../test/harness/docker-engine.ts';
import type { ContainerSpec } from './engine-shapes.ts';

const found = await findTestEngine();
if (found.skip !== false) console.log(`skipped: ${found.skip}`);

const own = `lotse-test-${randomBytes(6).toString('hex')}`;
const labels = { 'lotse.test': own };

describe('a Docker engine', { skip: found.skip }, () => {
  if (found.skip !== false) return;
  const { engine } = found;
  const { containers, networks, volumes } = engine;
  const create = (name: string, script: string, spec: Partial<ContainerSpec> = {}) =>
    containers.create(`${own}-${name}`, { Image: baseImage, Cmd: ['sh', '-c', script], Labels: labels, ...spec });

  after(async () => {
    const label = [`lotse.test=${own}`];
    for (const { Id } of await containers.list({ label })) await containers.remove(Id, { force: true });
    for (const { Id } of await networks.list({ label })) await networks.remove(Id);
    for (const { Name } of await volumes.list({ label })) await volumes.remove(Name);
    engine.close();
  });

  test('a container is created, started, waited for, and its output is kept', async () => {
    const id = await create('one', 'echo out; echo err >&2; exit 3');
    assert.equal(await containers.start(id), true);
    assert.equal(await containers.wait(id), 3);
    const { State, Config } = await containers.inspect(id);
    assert.equal(State.Status, 'exited');
    assert.equal(State.ExitCode, 3);
    assert.deepEqual(Config.Labels, labels);
    const output: string[] = [];
    for await (const { stream, bytes } of containers.logs(id, {})) output.push(`${stream}: ${bytes.toString()}`);
    assert.deepEqual(output.toSorted(), ['stderr: err\n', 'stdout: out\n']);
    await containers.remove(id);
    await assert.rejects(containers.inspect(id), { failure: 'not-found' });
  });

  test('what was done already is told apart from what was done now', async () => {
    const id = await create('two', 'sleep 60', { HostConfig: { Init: true } });
    assert.deepEqual([await containers.start(id), await containers.start(id)], [true, false]);
    await assert.rejects(create('two', 'true'), { failure: 'conflict', code: 'conflict' });
    await assert.rejects(containers.remove(id), { failure: 'conflict' });
    assert.deepEqual([await containers.stop(id, 5), await containers.stop(id, 5)], [true, false]);
    assert.equal((await containers.inspect(id)).State.ExitCode, 143);
  });

  test('output is followed until the container ends, and events tell of it', async () => {
    const stop = new AbortController();
    const since = Math.floor(Date.now() / 1000) - 1;
    const id = await create('three', 'for i in 1 2 3; do echo $i; sleep 0.1; done');
    const seen: string[] = [];
    const watch = async (): Promise<void> => {
      for await (const { Action } of engine.events({ container: [id] }, { signal: stop.signal, since })) {
        seen.push(Action);
        if (Action === 'die') stop.abort();
      }
    };
    const watching = assert.rejects(watch(), { code: 'cancelled' });
    await containers.start(id);
    let text = '';
    for await (const { bytes } of containers.logs(id, { follow: true })) text += bytes.toString();
    assert.equal(text, '1\n2\n3\n');
    await watching;
    assert.deepEqual(seen, ['create', 'start', 'die']);
  });

  test('one look at a container says what it uses, without a pause', async () => {
    const id = await create('four', 'sleep 60', { HostConfig: { Memory: 64 * 2 ** 20 } });
    await containers.start(id);
    const { memory_stats, cpu_stats } = await containers.stats(id);
    assert.ok((memory_stats.usage ?? 0) > 0);
    assert.equal(memory_stats.limit, 64 * 2 ** 20);
    assert.ok(cpu_stats.cpu_usage.total_usage > 0);
    await containers.kill(id, 'SIGKILL');
    assert.equal(await containers.wait(id), 137);
  });

  test('networks and volumes are made, found by label, and removed', async () => {
    const network = await networks.create({ Name: `${own}-net`, Labels: labels, Internal: true });
    await assert.rejects(networks.create({ Name: `${own}-net` }), { failure: 'conflict' });
    assert.equal((await networks.inspect(network)).Internal, true);
    const volume = await volumes.create(`${own}-volume`, labels);
    assert.deepEqual(
      (await volumes.list({ label: [`lotse.test=${own}`] })).map(({ Name }) => Name),
      [volume.Name],
    );
    const mount = { Type: 'volume', Source: volume.Name, Target: '/data' } as const;
    const id = await create('five', 'echo kept > /data/file', {
      HostConfig: { Mounts: [mount], NetworkMode: network },
    });
    await containers.start(id);
    assert.equal(await containers.wait(id), 0);
    await assert.rejects(volumes.remove(volume.Name), { failure: 'conflict' });
    await containers.remove(id);
    await volumes.remove(volume.Name);
    await networks.remove(network);
    await assert.rejects(networks.inspect(network), { failure: 'not-found' });
  });

  test('a container whose program is not there cannot be started, and the engine says why', async () => {
    const id = await containers.create(`${own}-six`, { Image: baseImage, Entrypoint: ['/no/such'], Labels: labels });
    await assert.rejects(containers.start(id), { failure: 'bad-request', message: /\/no\/such/ });
  });
});
