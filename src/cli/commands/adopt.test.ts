import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { problem, startFakeControlPlane, type FakeHandler } from '../fixtures/fake-control-plane.ts';
import { runLotse, type RunResult } from '../fixtures/run-lotse.ts';
import { shopFolder } from '../fixtures/shop-folder.ts';
import { anEnvironment } from '../fixtures/views.ts';

const upstream = 'http://127.0.0.1:3000';
const adopted = anEnvironment('production', { release: 'r0', revision: 'adopted', mode: 'adopted', upstream });
const route = 'POST /apps/:app/environments/:environment/adopt';

const views: Readonly<Record<string, FakeHandler>> = {
  'GET /apps/:app/environments': () => [adopted],
  'GET /apps/:app/environments/:environment': () => adopted,
  'POST /apps/:app/environments/:environment/down': () => undefined,
};

async function lotse(cwd: string, ...line: readonly string[]) {
  const fake = await startFakeControlPlane({ ...views, [route]: () => adopted });
  try {
    const result: RunResult = await runLotse(line, { cwd, env: fake.env });
    return { ...result, requests: fake.requests };
  } finally {
    await fake.close();
  }
}

test('the address goes to the control plane with lotse.yaml as it lies here, checklists and all', async () => {
  const folder = shopFolder();
  const manifest = join(folder, 'lotse.yaml');
  const text = readFileSync(manifest, 'utf8').replace('{ after: staging }', '{ gates: { checklist: go.md } }');
  writeFileSync(manifest, text);
  writeFileSync(join(folder, 'go.md'), '- [ ] the shop is open\n');
  const { exitCode, stdout, requests } = await lotse(folder, 'adopt', 'production', upstream, '--reason', 'today');
  assert.equal(exitCode, 0);
  assert.deepEqual(requests[0]?.json, {
    url: upstream,
    reason: 'today',
    definition: { manifest: text, hasDockerfile: false, checklists: { 'go.md': '- [ ] the shop is open\n' } },
  });
  assert.match(stdout, /^production adopted {2}r0 at http:\/\/127\.0\.0\.1:3000 {2}http:\/\/shop\.localhost:8080$/m);
  assert.match(stdout, /lotse rollback production +brings them back to r0/);
});

test('a checklist that is not there, and an environment that is not declared, are said before anything is asked', async () => {
  const folder = shopFolder();
  const manifest = join(folder, 'lotse.yaml');
  const undeclared = await lotse(folder, 'adopt', 'productoin', upstream);
  assert.equal(undeclared.exitCode, 5);
  assert.match(undeclared.stderr, /Did you mean production/);
  const text = readFileSync(manifest, 'utf8').replace('{ after: staging }', '{ gates: { checklist: go.md } }');
  writeFileSync(manifest, text);
  const without = await lotse(folder, 'adopt', 'production', upstream);
  assert.equal(without.exitCode, 2);
  assert.match(without.stderr, /checklist go\.md cannot be read/);
  assert.deepEqual([...undeclared.requests, ...without.requests], []);
});

test('--app adopts without a folder, by the definition that is in force', async () => {
  const { exitCode, requests, stdout } = await lotse('/', 'adopt', 'production', upstream, '--app', 'shop', '--json');
  assert.equal(exitCode, 0);
  assert.deepEqual(requests[0]?.json, { url: upstream });
  assert.equal(JSON.parse(stdout).upstream, upstream);
});

test('without an address the compose file of the app is asked, from a folder below as well', async () => {
  const folder = shopFolder();
  const nothing = await lotse(folder, 'adopt', 'production');
  assert.equal(nothing.exitCode, 2);
  assert.match(nothing.stderr, /No compose file here says where users come in/);
  writeFileSync(join(folder, 'compose.yaml'), 'services:\n  web: { build: ., ports: ["8080:3000"] }\n');
  mkdirSync(join(folder, 'src'));
  const proposed = await lotse(join(folder, 'src'), 'adopt', 'production');
  assert.equal(proposed.exitCode, 2);
  assert.match(proposed.stderr, /compose\.yaml:2 publishes web at http:\/\/127\.0\.0\.1:8080/);
  assert.match(proposed.stderr, /lotse adopt production http:\/\/127\.0\.0\.1:8080/);
  assert.deepEqual(proposed.requests, []);
});

test('status tells release 0 and where it answers; down says that it runs on', async () => {
  const folder = shopFolder();
  const all = await lotse(folder, 'status');
  assert.match(all.stdout, /^production +r0 +adopted /m);
  const one = await lotse(folder, 'status', 'production');
  assert.match(one.stdout, /^production {2}r0 {2}adopted$/m);
  assert.match(one.stdout, /adopted as r0 +http:\/\/127\.0\.0\.1:3000/);
  const down = await lotse(folder, 'down', 'production', '--yes', 'production');
  assert.match(down.stdout, /What runs at http:\/\/127\.0\.0\.1:3000 was adopted: Lotse does not stop it\./);
});

test('a control plane that could reach nobody there is asked once', async () => {
  const refuse: FakeHandler = (_, answer) => problem(answer, 503, 'unreachable', 'nobody', { retriable: false });
  const fake = await startFakeControlPlane({ [route]: refuse });
  const refused = await runLotse(['adopt', 'production', upstream], { cwd: shopFolder(), env: fake.env });
  await fake.close();
  assert.deepEqual([refused.exitCode, fake.requests.length], [20, 1]);
});
