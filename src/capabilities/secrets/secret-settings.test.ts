import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSecretSource } from './secret-settings.ts';

test('an address names the store, and the environment what lets Lotse in', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'lotse-settings-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'token');
  writeFileSync(file, 'first\n');
  assert.deepEqual(readSecretSource('built-in', {}), { kind: 'built-in' });
  const vault = readSecretSource('vault:https://vault.example:8200/kv/teams/web', { VAULT_TOKEN_FILE: file });
  assert.ok(vault.kind === 'hashicorp' && vault.login.kind === 'token');
  assert.deepEqual([vault.origin, vault.mount, vault.folder], ['https://vault.example:8200', 'kv', 'teams/web/']);
  assert.equal(vault.login.token(), 'first');
  writeFileSync(file, 'renewed\n');
  assert.equal(vault.login.token(), 'renewed');
  const azure = readSecretSource('azure:https://shop.vault.azure.net', {});
  assert.ok(azure.kind === 'azure' && azure.login.kind === 'managed');
  const google = readSecretSource('google:shop', {});
  assert.ok(google.kind === 'google' && google.parent === 'projects/shop' && google.login.kind === 'metadata');
});

test('what cannot be is refused, without quoting a credential', () => {
  const refused = (written: string, environment = {}) => {
    try {
      readSecretSource(written, environment);
    } catch (error) {
      return String(error);
    }
    return 'taken';
  };
  assert.match(refused('nowhere'), /--secrets takes built-in/);
  assert.match(refused('vault:http://vault.example:8200'), /takes an https:\/\/ address/);
  assert.match(refused('vault:https://vault.example'), /wants VAULT_TOKEN/);
  assert.match(refused('azure:https://x.vault.azure.net', { AZURE_CLIENT_SECRET: 's' }), /goes with AZURE_TENANT_ID/);
  const quoting = refused('vault:https://user:hunter22@vault.example', { VAULT_TOKEN: 't' });
  assert.match(quoting, /takes no name or password/);
  assert.doesNotMatch(quoting, /hunter22/);
});
