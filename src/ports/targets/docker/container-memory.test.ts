import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { baseImage } from '../../../../test/harness/docker-base-image.ts';
import { findTestEngine } from '../../../../test/harness/docker-engine.ts';
import { until } from '../../../../test/harness/until.ts';
import { DockerEngine } from '../../../docker-engine/docker-engine.ts';
import { ContainerMemory } from './container-memory.ts';

const found = await findTestEngine();
if (found.skip !== false) console.log(`skipped: ${found.skip}`);

/** A child holds 60 MB, and 20 MB lie in /tmp. */
const program = `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(
  'globalThis.kept = Buffer.alloc(60e6, 1); console.log("kept"); setInterval(() => {}, 1e6);',
)}], { stdio: 'inherit' });
require('node:fs').writeFileSync('/tmp/file', Buffer.alloc(20e6, 1));
setInterval(() => {}, 1e6);`;

describe('memory of a container', { skip: found.skip }, () => {
  test('is that of all its programs and its /tmp, the same from the kernel and from the engine', async (t) => {
    assert.ok(found.skip === false);
    const { containers } = found.engine;
    const name = `lotse-test-memory-${randomBytes(4).toString('hex')}`;
    const id = await containers.create(name, {
      Image: baseImage,
      Cmd: ['node', '-e', program],
      HostConfig: { Init: true, NetworkMode: 'none', Tmpfs: { '/tmp': 'rw,size=64m' } },
    });
    t.after(async () => await containers.remove(id, { force: true }));
    await containers.start(id);
    const { State } = await containers.inspect(id);
    const look = () => settled(new ContainerMemory(found.engine, name), null, 80e6);
    const bytes = await until('all is kept', look);
    assert.ok(bytes < 400e6, `${bytes}`);
    if (!found.isPrivate) return t.skip('its processes may be those of another machine');
    const nobody = new DockerEngine({ kind: 'socket', path: '/no/such.sock' });
    const [read, asked] = [new ContainerMemory(nobody, name), new ContainerMemory(found.engine, name)];
    const byFile = await until('the kernel says it', () => settled(read, State.Pid, 1));
    const byEngine = await until('the engine says it', () => settled(asked, null, 1));
    assert.ok(Math.abs(byFile - byEngine) < byEngine / 5, `${byFile} by the kernel, ${byEngine} by the engine`);
  });

  test('of one that is not there is not known', async () => {
    assert.ok(found.skip === false);
    const memory = new ContainerMemory(found.engine, 'lotse-test-nobody');
    assert.equal(await settled(memory, null, 1), null);
    assert.equal(memory.latest(2 ** 22 + 1), null);
  });
});

/** What it says when it has looked; null: nothing, or less than that. */
async function settled(memory: ContainerMemory, pid: number | null, leastBytes: number): Promise<number | null> {
  for (let tries = 0; tries < 160; tries++) {
    const bytes = memory.latest(pid);
    if (bytes !== null) return bytes >= leastBytes ? bytes : null;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return null;
}
