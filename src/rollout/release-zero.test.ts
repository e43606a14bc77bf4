import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isReleaseZero, releaseBefore, releaseZero, upstreamUrl } from './release-zero.ts';

it('what was adopted is release 0, and no release of Lotse is', () => {
  assert.ok(isReleaseZero(releaseZero));
  assert.ok(!isReleaseZero({ revision: 'production-1', release: 'r1' }));
});

it('the address of an upstream is a URL, with brackets around IPv6', () => {
  assert.equal(upstreamUrl({ host: '127.0.0.1', port: 3_000 }), 'http://127.0.0.1:3000');
  assert.equal(upstreamUrl({ host: '::1', port: 3_000 }), 'http://[::1]:3000');
});

it('returned to is the release that served, release 0 where something was adopted, or none', () => {
  assert.equal(releaseBefore({ kind: 'revision', revision: 'production-1', release: 'r1' }), 'r1');
  assert.equal(releaseBefore({ kind: 'adopted', host: '::1', port: 80 }), 'r0');
  assert.equal(releaseBefore({ kind: 'maintenance' }), null);
});
