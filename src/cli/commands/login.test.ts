import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { userConfigFolder } from '../contexts/config-folder.ts';
import { startFakeControlPlane } from '../fixtures/fake-control-plane.ts';
import { runLotse } from '../fixtures/run-lotse.ts';

describe('control planes that one has logged in to', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lotse-login-'));
  const plane = await startFakeControlPlane({
    'GET /health': () => ({ status: 'ok', version: '0.1.0' }),
    'GET /me': () => ({ kind: 'token', id: 't1', name: 'ann', roles: ['developer'] }),
    'GET /tokens': () => [],
  });
  after(async () => {
    await plane.close();
    rmSync(folder, { recursive: true });
  });
  const env = { XDG_CONFIG_HOME: folder };
  const file = join(folder, 'lotse', 'contexts.json');
  const lotse = async (line: readonly string[], more: Record<string, string> = {}, stdin = '') =>
    await runLotse(line, { env: { ...env, ...more }, cwd: folder, stdin });
  const token = () => plane.requests.at(-1)?.headers.authorization;

  test('a token that was accepted is kept where nobody else reads it, and used from then on', async () => {
    mkdirSync(join(folder, 'lotse'));
    writeFileSync(`${file}.${process.pid}.part`, 'left behind', { mode: 0o644 });
    for (const name of ['one', 'two']) {
      const done = await lotse(['login', plane.server, '--token-stdin', '--name', name], {}, `token-${name}\n`);
      assert.equal(done.exitCode, 0, done.stderr);
      assert.match(done.stdout, /Lotse 0\.1\.0 at .*\n.*You are ann \(developer\)/);
    }
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const listed = await lotse(['context', 'list']);
    assert.match(listed.stdout, / {2}one .*\n\* two /);
    assert.doesNotMatch(listed.stdout, /token-/);
    await lotse(['token', 'list']);
    assert.equal(token(), 'Bearer token-two');
    assert.match(plane.requests.at(-1)?.headers['user-agent'] ?? '', /^lotse-cli\/\d+\.\d+\.\d+$/);
  });

  test('--context goes before LOTSE_CONTEXT, that before the one in use, and LOTSE_TOKEN replaces the token alone', async () => {
    await lotse(['token', 'list', '--context', 'one'], { LOTSE_CONTEXT: 'two' });
    assert.equal(token(), 'Bearer token-one');
    await lotse(['token', 'list'], { LOTSE_CONTEXT: 'one' });
    assert.equal(token(), 'Bearer token-one');
    await lotse(['token', 'list'], { LOTSE_CONTEXT: 'one', LOTSE_TOKEN: 'mine' });
    assert.equal(token(), 'Bearer mine');
    await lotse(['token', 'list'], { LOTSE_SERVER: plane.server });
    assert.equal(token(), undefined);
    const two = await lotse(['token', 'list', '--context', 'one', '--state', '.']);
    assert.match(two.stderr, /--state and --context name two control planes/);
  });

  test('where a control plane has its state too, it is said which one is meant', async () => {
    mkdirSync(join(folder, '.lotse'));
    writeFileSync(join(folder, '.lotse', 'client.json'), JSON.stringify({ server: plane.server, token: 'local' }));
    const said = await lotse(['token', 'list']);
    assert.match(said.stderr, /With the context two, not with the control plane of \.lotse: --state \.lotse/);
    assert.equal((await lotse(['context', 'use', '--none'])).exitCode, 0);
    const silent = await lotse(['token', 'list']);
    assert.equal(silent.stderr, '');
    assert.equal(token(), 'Bearer local');
  });

  test('a name that is not there is answered with the one that was probably meant', async () => {
    const wrong = await lotse(['context', 'use', 'tow']);
    assert.equal(wrong.exitCode, 5);
    assert.match(wrong.stderr, /Did you mean two\?/);
    await lotse(['context', 'use', 'two']);
    await lotse(['context', 'remove', 'two']);
    assert.doesNotMatch(readFileSync(file, 'utf8'), /token-two/);
    assert.deepEqual(
      JSON.parse((await lotse(['context', 'list', '--json'])).stdout).map((each: { name: string }) => each.name),
      ['one'],
    );
  });

  test('no token goes over a network in the clear, and nobody is asked where nobody is', async () => {
    const plain = await lotse(['login', 'http://lotse.example', '--token-stdin'], {}, 'secret');
    assert.equal(plain.exitCode, 2);
    assert.match(plain.stderr, /in the clear[^]*lotse login ssh:\/\/user@lotse\.example/);
    const silent = await lotse(['login', 'https://lotse.example']);
    assert.match(silent.stderr, /nobody to ask[^]*--token-stdin/);
    const empty = await lotse(['login', plane.server, '--token-stdin']);
    assert.match(empty.stderr, /No token came/);
  });

  test('a file that somebody has damaged is named, and nothing is written over it', async () => {
    const before = readFileSync(file);
    writeFileSync(file, '{"format": 2}');
    const refused = await lotse(['login', plane.server, '--token-stdin'], {}, 'secret');
    assert.equal(refused.exitCode, 2, refused.stderr);
    assert.match(refused.stderr, /contexts\.json is not what/);
    assert.equal(readFileSync(file, 'utf8'), '{"format": 2}');
    writeFileSync(file, before);
    chmodSync(file, 0o600);
  });
});

test('the settings of a person are where the system has them', () => {
  assert.equal(userConfigFolder({ HOME: '/of-ann' }, 'linux'), '/of-ann/.config/lotse');
  assert.equal(userConfigFolder({ HOME: '/of-ann', XDG_CONFIG_HOME: '/x' }, 'linux'), '/x/lotse');
  assert.equal(userConfigFolder({ HOME: '/of-ann' }, 'darwin'), '/of-ann/Library/Application Support/lotse');
  assert.match(userConfigFolder({ APPDATA: 'C:\\Users\\ann\\AppData\\Roaming' }, 'win32') ?? '', /Roaming.lotse$/);
  assert.equal(userConfigFolder({}, 'linux'), null);
});
