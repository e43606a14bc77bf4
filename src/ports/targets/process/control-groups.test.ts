import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { openControlGroups } from './control-groups.ts';

const cpuGroups = '/sys/fs/cgroup/cpu/';
const isApart = existsSync(`${cpuGroups}cgroup.procs`) && process.getuid?.() === 0;

test(
  'where CPU groups are a hierarchy of their own, only who has a CPU limit joins one',
  { skip: !isApart && 'needs root and version 1 of control groups' },
  async (t) => {
    const groups = await openControlGroups(`test-${process.pid}`);
    const free = await groups.open('free', { memoryBytes: 64 * 1024 * 1024, cpuCores: null });
    const limited = await groups.open('limited', { memoryBytes: null, cpuCores: 0.5 });
    t.after(async () => {
      await Promise.all([free?.remove(), limited?.remove()]);
      await groups.close();
    });
    const cpuFiles = (joinFiles: readonly string[] = []) => joinFiles.filter((file) => file.startsWith(cpuGroups));
    assert.deepEqual(cpuFiles(free?.joinFiles), []);
    assert.ok((free?.joinFiles ?? []).length > 0);
    const [file = ''] = cpuFiles(limited?.joinFiles);
    assert.equal(readFileSync(file.replace('cgroup.procs', 'cpu.cfs_quota_us'), 'utf8').trim(), '50000');
  },
);
