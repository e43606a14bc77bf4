import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LotseError } from '../../core/errors.ts';
import { changeSettings, type Setting } from './settings.ts';

const level: Setting = { variable: 'LEVEL', service: null, value: 'info', version: 1 };
const own: Setting = { variable: 'LEVEL', service: 'web', value: 'trace', version: 2 };
const isRefused = (code: string) => (thrown: unknown) => thrown instanceof LotseError && thrown.code === code;

test('a change keeps what it does not name, with the version that set it', () => {
  const set = [
    { variable: 'POOL', service: null, value: '5' },
    { variable: 'LEVEL', service: 'web', value: 'debug' },
  ];
  const { settings, changes } = changeSettings([level, own], { set, unset: [] }, 3);
  assert.deepEqual(
    settings.map(({ variable, service, value, version }) => [variable, service, value, version]),
    [
      ['LEVEL', null, 'info', 1],
      ['LEVEL', 'web', 'debug', 3],
      ['POOL', null, '5', 3],
    ],
  );
  assert.deepEqual(changes, [
    { variable: 'POOL', service: null, from: null, to: '5' },
    { variable: 'LEVEL', service: 'web', from: 'trace', to: 'debug' },
  ]);
});

test('what is set to the value that it has is no change, and keeps its author', () => {
  const { settings, changes } = changeSettings([level], { set: [{ ...level }], unset: [] }, 2);
  assert.deepEqual([settings, changes], [[level], []]);
});

test('what was set for one service is unset for it alone; what was never set is not found', () => {
  const { settings, changes } = changeSettings([level, own], { set: [], unset: [own] }, 3);
  assert.deepEqual([settings, changes], [[level], [{ variable: 'LEVEL', service: 'web', from: 'trace', to: null }]]);
  const unset = [{ variable: 'LEVEL', service: 'api' }];
  assert.throws(() => changeSettings([level, own], { set: [], unset }, 3), isRefused('not-found'));
});

test('one place is named once in a change', () => {
  const set = [level, { ...level, value: 'x' }];
  assert.throws(() => changeSettings([], { set, unset: [] }, 1), isRefused('bad-input'));
  assert.throws(
    () => changeSettings([level], { set: [{ ...level, value: 'x' }], unset: [level] }, 2),
    isRefused('bad-input'),
  );
});
