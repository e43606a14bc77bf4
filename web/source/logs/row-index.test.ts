import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RowIndex } from './row-index.ts';

const lineOf = (number: number, text: string) => ({
  ...{ at: 0, service: 's', revision: 'r', slot: 0, attempt: 1, stream: 'out' as const, text, number },
});

test('without breaks a row is a line', () => {
  const index = new RowIndex();
  index.update([lineOf(1, 'a'), lineOf(2, 'b'.repeat(90))], null);
  assert.equal(index.rows, 2);
  assert.equal(index.lineAt(1), 1);
  assert.equal(index.rowOf(1), 1);
});

test('a long line takes the rows that it needs, an empty one takes one', () => {
  const index = new RowIndex();
  index.update([lineOf(1, ''), lineOf(2, 'b'.repeat(21)), lineOf(3, 'c')], 10);
  assert.equal(index.rows, 5);
  assert.deepEqual(
    [0, 1, 3, 4].map((row) => index.lineAt(row)),
    [0, 1, 1, 2],
  );
  assert.equal(index.rowOf(2), 4);
});

test('lines that come are added, and those that go are taken out', () => {
  const index = new RowIndex();
  const lines = Array.from({ length: 5 }, (_, at) => lineOf(at + 1, 'x'.repeat(at * 10)));
  index.update(lines.slice(0, 3), 10);
  index.update(lines, 10);
  assert.equal(index.rows, 1 + 1 + 2 + 3 + 4);
  index.update(lines.slice(2), 10);
  assert.equal(index.rows, 2 + 3 + 4);
  index.update(lines.slice(2), 40);
  assert.equal(index.rows, 3);
});
