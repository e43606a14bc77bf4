import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whyUnfit } from './fits-machine.ts';

const here = { os: 'linux', cpu: 'x64', libc: 'glibc 2.36', runtime: 'node 24.21.0' };

test('an artifact runs where it was built, on a newer glibc, and on another Node of the same major version', () => {
  assert.equal(whyUnfit(here, here), null);
  assert.equal(whyUnfit({ ...here, libc: 'glibc 2.9' }, here), null);
  assert.equal(whyUnfit({ ...here, runtime: 'node 24.2.0' }, here), null);
});

test('another system, processor, C library or major version of Node is named', () => {
  assert.match(whyUnfit({ ...here, os: 'darwin' }, here) ?? '', /built for darwin x64, and this machine is linux x64/);
  assert.match(whyUnfit({ ...here, cpu: 'arm64' }, here) ?? '', /arm64/);
  assert.match(whyUnfit({ ...here, libc: 'glibc 2.41' }, here) ?? '', /built with glibc 2\.41/);
  assert.match(whyUnfit({ ...here, libc: 'musl' }, here) ?? '', /built with musl/);
  assert.match(whyUnfit({ ...here, runtime: 'node 26.1.0' }, here) ?? '', /built for node 26\.1\.0/);
});
