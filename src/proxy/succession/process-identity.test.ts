import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { identityOf, isAlive } from './process-identity.ts';

describe('a process identity', () => {
  it('is alive while its process runs, and not for another one with its pid', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    const identity = identityOf(child.pid ?? 0);
    assert.equal(isAlive(identity), true);
    if (process.platform === 'linux') assert.equal(isAlive({ ...identity, startTime: '1' }), false);
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.equal(isAlive(identity), false);
  });
});
