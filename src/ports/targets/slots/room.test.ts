import assert from 'node:assert/strict';
import { totalmem, tmpdir } from 'node:os';
import { test } from 'node:test';
import { readRoom } from './room.ts';

test('room is what is free: never more than there is', async () => {
  const room = await readRoom(tmpdir());
  assert.ok(room.memoryFreeBytes > 10e6 && room.memoryFreeBytes <= room.memoryTotalBytes);
  assert.ok(room.memoryTotalBytes <= totalmem());
  assert.ok(room.diskFreeBytes > 0);
  assert.ok(room.cores >= 1);
});

test('of several disks the fullest counts, and one that is not there does not', async () => {
  const isLinux = process.platform === 'linux'; // Its /proc is a disk without any room.
  const room = await readRoom(tmpdir(), '/no/such/folder', ...(isLinux ? ['/proc'] : []));
  assert.deepEqual([room.diskFolder, room.diskFreeBytes === 0], isLinux ? ['/proc', true] : [tmpdir(), false]);
});
