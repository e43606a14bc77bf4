import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runLotse } from '../fixtures/run-lotse.ts';
import { engineArguments } from './serve.ts';

test('the control plane is told which Docker engine to use, and finds its own when nobody says', () => {
  assert.deepEqual(engineArguments({ docker: 'unix:///run/docker.sock' }), ['--docker', 'unix:///run/docker.sock']);
  assert.deepEqual(engineArguments({}), []);
});

test('an engine on another machine is refused before anything is started', async () => {
  const { exitCode, stderr } = await runLotse(['serve', '--docker', 'tcp://127.0.0.1:2375']);
  assert.equal(exitCode, 2);
  assert.match(stderr, /--docker takes the socket[^]*other machines are not built yet/);
});
