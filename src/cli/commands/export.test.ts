import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startFakeControlPlane } from '../fixtures/fake-control-plane.ts';
import { runLotse } from '../fixtures/run-lotse.ts';
import { anEnvironment, aRelease } from '../fixtures/views.ts';

const manifest = (run: string) =>
  `app: shop\nservices: { web: { run: ${run}, port: 3000 } }\nconfig: { API_KEY: x, COLOUR: blue }\nenvironments: { production: {} }\n`;

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lotse-export-'));
  after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'lotse.yaml'), manifest('node then.js'));
  return folder;
}

function git(folder: string, ...args: readonly string[]): string {
  const identity = ['-c', 'user.name=ann', '-c', 'user.email=ann@shop.example'];
  return execFileSync('git', ['-C', folder, ...identity, ...args], { encoding: 'utf8' }).trim();
}

test('without a control plane the working tree is written, and nothing twice without --force', async () => {
  const folder = aFolder();
  const first = await runLotse(['export', 'compose'], { cwd: folder });
  assert.equal(first.exitCode, 0, first.stderr);
  assert.match(first.stdout, /compose\.yaml {2}from the working tree/);
  assert.match(first.stdout, /Compose has no equivalent for\n {2}the switch/);
  assert.match(readFileSync(join(folder, 'compose.yaml'), 'utf8'), /then\.js/);
  assert.match(readFileSync(join(folder, '.env.example'), 'utf8'), /^API_KEY=$/m);
  writeFileSync(join(folder, 'compose.yaml'), 'mine');
  const second = await runLotse(['export', 'compose'], { cwd: folder });
  assert.equal(second.exitCode, 6);
  assert.equal(readFileSync(join(folder, 'compose.yaml'), 'utf8'), 'mine');
  const other = await runLotse(['export', 'compose', '--output', 'other.yaml'], { cwd: folder });
  assert.equal(other.exitCode, 6, '.env.example is there');
  assert.ok(!existsSync(join(folder, 'other.yaml')));
  assert.equal((await runLotse(['export', 'compose', '--force'], { cwd: folder })).exitCode, 0);
});

/** Of the environment somebody has set one value. */
const config = {
  ...{ version: 1, release: 'r6-9f8e7d6', revision: null, undeclared: [], differs: false },
  values: [
    {
      ...{ variable: 'COLOUR', service: null, type: 'string', required: false, description: null },
      ...{ value: 'set-here', runs: null, differs: false },
      source: { kind: 'set', version: 1, at: 0, by: 'Mara', reason: null },
    },
  ],
};

test('the release that serves is read at its commit, not as the tree has become', async () => {
  const folder = aFolder();
  git(folder, 'init', '-q');
  git(folder, 'add', '.');
  git(folder, 'commit', '-qm', 'one');
  const commit = git(folder, 'rev-parse', 'HEAD');
  writeFileSync(join(folder, 'lotse.yaml'), manifest('node now.js'));
  const fake = await startFakeControlPlane({
    'GET /apps/:app/environments/:environment': () => anEnvironment('production', { release: 'r6-9f8e7d6' }),
    'GET /apps/:app/releases': () => [aRelease({ id: 'r6-9f8e7d6', commit, dirty: true })],
    'GET /apps/:app/environments/:environment/config': ({ path }) => ({ ...path, ...config }),
  });
  try {
    const line = ['export', 'compose', 'production', '--print', '--json'];
    const { stdout, exitCode, stderr } = await runLotse(line, { cwd: folder, env: fake.env });
    assert.equal(exitCode, 0, stderr);
    const answer = JSON.parse(stdout);
    assert.equal(answer.release, 'r6-9f8e7d6');
    assert.match(answer.text, /from release r6-9f8e7d6[^]*then\.js/);
    assert.match(`${answer.text}${answer.envExample}`, /set-here/);
    assert.ok(answer.notes.length > 3);
    const written = await runLotse(['export', 'compose'], { cwd: folder, env: fake.env });
    assert.match(written.stderr, /was made from uncommitted changes/);
  } finally {
    await fake.close();
  }
});

test('an environment that is not there gets the nearest name', async () => {
  const { exitCode, stderr } = await runLotse(['export', 'compose', 'producton'], { cwd: aFolder() });
  assert.equal(exitCode, 5);
  assert.match(stderr, /Did you mean production\?/);
});
