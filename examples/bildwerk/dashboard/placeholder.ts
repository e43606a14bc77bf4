import { decode } from 'blurhash';

const width = 24;

/** A blurhash as a tiny picture in a `data:` address: what is seen until the real one is there, also without scripts. */
export function placeholder(blurhash: string, aspect: number): string {
  const height = Math.min(48, Math.max(8, Math.round(width / aspect)));
  return `data:image/bmp;base64,${bitmap(decode(blurhash, width, height), height).toString('base64')}`;
}

/** Windows bitmap, 24 bits, top row first (negative height); rows of 24 pixels need no padding. */
function bitmap(rgba: Uint8ClampedArray, height: number): Buffer {
  const headerBytes = 54;
  const file = Buffer.alloc(headerBytes + width * height * 3);
  file.write('BM', 'latin1');
  file.writeUInt32LE(file.length, 2);
  file.writeUInt32LE(headerBytes, 10);
  file.writeUInt32LE(40, 14);
  file.writeInt32LE(width, 18);
  file.writeInt32LE(-height, 22);
  file.writeUInt16LE(1, 26);
  file.writeUInt16LE(24, 28);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const [red = 0, green = 0, blue = 0] = rgba.subarray(pixel * 4, pixel * 4 + 3);
    file.set([blue, green, red], headerBytes + pixel * 3);
  }
  return file;
}
