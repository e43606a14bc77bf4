import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitsClaims, missingIdentity, sayClaims } from './match-claims.ts';

const claims = { repository: 'acme/shop', ref: 'refs/tags/v1.2.3', run_id: 77, aud: ['x'], nothing: null };

test('every pattern fits its claim as a whole, a * stands for any characters', () => {
  const fits = (patterns: Record<string, string>) => fitsClaims(patterns, claims);
  assert.equal(fits({ repository: 'acme/shop', ref: 'refs/tags/v*' }), true);
  assert.equal(fits({ repository: 'acme/*' }), true);
  assert.equal(fits({ repository: '*/shop' }), true);
  assert.equal(fits({ ref: 'refs/*/v*.3' }), true);
  assert.equal(fits({ run_id: '77' }), true);
  assert.equal(fits({ repository: 'acme/sho' }), false);
  assert.equal(fits({ repository: 'cme/shop' }), false);
  assert.equal(fits({ repository: 'ACME/shop' }), false);
  assert.equal(fits({ repository: 'acme/shop*p' }), false, 'no letter counts twice');
  assert.equal(fits({ ref: 'refs/heads/*' }), false);
  assert.equal(fits({ ref: 'refs/tags/v1.2.3', missing: '*' }), false, 'a claim that is not there');
  assert.equal(fits({ aud: '*' }), false, 'a list is no single value');
  assert.equal(fits({ nothing: '*' }), false);
});

test('a rule that lets strangers in says what is missing', () => {
  assert.equal(missingIdentity({ repository: 'acme/shop' }), null);
  assert.equal(missingIdentity({ project_path: 'acme/*' }), null);
  assert.equal(missingIdentity({ sub: 'repo:acme/shop:*', ref: '*' }), null);
  assert.match(missingIdentity({ ref: 'refs/heads/main' }) ?? '', /No claim says whose/);
  for (const open of ['*', 'acme*', '*/shop'])
    assert.match(missingIdentity({ repository: open }) ?? '', /other owners/);
});

test('what a token says of itself is told without what a rule is not about', () => {
  assert.equal(sayClaims(claims), 'repository=acme/shop, ref=refs/tags/v1.2.3');
  assert.equal(sayClaims({}), 'no claim that a rule could be about');
});
