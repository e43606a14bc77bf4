import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { processorMs, processTree, proportionalBytes } from './process-usage.ts';

const elsewhere = process.platform !== 'linux' && 'only Linux tells';

test('memory is in bytes, and grows with what a process keeps', { skip: elsewhere }, async () => {
  const before = await proportionalBytes(process.pid);
  const kept = Buffer.alloc(64 * 1024 * 1024, 1);
  const grown = (await proportionalBytes(process.pid)) - before;
  assert.ok(grown > 60 * 1024 * 1024 && grown < 80 * 1024 * 1024, `${grown}`);
  assert.equal(kept.length, 64 * 1024 * 1024);
});

test('processor time is that of the process', { skip: elsewhere }, async () => {
  const before = await processorMs(process.pid);
  const usedBefore = process.cpuUsage();
  while (process.cpuUsage(usedBefore).user < 300_000); // works for 0.3 s, however long that takes
  const { user, system } = process.cpuUsage(usedBefore);
  const told = (await processorMs(process.pid)) - before;
  assert.ok(Math.abs(told - (user + system) / 1000) < 200, `${told}`);
});

test('a process tree has the process, its children and theirs', { skip: elsewhere }, async () => {
  const child = spawn('sh', ['-c', 'sleep 60 & echo; wait'], { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
  try {
    await once(child.stdout, 'data');
    const tree = await processTree(process.pid);
    assert.equal(tree[0], process.pid);
    assert.ok(tree.includes(child.pid ?? 0));
    assert.equal((await processTree(child.pid ?? 0)).length, 2);
  } finally {
    process.kill(-(child.pid ?? 0), 'SIGKILL');
  }
});
