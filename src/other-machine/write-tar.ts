/** A file that goes into a tar; its owner is root. */
export interface TarFile {
  readonly path: string;
  readonly content: Buffer | string;
  readonly mode?: number;
}

const blockBytes = 512;
const longestPath = 100;

/** POSIX ustar (IEEE 1003.1, pax: "ustar Interchange Format"), plain files with short paths only. */
export function writeTar(files: readonly TarFile[]): Buffer {
  const parts = files.flatMap(({ path, content, mode = 0o644 }) => {
    const bytes = Buffer.from(content);
    const padding = Buffer.alloc((blockBytes - (bytes.length % blockBytes)) % blockBytes);
    return [headOf(path, bytes.length, mode), bytes, padding];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * blockBytes)]);
}

function headOf(path: string, size: number, mode: number): Buffer {
  if (Buffer.byteLength(path) > longestPath) throw new RangeError(`${path} is too long for this tar`);
  const head = Buffer.alloc(blockBytes);
  const octal = (value: number, length: number): string => value.toString(8).padStart(length - 1, '0');
  head.write(path, 0);
  head.write(octal(mode, 8), 100);
  for (const at of [108, 116]) head.write(octal(0, 8), at);
  head.write(octal(size, 12), 124);
  head.write(octal(0, 12), 136); // The same content makes the same tar.
  head.write(' '.repeat(8), 148);
  head.write('0', 156);
  head.write('ustar\u000000', 257);
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${octal(sum, 7)}\0 `, 148);
  return head;
}
