import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { test } from 'node:test';
import type { EnvironmentViewModel, SlotView } from '../capabilities/releases/releases-api.ts';
import { Client } from './client.ts';
import { ControlPlane } from './control-plane.ts';
import { startFakeControlPlane } from './fixtures/fake-control-plane.ts';
import { anEnvironment } from './fixtures/views.ts';
import { Output } from './output.ts';
import { resumeServing } from './resume-serving.ts';

function slot(state: SlotView['state']): SlotView {
  const numbers = { slot: 0, attempt: 1, unexpectedExits: 0, pid: 1, startedAt: 1, memoryBytes: null };
  return { ...numbers, revision: 'production-6', service: 'web', state, address: null, server: null, note: null };
}

function production(address: string, slots: readonly SlotView[]): EnvironmentViewModel {
  return anEnvironment('production', {
    addresses: [address],
    services: [{ service: 'web', kind: 'web', slots: [...slots] }],
  });
}

/** Somewhere that answers as the proxy does for an app that is not there yet, `times` times. */
async function slowApp(times: number) {
  let left = times;
  const server = createServer((_, answer) => {
    const isThere = left-- <= 0;
    const type = isThere ? 'text/plain' : 'application/problem+json';
    answer.writeHead(isThere ? 200 : 503, { 'content-type': type });
    answer.end(isThere ? 'hello' : JSON.stringify({ status: 503, reason: 'no-instance' }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { address: `http://127.0.0.1:${port}`, asked: () => times - left, close: () => server.close() };
}

/** Answers what was said, with one view after the other. */
async function resume(views: readonly EnvironmentViewModel[]): Promise<string> {
  const left = [...views];
  const fake = await startFakeControlPlane({
    'GET /apps/:app/environments': () => [left.length > 1 ? left.shift() : left[0]],
  });
  let said = '';
  const sink = { write: (text: string) => void (said += text) };
  const out = new Output({ stdout: sink, stderr: sink, env: {}, isJson: false });
  const plane = new ControlPlane(new Client({ server: fake.server, token: null, source: 'the test' }), 'shop');
  await resumeServing({ plane, out, route: ['production'], signal: new AbortController().signal });
  await fake.close();
  return said;
}

test('an environment serves again when all its copies are ready and its own port leads to the app', async () => {
  const app = await slowApp(2);
  const states = [[], [slot('starting')], [slot('ready'), slot('starting')], [slot('ready')]] as const;
  const said = await resume(states.map((slots) => production(app.address, slots)));
  assert.match(said, /^✓ production serves r6-9f8e7d6 again {2}\S+/);
  assert.equal(app.asked(), 3);
  app.close();
});

test('one that gave up is said and not waited for', async () => {
  const said = await resume([production('http://127.0.0.1:9', [slot('gave-up')])]);
  assert.match(said, /^! production does not serve r6-9f8e7d6 again yet: `lotse status production`/);
});

test('nothing is waited for where nothing served', async () => {
  assert.equal(await resume([anEnvironment('production', { mode: 'maintenance', release: null })]), '');
});
