import assert from 'node:assert/strict';
import {
  createWriteStream,
  existsSync,
  readdirSync,
  readFileSync,
  truncateSync,
  copyFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { seal } from '../../src/backup/backup-cipher.ts';
import { parseBackupManifest } from '../../src/backup/backup-manifest.ts';
import { restoreFromArguments } from '../../src/offline-backup.ts';
import { ProxyControl } from '../../src/proxy/control-client.ts';
import { lotse as runLotse } from '../harness/running-lotse.ts';
import { sharedLotse } from '../harness/shared-lotse.ts';
import { endProcessesOf } from '../harness/state-processes.ts';
import { temporaryLotse } from '../harness/temporary-lotse.ts';
import { until } from '../harness/until.ts';
import { visit } from '../harness/visit.ts';

const planted = 'planted-9f2c47d1-never-in-the-open';

describe('a backup of Lotse itself', { timeout: 480_000 }, () => {
  let recipient = '';
  let release = '';
  const lotse = sharedLotse(async (fresh) => {
    const shop = { more: { secrets: ['SESSION_KEY'] } };
    const built = await fresh.client.release(shop);
    release = built.id;
    await fresh.client.ask('PUT /apps/shop/environments/production/secrets/SESSION_KEY', { value: planted });
    await fresh.client.deploy(release);
  });
  const fileOf = (name: string) => join(lotse().folder, name);
  const backupFile = () => fileOf('lotse.age');
  const identityFile = () => fileOf('key.txt');
  const run = async (...line: readonly string[]) => await runLotse(['backup', ...line], { cwd: lotse().folder });

  before(async () => {
    const identity = await generateIdentity();
    recipient = await identityToRecipient(identity);
    writeFileSync(identityFile(), `# made by a test\n${identity}\n`);
    const made = await run('create', backupFile(), '--state', lotse().state, '--recipient', recipient);
    assert.equal(made.exitCode, 0, made.said);
  });

  test('is one file for its owner alone, in which nothing can be read', () => {
    assert.equal(statSync(backupFile()).mode & 0o777, 0o600);
    const bytes = readFileSync(backupFile());
    const key = readFileSync(join(lotse().state, 'control', 'vault.key'), 'utf8').trim();
    for (const text of [planted, key, 'SESSION_KEY', 'lotse.sqlite', 'SQLite format 3'])
      assert.ok(!bytes.includes(text), `${text} can be read`);
    assert.deepEqual(
      readdirSync(join(lotse().state, 'control')).filter((name) => name.startsWith('.backup-')),
      [],
    );
  });

  test('is refused with the wrong key, cut, changed, or of a newer Lotse, and nothing is written', async () => {
    const bare = fileOf('bare');
    const other = fileOf('other.txt');
    writeFileSync(other, await generateIdentity());
    const [cut, changed, newer] = ['cut.age', 'changed.age', 'newer.age'].map((name) => fileOf(name));
    assert.ok(cut !== undefined && changed !== undefined && newer !== undefined);
    copyFileSync(backupFile(), cut);
    truncateSync(cut, Math.floor(statSync(cut).size / 2));
    const bytes = readFileSync(backupFile());
    bytes[bytes.length - 1000] = (bytes[bytes.length - 1000] ?? 0) ^ 1;
    writeFileSync(changed, bytes);
    const wishes = [
      { file: backupFile(), key: other, code: 'sealed', message: /this key does not open this backup/ },
      { file: cut, key: identityFile(), code: 'bad-input', message: /damaged or cut/ },
      { file: changed, key: identityFile(), code: 'bad-input', message: /damaged or cut/ },
      { file: identityFile(), key: identityFile(), code: 'bad-input', message: /damaged or cut, or is none/ },
    ];
    for (const { file, key, code, message } of wishes) {
      await assert.rejects(restoreFromArguments(['--file', file, '--state', bare, '--identity', key]), {
        code,
        message,
      });
      assert.ok(!existsSync(bare), 'nothing was written');
    }
    assert.throws(() => parseBackupManifest(JSON.stringify({ format: 2, lotseVersion: '9.0.0' }), '0.1.0'), {
      code: 'state-too-new',
      message: /made by Lotse 9\.0\.0/,
    });
    const sealed = await seal(Readable.from([Buffer.from('no tar at all')]), { recipients: [recipient] });
    await pipeline(sealed, createWriteStream(newer));
    const line = ['--file', newer, '--state', bare, '--identity', identityFile()];
    await assert.rejects(restoreFromArguments(line), { code: 'bad-input' });
    assert.ok(!existsSync(bare));
  });

  test('is not restored under a control plane that runs, nor over a state without being told to', async () => {
    const line = ['--file', backupFile(), '--state', lotse().state, '--identity', identityFile()];
    await assert.rejects(restoreFromArguments([...line, '--replace']), { code: 'locked' });
    await lotse().plane.end('SIGTERM');
    await assert.rejects(restoreFromArguments(line), { code: 'conflict' });
    await lotse().start();
  });

  test('restored in place finds what runs, goes above every fence, and names what it does not know', async () => {
    const newer = await lotse().client.release({
      web: { config: { NEWER: 'yes' } },
      more: { secrets: ['SESSION_KEY'] },
    });
    await lotse().client.deploy(newer.id);
    const { revision } = await lotse().client.environment();
    for (let turn = 0; turn < 2; turn++) await lotse().restart();
    const control = new ProxyControl(join(lotse().state, 'proxy'));
    const { fence } = await control.status();
    const port = await lotse().port();
    await lotse().plane.end('SIGTERM');
    const restored = await run(
      'restore',
      backupFile(),
      '--state',
      lotse().state,
      '--identity',
      identityFile(),
      '--replace',
    );
    assert.equal(restored.exitCode, 0, restored.said);
    assert.ok(restored.said.includes(`shop ${revision}`), restored.said);
    assert.match(restored.said, /control\.before-restore-/);
    await lotse().start();
    assert.equal((await lotse().client.environment()).release, release);
    await until('users get what the backup knows', async () => (await visit(port)).body === release);
    assert.ok((await control.status()).fence > fence);
    const check = await runLotse(['journal', 'check', '--state', lotse().state], { cwd: lotse().folder });
    assert.match(check.stdout, /control +\d+ +whole/, check.said);
    lotse().changeDatabase((database) => {
      const [found] = database.prepare("select body from journal where type = 'state-restored'").all();
      assert.match(String(found?.['body']), /"backupVersion"/);
    });
    // What it numbers anew never meets what it has forgotten.
    const next = await lotse().client.release({ web: { config: { NEXT: 'yes' } }, more: { secrets: ['SESSION_KEY'] } });
    assert.notEqual(next.id.split('-')[0], newer.id.split('-')[0]);
    await lotse().client.deploy(next.id);
    assert.notEqual((await lotse().client.environment()).revision, revision);
    assert.equal((await visit(port)).body, next.id);
  });

  test('brings production up on a bare state folder', async (t) => {
    const port = await lotse().port();
    await endProcessesOf(lotse().state);
    const other = await temporaryLotse(t);
    const restored = await run('restore', backupFile(), '--state', other.state, '--identity', identityFile());
    assert.equal(restored.exitCode, 0, restored.said);
    const modeOf = (state: string, path: string) => statSync(join(state, path)).mode & 0o777;
    assert.equal(modeOf(other.state, 'control'), 0o700);
    for (const path of ['control/lotse.sqlite', 'control/vault.key', 'target', 'target/sealing.key', 'builds'])
      assert.equal(modeOf(other.state, path), modeOf(lotse().state, path), path);
    await other.start();
    await until('users get it again', async () => (await visit(port)).body === release);
    assert.equal((await other.client.environment()).release, release);
  });
});
