const blockSize = 512;

/**
 * A tar without the entries that `isLeftOut` says so of, by their path without a leading `./` and trailing `/`. Knows long
 * names in both ways in which they are written, pax (POSIX.1-2017, pax interchange format) and GNU.
 */
export async function* filterTar(
  tar: AsyncIterable<Buffer>,
  isLeftOut: (path: string) => boolean,
): AsyncGenerator<Buffer> {
  const blocks = new Blocks(tar);
  let before: Buffer[] = [];
  let longName: string | null = null;
  for (;;) {
    const head = await blocks.take(1);
    if (head === null) return;
    const size = numberIn(head, 124, 12);
    const kind = String.fromCharCode(head[156] ?? 0);
    const length = Math.ceil(size / blockSize);
    if (kind === 'x' || kind === 'L' || kind === 'K') {
      const body = (await blocks.take(length)) ?? Buffer.alloc(0);
      longName = nameIn(kind, body.subarray(0, size)) ?? longName;
      before.push(head, body);
      continue;
    }
    const name = longName ?? shortName(head);
    const isKept =
      kind === 'g' ||
      !isLeftOut(
        name
          .replace(/^(?:\.\/)+/, '')
          .replace(/\/+$/, '')
          .replace(/^\.$/, ''),
      );
    if (isKept) yield* [...before, head];
    for (let left = length; left > 0; left -= 64) {
      const body = await blocks.take(Math.min(left, 64));
      if (body === null) return;
      if (isKept) yield body;
    }
    before = [];
    longName = null;
  }
}

/** Hands out whole blocks of what comes in pieces of any size. */
class Blocks {
  readonly #source: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Null: the source has ended before. */
  async take(count: number): Promise<Buffer | null> {
    const parts = [this.#rest];
    let length = this.#rest.length;
    while (length < count * blockSize) {
      const next = await this.#source.next();
      if (next.done === true) return null;
      parts.push(next.value);
      length += next.value.length;
    }
    const all = parts.length === 1 ? this.#rest : Buffer.concat(parts);
    this.#rest = all.subarray(count * blockSize);
    return all.subarray(0, count * blockSize);
  }
}

/** Octal digits, or binary with the highest bit set for what does not fit (GNU). */
function numberIn(head: Buffer, at: number, length: number): number {
  if (((head[at] ?? 0) & 0x80) !== 0) return head.readUIntBE(at + length - 6, 6);
  return Number.parseInt(textIn(head, at, length).trim() || '0', 8);
}

function shortName(head: Buffer): string {
  const prefix = textIn(head, 257, 6).startsWith('ustar') ? textIn(head, 345, 155) : '';
  const name = textIn(head, 0, 100);
  return prefix === '' || textIn(head, 257, 8) === 'ustar  ' ? name : `${prefix}/${name}`;
}

function nameIn(kind: string, body: Buffer): string | null {
  if (kind === 'L') return textIn(body, 0, body.length);
  if (kind !== 'x') return null;
  return /^\d+ path=(.*)$/m.exec(body.toString('utf8'))?.[1] ?? null;
}

function textIn(block: Buffer, at: number, length: number): string {
  const text = block.subarray(at, at + length);
  const end = text.indexOf(0);
  return text.subarray(0, end === -1 ? length : end).toString('utf8');
}
