import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { HiddenValues } from './hidden-values.ts';
import { Secret } from './secret.ts';

function hiding(...values: readonly string[]): HiddenValues {
  const hidden = new HiddenValues();
  for (const value of values) hidden.add(new Secret(value));
  return hidden;
}

test('a value is hidden in plain, as base64, in a URL, in a form and in JSON', () => {
  const value = `a "${randomBytes(9).toString('hex')}" / 100 % + ä\\`;
  const { hide } = hiding(value);
  const base64 = Buffer.from(value).toString('base64');
  const url = encodeURIComponent(value);
  const forms = [value, base64, Buffer.from(value).toString('base64url'), url, url.toLowerCase()];
  const all = [...forms, new URLSearchParams({ a: value }).toString(), JSON.stringify({ value })];
  for (const form of all) {
    const told = hide(`before ${form} after`);
    assert.ok(told.includes('***') && told.startsWith('before ') && told.endsWith(' after'), form);
    assert.ok(!told.includes(value.slice(4, 20)), form);
  }
});

test('base64 of a longer text shows nothing of a value in it, wherever it stands', () => {
  const value = randomBytes(18).toString('hex');
  const { hide } = hiding(value);
  for (const before of ['', 'u', 'us', 'user:']) {
    for (const after of ['', '@', '@h', '@host']) {
      const told = hide(Buffer.from(`${before}${value}${after}`).toString('base64'));
      const left = Buffer.from(told.replaceAll('***', '===='), 'base64').toString('latin1');
      assert.ok(told.includes('***'), `${before}…${after}`);
      assert.ok(!left.includes(value.slice(0, 8)) && !left.includes(value.slice(-8)), told);
    }
  }
});

test('each line of a value of several lines is hidden by itself', () => {
  const { hide } = hiding('-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG\n-----END KEY-----\n');
  assert.equal(hide('key: MIIEvQIBADANBgkqhkiG'), 'key: ***');
});

test('short values are left: they would be found by chance', () => {
  assert.equal(hiding('true', '1', '').hide('true is 1'), 'true is 1');
});

test('of two values that overlap, the longer one is hidden as a whole', () => {
  assert.equal(hiding('password', 'password-of-production').hide('it is password-of-production'), 'it is ***');
});
