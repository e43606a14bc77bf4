import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openPorts } from './ports.ts';

const range = { first: 20_950, last: 20_959 };

test('a port that was given back comes round only after all others, also over a restart', async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'next-port');
  const ports = await openPorts(range, file, 3);
  const first = await ports.take([]);
  ports.giveBack(first);
  const second = await ports.take([]);
  assert.equal(second, first + 1);
  const later = await openPorts(range, file, 0);
  assert.equal(await later.take([]), second + 1);
});

test('ports that are avoided, given or in use are left out; with none left the error says so', async () => {
  await using folder = await temporaryFolder();
  const stranger = createServer().listen(range.first + 1, '127.0.0.1');
  await once(stranger, 'listening');
  const ports = await openPorts(range, join(folder.path, 'next-port'), 0);
  ports.claim(range.first);
  const taken: number[] = [];
  for (let count = 0; count < 7; count++) taken.push(await ports.take([range.first + 2]));
  assert.deepEqual(taken, [20_953, 20_954, 20_955, 20_956, 20_957, 20_958, 20_959]);
  await assert.rejects(ports.take([range.first + 2]), { code: 'port-taken', retriable: true });
  stranger.close();
});

async function temporaryFolder() {
  const path = await mkdtemp(join(tmpdir(), 'lotse-ports-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
