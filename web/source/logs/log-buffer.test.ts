import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogLineView } from '../../../src/capabilities/releases/releases-api.ts';
import { LogBuffer, plainText } from './log-buffer.ts';

const line = (text: string, service = 'dashboard'): LogLineView => ({
  ...{ at: 1_000, service, revision: 'production-7', slot: 0, attempt: 1, stream: 'out', text },
});
const textsOf = (buffer: LogBuffer) => buffer.shown.map(({ text }) => text);

test('only the newest lines are kept, and it is known how many are gone', () => {
  const buffer = new LogBuffer(3);
  buffer.add(['a', 'b'].map((text) => line(text)));
  buffer.add(['c', 'd', 'e'].map((text) => line(text)));
  assert.deepEqual(textsOf(buffer), ['c', 'd', 'e']);
  assert.equal(buffer.forgotten, 2);
  assert.equal(buffer.count, 5);
});

test('a search finds among what is there and what comes, whatever the case', () => {
  const buffer = new LogBuffer(10);
  buffer.add([line('GET /albums 200'), line('POST /login 500')]);
  buffer.search('Post');
  buffer.add([line('post-processing'), line('quiet')]);
  assert.deepEqual(textsOf(buffer), ['POST /login 500', 'post-processing']);
  buffer.search('');
  assert.equal(buffer.shown.length, 4);
});

test('what a search found is forgotten with its lines', () => {
  const buffer = new LogBuffer(2);
  buffer.search('x');
  buffer.add([line('x1'), line('x2'), line('y')]);
  assert.deepEqual(textsOf(buffer), ['x2']);
});

test('while it is held nothing moves, and what came meanwhile follows', () => {
  const buffer = new LogBuffer(10);
  buffer.add([line('a')]);
  const before = buffer.shown;
  buffer.hold();
  buffer.add([line('b'), line('c')]);
  assert.equal(buffer.shown, before);
  assert.equal(buffer.waitingCount, 2);
  buffer.release();
  assert.deepEqual(textsOf(buffer), ['a', 'b', 'c']);
});

test('a million lines are taken in and searched in seconds', { timeout: 60_000 }, () => {
  const buffer = new LogBuffer(100_000);
  const block = Array.from({ length: 10_000 }, (_, index) => line(`request ${index} took 12 ms`));
  for (let at = 0; at < 100; at += 1) buffer.add(block);
  buffer.search('request 77 ');
  assert.equal(buffer.shown.length, 10);
  assert.equal(buffer.count, 1_000_000);
  assert.equal(buffer.forgotten, 900_000);
});

test('colours of a terminal are left out, and nothing else', () => {
  assert.equal(plainText('\u001b[31merror\u001b[0m: [a] <b>'), 'error: [a] <b>');
  assert.equal(plainText('\u001b]8;;https://x\u0007link\u001b]8;;\u0007'), 'link');
});
