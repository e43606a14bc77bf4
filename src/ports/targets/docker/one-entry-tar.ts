import { Readable } from 'node:stream';

const blockBytes = 512;

export interface TarEntry {
  /** At most 100 bytes. A folder has no text. */
  readonly name: string;
  readonly text: string | null;
  readonly mode: number;
  /** User and group. */
  readonly owner: number;
}

/** A tar with one file or folder (POSIX.1-1988, "ustar"), as the engine's archive API takes it. */
export function oneEntryTar({ name, text, mode, owner }: TarEntry): Readable {
  const body = Buffer.from(text ?? '');
  const head = Buffer.alloc(blockBytes);
  head.write(name, 0, 100);
  head.write(octal(mode, 8), 100);
  head.write(octal(owner, 8), 108);
  head.write(octal(owner, 8), 116);
  head.write(octal(body.length, 12), 124);
  head.write(octal(Math.floor(Date.now() / 1000), 12), 136);
  head.write(text === null ? '5' : '0', 156);
  head.write('ustar\x0000', 257);
  head.fill(' ', 148, 156); // The sum is taken as if its own field were blank.
  head.write(
    `${octal(
      head.reduce((sum, byte) => sum + byte, 0),
      7,
    )} `,
    148,
  );
  const padding = Buffer.alloc((blockBytes - (body.length % blockBytes)) % blockBytes);
  return Readable.from([Buffer.concat([head, body, padding, Buffer.alloc(2 * blockBytes)])]);
}

/** Ends with a zero byte. */
function octal(value: number, length: number): string {
  return `${value.toString(8).padStart(length - 1, '0')}\0`;
}
