import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readEventStream, readLines } from './event-stream.ts';

/** The text in pieces of the given size, as a network might bring it. */
async function* inPieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

const position = () => ({ lastEventId: '', retryMs: 250 });

test('lines come out whole, wherever the network cuts them', async () => {
  const text = 'eins\r\nzwei\n\ndrei ü\rvier';
  for (let size = 1; size < 12; size += 1) {
    assert.deepEqual(await Array.fromAsync(readLines(inPieces(text, size))), ['eins', 'zwei', '', 'drei ü', 'vier']);
  }
});

test('a message has its id, its name and all of its data; comments and cut-off messages are passed over', async () => {
  const text = ': hello\n\nid: 7\nevent: change\ndata: {"a":\ndata: 1}\n\ndata:bare\n\nid: 8\ndata: cut off';
  const at = position();
  const events = await Array.fromAsync(readEventStream(readLines(inPieces(text, 5)), at));
  assert.deepEqual(events, [
    { id: '7', event: 'change', data: '{"a":\n1}' },
    { id: '7', event: 'message', data: 'bare' },
  ]);
});

test('the server says how long to wait before coming again', async () => {
  const at = position();
  await Array.fromAsync(readEventStream(readLines(inPieces('retry: 1200\nretry: soon\n\n', 100)), at));
  assert.equal(at.retryMs, 1200);
});
