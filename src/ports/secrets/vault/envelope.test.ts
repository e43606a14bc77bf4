import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../../../core/secret.ts';
import { open, seal, VaultKey } from './envelope.ts';

const about = '["shop","production","SESSION_KEY",1]';
const key = VaultKey.random();
const sealedText = seal(key, new Secret('päss\nwort'), about);

test('a sealed value opens with its key, where it belongs', () => {
  assert.equal(open(key, sealedText, about).reveal(), 'päss\nwort');
  assert.equal(open(new VaultKey(Buffer.from(key.reveal())), sealedText, about).reveal(), 'päss\nwort');
});

test('the same value is sealed differently each time, and nothing of it can be read', () => {
  const other = seal(key, new Secret('päss\nwort'), about);
  assert.notEqual(other, sealedText);
  const parts = sealedText.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'));
  assert.ok(parts.every((part) => !part.includes('wort')));
});

test('it does not open with another key, which is named, nor for another place', () => {
  const other = VaultKey.random();
  assert.throws(() => open(other, sealedText, about), {
    code: 'sealed',
    message: new RegExp(`${key.id}.*${other.id}`),
  });
  assert.throws(() => open(key, sealedText, '["shop","staging","SESSION_KEY",1]'), { code: 'sealed' });
});

test('one that was changed anywhere does not open', () => {
  for (const at of sealedText.matchAll(/[A-Za-z0-9_-]/g)) {
    const changed = `${sealedText.slice(0, at.index)}${at[0] === 'A' ? 'B' : 'A'}${sealedText.slice(at.index + 1)}`;
    const same = (text: string) => text.split('.').map((part) => Buffer.from(part, 'base64url').toString('hex'));
    // The last character of base64 may have bits that mean nothing.
    if (same(changed).join('.') === same(sealedText).join('.')) continue;
    assert.throws(() => open(key, changed, about), { code: 'sealed' }, `at ${at.index}`);
  }
  for (const cut of ['', 'v1', sealedText.slice(0, -20), `${key.id}.x`]) {
    assert.throws(() => open(key, cut, about), { code: 'sealed' }, cut);
  }
});

test('a key is 32 bytes', () => {
  assert.throws(() => new VaultKey(Buffer.alloc(31)), { code: 'sealed', message: /31 bytes/ });
});
