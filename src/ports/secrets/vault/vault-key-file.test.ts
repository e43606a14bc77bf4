import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { readVaultKey } from './vault-key-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'lotse-vault-key-'));
const file = join(folder, 'vault.key');
after(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => rmSync(file, { force: true }));

const nothing = () => Promise.resolve(false);
const something = () => Promise.resolve(true);

test('the first key is made for its owner alone, and is found again', async () => {
  const made = await readVaultKey(file, nothing);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal((await readVaultKey(file, something))?.id, made?.id);
});

test('whoever makes the first one at the same moment gets the same', async () => {
  const made = await Promise.all(Array.from({ length: 8 }, () => readVaultKey(file, nothing)));
  assert.equal(new Set(made.map((key) => key?.id)).size, 1);
  assert.deepEqual(readdirSync(folder), ['vault.key']);
});

test('none is made where something is sealed already', async () => {
  assert.equal(await readVaultKey(file, something), null);
  assert.throws(() => statSync(file), { code: 'ENOENT' });
});

test('one that others may read is refused, and one that was cut too', async () => {
  await readVaultKey(file, nothing);
  chmodSync(file, 0o640);
  await assert.rejects(readVaultKey(file, nothing), { code: 'sealed', message: /others on this machine may read/ });
  chmodSync(file, 0o600);
  writeFileSync(file, readFileSync(file, 'utf8').slice(0, 12));
  await assert.rejects(readVaultKey(file, nothing), { code: 'sealed', message: /9 bytes instead of 32/ });
});
