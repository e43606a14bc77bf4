import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { findConnection } from './connection.ts';

const folder = mkdtempSync(join(tmpdir(), 'lotse-connection-'));
after(() => rmSync(folder, { recursive: true }));

const inside = join(folder, 'apps', 'shop', 'src');
mkdirSync(inside, { recursive: true });
mkdirSync(join(folder, '.lotse'));
writeFileSync(
  join(folder, '.lotse', 'client.json'),
  JSON.stringify({ server: 'http://127.0.0.1:7700', token: 'local' }),
);

test('the control plane whose state lies above is found from inside an app', () => {
  const found = findConnection({ env: {}, cwd: inside });
  assert.equal(found.server, 'http://127.0.0.1:7700');
  assert.equal(found.token?.reveal(), 'local');
  assert.equal(found.source, join(folder, '.lotse', 'client.json'));
});

test('LOTSE_SERVER goes before it and never gets the local token', () => {
  const found = findConnection({ env: { LOTSE_SERVER: 'https://lotse.example/' }, cwd: inside });
  assert.equal(found.server, 'https://lotse.example');
  assert.equal(found.token, null);
});

test('LOTSE_TOKEN alone speaks with the local control plane as somebody else', () => {
  assert.equal(findConnection({ env: { LOTSE_TOKEN: 'mine' }, cwd: inside }).token?.reveal(), 'mine');
});

test('a token does not show itself when it is printed', () => {
  assert.doesNotMatch(JSON.stringify(findConnection({ env: {}, cwd: inside })), /local"/);
});

test('without any control plane the message says how to get one', () => {
  assert.throws(() => findConnection({ env: { LOTSE_SERVER: '' }, cwd: '/' }), {
    code: 'unreachable',
    hint: /lotse up[^]*LOTSE_SERVER=/,
  });
});

test('an address without http is refused by name', () => {
  assert.throws(() => findConnection({ env: { LOTSE_SERVER: 'lotse.example:7700' }, cwd: '/' }), {
    code: 'bad-input',
    message: /"lotse.example:7700" is not the address/,
  });
});
