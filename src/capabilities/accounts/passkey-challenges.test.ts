import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PasskeyChallenges } from './passkey-challenges.ts';

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');

test('a challenge counts once, for its purpose, within five minutes, and only from the process that issued it', () => {
  let now = 1_700_000_000_000;
  const challenges = new PasskeyChallenges(() => now);
  const [one, two, three] = ['sign-in', 'sign-in', 'p1'].map((purpose) => text(challenges.issue(purpose)));
  assert.ok(one !== undefined && two !== undefined && three !== undefined);
  assert.notEqual(one, two);
  assert.equal(challenges.use(one, 'p1'), false, 'another purpose');
  assert.equal(challenges.use(one, 'sign-in'), true);
  assert.equal(challenges.use(one, 'sign-in'), false, 'a second time');
  assert.equal(challenges.use(three, 'p2'), false, 'another person');
  assert.equal(challenges.use(three, 'p1'), true);
  assert.equal(new PasskeyChallenges(() => now).use(two, 'sign-in'), false, 'another process');
  now += 5 * 60_000;
  assert.equal(challenges.use(two, 'sign-in'), false, 'too late');
  for (const wrong of ['', 'AAAA', 'A'.repeat(72)]) assert.equal(challenges.use(wrong, 'sign-in'), false);
});
