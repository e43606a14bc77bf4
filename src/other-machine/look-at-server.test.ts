import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { lookAtServer } from './look-at-server.ts';

test('what keeps a machine from being asked is an answer, with what to do', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lotse-look-'));
  try {
    const { server, engine, problem, hint } = await lookAtServer({ address: 'tcp://127.0.0.1:1', folder });
    assert.deepEqual([server, engine], ['tcp://127.0.0.1:1', null]);
    assert.match(problem ?? '', /needs ca\.pem/);
    assert.match(hint ?? '', /tls\/127\.0\.0\.1/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
