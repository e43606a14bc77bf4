import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextMove } from './next-move.ts';
import type { UpgradeRecord } from './upgrade-record.ts';

const program = (root: string) => ({ root, version: '1.0.0', nodePath: '/node', mainFile: `${root}/src/main.ts` });
const [from, to, other] = ['/old', '/new', '/other'].map(program);
const moves = (phase: UpgradeRecord['phase']) =>
  [from, to, other, null].map((runs) => {
    assert.ok(from !== undefined && to !== undefined && runs !== undefined);
    return nextMove({ phase, from, to }, runs?.mainFile ?? null);
  });

test('an upgrade that was killed goes on by what runs: the old one is swapped, the new one watched, and none means back', () => {
  assert.deepEqual(moves('swapping'), ['swap', 'watch', 'begin', 'go-back']);
  assert.deepEqual(moves('returning'), ['watch-old', 'go-back', 'begin', 'go-back']);
});

test('after one that has ended, or none, the next one begins', () => {
  assert.deepEqual(moves('upgraded'), ['begin', 'begin', 'begin', 'begin']);
  assert.deepEqual(moves('returned'), ['begin', 'begin', 'begin', 'begin']);
  assert.equal(nextMove(null, '/old/src/main.ts'), 'begin');
});
