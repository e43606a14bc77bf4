/**
 * MurmurHash3 (x86, 32 bit, seed 0) of a text, from 0 to 2^32-1. Over UTF-16 units as flagd's JavaScript evaluation has
 * it, so that a bucket is the same in both; for ASCII that is the hash of the bytes.
 */
export function murmur3(text: string): number {
  return hashFrom(0, text, 0, text.length);
}

/**
 * The same of `salt + text`, for many texts: what the salt gives is worked out once, and the two are never put together,
 * which would cost more than the hash.
 */
export function saltedMurmur3(salt: string): (text: string) => number {
  const whole = salt.length & ~3;
  const before = mixBlocks(0, salt, 0, whole);
  const left = salt.length - whole;
  const leftBlock = blockOfRest(salt, whole);
  return (text) => {
    const length = salt.length + text.length;
    if (left === 0) return hashFrom(before, text, 0, length);
    const taken = 4 - left;
    // Too short to fill the block that the salt has begun.
    if (text.length < taken) return murmur3(salt + text);
    let block = leftBlock;
    for (let at = left; at < 4; at += 1) block ^= unitAt(text, at - left, at);
    return hashFrom(mix(before, block), text, taken, length);
  };
}

/** `from`: where in the text the next block begins. */
function hashFrom(before: number, text: string, from: number, length: number): number {
  const whole = from + ((text.length - from) & ~3);
  const rest = blockOfRest(text, whole);
  const hash = mixBlocks(before, text, from, whole);
  return finish(rest === 0 ? hash : hash ^ scramble(rest), length);
}

function mixBlocks(before: number, text: string, from: number, to: number): number {
  let hash = before;
  for (let at = from; at < to; at += 4) {
    const last = text.charCodeAt(at + 3);
    const block =
      text.charCodeAt(at) ^
      (text.charCodeAt(at + 1) << 8) ^
      (text.charCodeAt(at + 2) << 16) ^
      ((last & 0xff) << 24) ^
      ((last & 0xff00) >> 8);
    hash = mix(hash, block);
  }
  return hash;
}

function mix(hash: number, block: number): number {
  const mixed = hash ^ scramble(block);
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

/** The unit at `from` of the text, at its place in a block. */
function unitAt(text: string, from: number, place: number): number {
  const unit = text.charCodeAt(from);
  return place === 3 ? ((unit & 0xff) << 24) ^ ((unit & 0xff00) >> 8) : unit << (8 * place);
}

/** What no block was made of. */
function blockOfRest(text: string, from: number): number {
  let block = 0;
  for (let at = from; at < text.length; at += 1) block ^= text.charCodeAt(at) << (8 * (at - from));
  return block;
}

function scramble(block: number): number {
  const mixed = Math.imul(block, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}

function finish(hash: number, length: number): number {
  let mixed = hash ^ length;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
