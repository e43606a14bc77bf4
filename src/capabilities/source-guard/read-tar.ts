import { readSync } from 'node:fs';

const blockSize = 512;

export interface TarFile {
  /** Without a leading `./`. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Its first bytes, at most so many. */
  read(mostBytes: number): Buffer;
}

/**
 * The plain files of a tar, one after the other, read only where they are asked for. Knows long names in both ways in
 * which they are written, pax (POSIX.1-2017) and GNU. Ends where the archive ends, or is cut.
 */
export function* tarFiles(descriptor: number): Generator<TarFile> {
  let offset = 0;
  let longName: string | null = null;
  for (;;) {
    const head = readAt(descriptor, offset, blockSize);
    if (head.length < blockSize) return;
    const sizeBytes = numberIn(head, 124, 12);
    const kind = String.fromCharCode(head[156] ?? 0);
    const start = offset + blockSize;
    offset = start + Math.ceil(sizeBytes / blockSize) * blockSize;
    if (kind === 'x' || kind === 'L') {
      longName = nameIn(kind, readAt(descriptor, start, Math.min(sizeBytes, 1_048_576))) ?? longName;
      continue;
    }
    const path = (longName ?? shortName(head)).replace(/^(?:\.\/)+/, '');
    if (kind === 'K' || kind === 'g') continue;
    longName = null;
    if ((kind === '0' || kind === '\0' || kind === '7') && path !== '') {
      yield { path, sizeBytes, read: (most) => readAt(descriptor, start, Math.min(sizeBytes, most)) };
    }
  }
}

function readAt(descriptor: number, position: number, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  let read = 0;
  while (read < length) {
    const count = readSync(descriptor, buffer, read, length - read, position + read);
    if (count === 0) break;
    read += count;
  }
  return buffer.subarray(0, read);
}

/** Octal digits, or binary with the highest bit set for what does not fit (GNU). */
function numberIn(head: Buffer, at: number, length: number): number {
  if (((head[at] ?? 0) & 0x80) !== 0) return head.readUIntBE(at + length - 6, 6);
  return Number.parseInt(textIn(head, at, length).trim() || '0', 8);
}

function shortName(head: Buffer): string {
  const isPosix = textIn(head, 257, 6) === 'ustar' && textIn(head, 257, 8) !== 'ustar  ';
  const prefix = isPosix ? textIn(head, 345, 155) : '';
  const name = textIn(head, 0, 100);
  return prefix === '' ? name : `${prefix}/${name}`;
}

function nameIn(kind: string, body: Buffer): string | null {
  if (kind === 'L') return textIn(body, 0, body.length);
  return /^\d+ path=(.*)$/m.exec(body.toString('utf8'))?.[1] ?? null;
}

function textIn(block: Buffer, at: number, length: number): string {
  const text = block.subarray(at, at + length);
  const end = text.indexOf(0);
  return text.subarray(0, end === -1 ? length : end).toString('utf8');
}
