import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refuseFarVersions } from './refuse-far-versions.ts';

const say = (userAgent: string) => refuseFarVersions({ 'user-agent': userAgent }, '0.4.2');

test('a command line that is one minor version older or newer passes, and so does whoever is none', () => {
  for (const near of ['0.3.9', '0.4.0', '0.4.2-rc.1', '0.5.0']) say(`lotse-cli/${near}`);
  refuseFarVersions({}, '0.4.2');
  say('curl/8.5.0');
  say('Mozilla/5.0 (X11; Linux x86_64)');
});

test('one that is further away, or says what is no version, is told what to install', () => {
  for (const far of ['0.2.9', '0.6.0', '1.4.2', 'latest']) {
    assert.throws(() => say(`lotse-cli/${far}`), {
      code: 'wrong-version',
      message: `This command line is Lotse ${far}, and the control plane is 0.4.2.`,
      hint: /npm install --global lotse-cli@0\.4\.2$/,
    });
  }
});
