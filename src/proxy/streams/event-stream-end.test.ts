import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EventStreamEnd } from './event-stream-end.ts';

const longAgo = 10_000;

/** Is a stream that has brought these pieces between two events? */
function isBetween(...pieces: readonly string[]): boolean {
  const stream = new EventStreamEnd(true);
  for (const piece of pieces) assert.equal(stream.take(Buffer.from(piece)), piece.length);
  return stream.isAtBorder;
}

describe('an event ends', () => {
  for (const blank of ['\n\n', '\r\n\r\n', '\r\r', '\n\r\n', '\r\n\n']) {
    it(`with ${JSON.stringify(blank)}, split anywhere`, () => {
      const text = `id: 1\ndata: one${blank}`;
      for (let at = 0; at <= text.length; at++) assert.equal(isBetween(text.slice(0, at), text.slice(at)), true);
      assert.equal(isBetween(...text), true);
      assert.equal(isBetween(text, 'd'), false);
    });
  }

  it('not with the end of a line, and not in the middle of CRLF', () => {
    for (const text of ['data: one', 'data: one\n', 'data: one\r\n', 'data: one\r\n\r', 'data: one\n\r', 'data: one\r'])
      assert.equal(isBetween(text), false, JSON.stringify(text));
  });

  it('before the first one there is nothing to wait for', () => {
    assert.equal(isBetween(), true);
  });
});

describe('an event stream whose time is over', () => {
  it('ends when it has been silent for a moment between two events', () => {
    const stream = new EventStreamEnd(true);
    stream.take(Buffer.from('data: one\n\n'));
    assert.equal(stream.isTime(-1, longAgo), false);
    assert.equal(stream.isTime(1, 5), false);
    assert.equal(stream.isTime(100, 25), true);
    assert.equal(stream.take(Buffer.from('data: two\n\n')), 0);
  });

  it('that is never silent ends behind the last event that is whole', () => {
    const stream = new EventStreamEnd(true);
    stream.take(Buffer.from('data: on'));
    assert.equal(stream.isTime(1_100, 0), false);
    assert.equal(stream.take(Buffer.from('e')), 1);
    const piece = '\n\ndata: two\r\n\r\ndata: thr';
    assert.equal(stream.take(Buffer.from(piece)), piece.indexOf('data: thr'));
    assert.equal(stream.isOver, true);
    assert.equal(stream.take(Buffer.from('ee\n\n')), 0);
  });

  it('ends behind a blank line that came in two pieces', () => {
    for (const [first, second, end] of [
      ['data: one\n', '\nx', 1],
      ['data: one\r\n', '\r\nx', 2],
      ['data: one\r\n\r', '\nx', 1],
      ['data: one\r', '\rx', 1],
    ] as const) {
      const stream = new EventStreamEnd(true);
      stream.take(Buffer.from(first));
      stream.isTime(1_100, 0);
      assert.equal(stream.take(Buffer.from(second)), end, JSON.stringify(first));
    }
  });

  it('goes on when its instance accepts again', () => {
    const stream = new EventStreamEnd(true);
    stream.take(Buffer.from('data: o'));
    stream.isTime(1_100, 0);
    stream.isTime(-1, 0);
    assert.equal(stream.take(Buffer.from('ne\n\n')), 4);
    assert.equal(stream.isOver, false);
  });

  it('does not wait for ever for an event that never ends', () => {
    const stream = new EventStreamEnd(true);
    stream.take(Buffer.from('data: o'));
    assert.equal(stream.isTime(2_400, longAgo), false);
    assert.equal(stream.isTime(2_600, longAgo), true);
    assert.equal(stream.isOver, true);
  });

  it('that is compressed shows no border and ends when it is silent, or with what has come', () => {
    const stream = new EventStreamEnd(false);
    stream.take(Buffer.from('packed'));
    assert.equal(stream.isTime(1, 5), false);
    stream.isTime(1_100, 0);
    const other = new EventStreamEnd(false);
    other.take(Buffer.from('packed'));
    assert.equal(other.isTime(1, 25), true);
    assert.equal(stream.isOver, true);
  });
});
