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
