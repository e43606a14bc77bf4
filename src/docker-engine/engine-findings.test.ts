import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findTestEngine } from '../../test/harness/docker-engine.ts';
import { engineFindings } from './engine-findings.ts';
import type { EngineInfo } from './engine-shapes.ts';
import { findLocalDaemon } from './local-daemon.ts';

const fine: EngineInfo = {
  ...{ ID: 'A', Name: 'm', NCPU: 2, MemTotal: 4e9, DockerRootDir: '/var/lib/docker', Driver: 'overlay2' },
  ...{ CgroupVersion: '2', SecurityOptions: ['name=seccomp,profile=default'], LiveRestoreEnabled: true },
  ...{ MemoryLimit: true, PidsLimit: true, CpuCfsQuota: true, IPv4Forwarding: true },
};
const words = (info: Partial<EngineInfo>, writesRules = true): string =>
  engineFindings({ ...fine, ...info }, { writesRules })
    .map(({ found, advice }) => `${found}: ${advice}`)
    .join('\n');

test('an engine as it should be gives nothing to say', () => {
  assert.equal(words({}), '');
});

test('whatever an engine cannot do is said with what to do', () => {
  assert.match(words({ LiveRestoreEnabled: false }), /restart .* stops all containers: set "live-restore": true/);
  assert.match(words({ MemoryLimit: false }), /Memory limits are not enforced/);
  assert.match(words({ PidsLimit: false }), /number of processes is not limited/);
  assert.match(words({ CpuCfsQuota: false }), /CPU limits are not enforced/);
  assert.match(words({ Driver: 'vfs' }), /vfs copies whole layers.*: set "storage-driver": "overlay2"/);
  assert.match(words({ SecurityOptions: ['name=rootless'] }), /runs without root.*: take the engine of the machine/);
});

test('without firewall rules environments are not walled, unless the kernel passes nothing on anyway', () => {
  assert.match(words({}, false), /not walled from each other.*: remove "iptables": false/);
  assert.equal(words({ IPv4Forwarding: false }, false), '');
  assert.deepEqual(engineFindings(fine, null), []);
});

const found = await findTestEngine();
if (found.skip !== false) console.log(`skipped: ${found.skip}`);

describe('a dockerd of this machine', { skip: found.skip }, () => {
  test('is known by its socket, and a socket that nobody has by nothing', async (t) => {
    assert.ok(found.skip === false);
    assert.equal(await findLocalDaemon('/no/such/docker.sock'), null);
    if (!found.isPrivate) return t.skip('the engine may be that of another machine');
    assert.deepEqual(await findLocalDaemon(found.address.path), { writesRules: true });
  });
});
