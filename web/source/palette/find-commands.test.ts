import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findCommands, type PaletteCommand } from './find-commands.ts';

const command = (label: string, detail?: string): PaletteCommand => ({
  ...{ id: label, label, icon: undefined as never, group: 'go', run: () => undefined },
  ...(detail === undefined ? {} : { detail }),
});
const commands = [
  command('Overview'),
  command('Logs of production'),
  command('Roll back production'),
  command('r8-9c1d2e3', 'Albums can be shared by link'),
  command('Blog of releases'),
];
const labels = (typed: string) => findCommands(commands, typed).map(({ label }) => label);

test('nothing typed shows everything', () => {
  assert.equal(labels(' ').length, commands.length);
});

test('every word has to be found, in any order, also in what stands behind', () => {
  assert.deepEqual(labels('prod roll'), ['Roll back production']);
  assert.deepEqual(labels('shared albums'), ['r8-9c1d2e3']);
  assert.deepEqual(labels('nowhere'), []);
});

test('words that begin as typed come first', () => {
  assert.deepEqual(labels('log'), ['Logs of production', 'Blog of releases']);
});
