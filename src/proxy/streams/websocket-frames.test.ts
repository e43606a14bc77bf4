import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { webSocketFrame, type FrameOptions } from '../fixtures/websocket-frame.ts';
import { WebSocketFrames } from './websocket-frames.ts';

/** What stands between two frames: `message` where also a message ends, `frame` inside a fragmented one. */
type Border = 'message' | 'frame';

const frames: readonly (readonly [payload: string | Buffer, options: FrameOptions, border: Border])[] = [
  ['hello', {}, 'message'],
  ['', {}, 'message'],
  ['x'.repeat(125), { opcode: 2 }, 'message'],
  ['x'.repeat(126), {}, 'message'],
  [Buffer.alloc(65_536, 0x88), { opcode: 2 }, 'message'],
  ['small in a long frame', { lengthBits: 64 }, 'message'],
  ['small in a longer frame', { lengthBits: 16 }, 'message'],
  ['one ', { isFinal: false, isCompressed: true }, 'frame'],
  ['are you there?', { opcode: 9 }, 'frame'],
  ['', { opcode: 9 }, 'frame'],
  ['two ', { opcode: 0, isFinal: false }, 'frame'],
  ['yes', { opcode: 10 }, 'frame'],
  ['three', { opcode: 0 }, 'message'],
  ['compressed', { isCompressed: true }, 'message'],
];

function bytesOf(isMasked: boolean): { readonly bytes: Buffer; readonly borders: ReadonlyMap<number, Border> } {
  const borders = new Map<number, Border>([[0, 'message']]);
  let length = 0;
  const all = frames.map(([payload, options, border]) => {
    const bytes = webSocketFrame(payload, { ...options, isMasked });
    borders.set((length += bytes.length), border);
    return bytes;
  });
  return { bytes: Buffer.concat(all), borders };
}

const borderOf = (followed: WebSocketFrames): Border | null =>
  followed.isAtMessage ? 'message' : followed.isAtFrame ? 'frame' : null;

for (const isMasked of [true, false]) {
  describe(isMasked ? 'frames of a client' : 'frames of an app', () => {
    const { bytes, borders } = bytesOf(isMasked);

    it('are followed byte by byte, each border where it is and nowhere else', () => {
      const followed = new WebSocketFrames(isMasked);
      for (let at = 0; at <= bytes.length; at++) {
        assert.equal(borderOf(followed), borders.get(at) ?? null, `after ${at} bytes`);
        followed.follow(bytes, at, Math.min(at + 1, bytes.length));
      }
      assert.equal(followed.isBroken, false);
    });

    it('end where they end however the bytes are split in two', () => {
      const near = [...borders.keys()].flatMap((at) => Array.from({ length: 15 }, (_, more) => at + more));
      for (const split of near.filter((at) => at < bytes.length)) {
        const followed = new WebSocketFrames(isMasked);
        followed.follow(bytes, 0, split);
        assert.equal(borderOf(followed), borders.get(split) ?? null, `split at ${split}`);
        followed.follow(bytes, split, bytes.length);
        assert.equal(borderOf(followed), 'message', `split at ${split}`);
      }
    });

    it('are taken one by one', () => {
      const followed = new WebSocketFrames(isMasked);
      const ends: number[] = [];
      for (let at = 0; at < bytes.length;) ends.push((at = followed.advance(bytes, at, bytes.length)));
      assert.deepEqual([0, ...ends], [...borders.keys()]);
    });
  });
}

describe('what is not the agreed framing', () => {
  const broken: Readonly<Record<string, Buffer>> = {
    'a frame without a mask from a client': webSocketFrame('x', { isMasked: false }),
    'a reserved opcode': webSocketFrame('x', { opcode: 3 }),
    'a reserved control opcode': webSocketFrame('x', { opcode: 11 }),
    'a continuation of nothing': webSocketFrame('x', { opcode: 0 }),
    'a message inside a message': Buffer.concat([webSocketFrame('x', { isFinal: false }), webSocketFrame('y')]),
    'a control frame in fragments': webSocketFrame('x', { opcode: 9, isFinal: false }),
    'a control frame that is too long': webSocketFrame('x'.repeat(126), { opcode: 9 }),
    'a length that no one can count': Buffer.from([0x82, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 1]),
    'other bytes': Buffer.from('GET / HTTP/1.1\r\n'),
  };
  for (const [what, bytes] of Object.entries(broken)) {
    it(`is noticed: ${what}`, () => {
      const followed = new WebSocketFrames(true);
      followed.follow(bytes, 0, bytes.length);
      assert.equal(followed.isBroken, true);
      assert.equal(followed.isAtFrame, false);
      followed.follow(bytes, 0, bytes.length);
      assert.equal(followed.isBroken, true);
    });
  }
});

it('a Close is known by its first byte', () => {
  const followed = new WebSocketFrames(true);
  const bytes = Buffer.concat([webSocketFrame('bye'), webSocketFrame(Buffer.from([0x03, 0xe8]), { opcode: 8 })]);
  const at = followed.advance(bytes, 0, bytes.length);
  assert.equal(followed.isClose(bytes[at]), true);
  assert.equal(followed.hasClosed, false);
  followed.follow(bytes, at, at + 1);
  assert.equal(followed.hasClosed, true);
});
