import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decoyHash, hashPassword, isPassword } from './password-hash.ts';

test('a password verifies by its own hash alone, and no two hashes are the same', async () => {
  const hash = await hashPassword('correct horse battery');
  assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
  assert.notEqual(await hashPassword('correct horse battery'), hash);
  assert.equal(await isPassword('correct horse battery', hash), true);
  assert.equal(await isPassword('correct horse batterz', hash), false);
  assert.equal(await isPassword('', decoyHash), false);
  assert.equal(await isPassword('x', 'no hash'), false);
});

test('hashes of other numbers verify too, as the reference implementation writes them', async () => {
  const byReference = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
  assert.equal(await isPassword('password', byReference), true);
  assert.equal(await isPassword('passwords', byReference), false);
});

test('letters that are composed in different ways are the same password', async () => {
  assert.equal(await isPassword('Gru\u0308n und lang genug', await hashPassword('Gr\u00fcn und lang genug')), true);
});
