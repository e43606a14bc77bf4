import { open } from 'node:fs/promises';
import { openImage } from './open-image.ts';
import type { Kind } from '../model/picture.ts';
import type { Outcome, StepHandler, Task } from './step-worker.ts';

/** A picture that would need more memory than this many pixels is refused. */
const mostPixels = 60_000_000;
const leastEdge = 8;

/** Step 1: is it really a picture, of a kind and size that can be shown? What the name or the browser says is not asked. */
export const checkStep: StepHandler = { step: 'check', run: checkPicture };

async function checkPicture({ id, files }: Task): Promise<Outcome> {
  const path = files.original(id);
  const kind = kindOf(await firstBytes(path));
  if (kind === undefined) {
    return { kind: 'refused', reason: 'This is not a picture that can be shown here: JPEG, PNG, WebP, GIF or AVIF.' };
  }
  const problem = await decodeProblem(path);
  if (problem !== undefined) return { kind: 'refused', reason: problem };
  return { kind: 'done', result: { kind } };
}

/** The kind of picture by its first bytes, as written in each format's specification. */
export function kindOf(start: Buffer): Kind | undefined {
  const text = (from: number, to: number) => start.toString('latin1', from, to);
  if (start.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff]))) return { format: 'JPEG', mime: 'image/jpeg' };
  if (start.subarray(0, 8).equals(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')))
    return { format: 'PNG', mime: 'image/png' };
  if (text(0, 4) === 'RIFF' && text(8, 12) === 'WEBP') return { format: 'WebP', mime: 'image/webp' };
  if (text(0, 6) === 'GIF87a' || text(0, 6) === 'GIF89a') return { format: 'GIF', mime: 'image/gif' };
  if (text(4, 8) === 'ftyp' && /avif|avis/.test(text(8, 32))) return { format: 'AVIF', mime: 'image/avif' };
  return undefined;
}

async function firstBytes(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(32), 0, 32, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Decodes all of it, because half a picture has a perfect beginning. */
async function decodeProblem(path: string): Promise<string | undefined> {
  try {
    const image = openImage(path, { limitInputPixels: mostPixels });
    const { width, height } = await image.metadata();
    if (Math.min(width, height) < leastEdge) return `This picture is too small: ${width} × ${height} pixels.`;
    if (width * height > mostPixels) {
      return `This picture is too large: ${width} × ${height} pixels; ${mostPixels / 1_000_000} megapixels are the most.`;
    }
    await image.resize(16, 16, { fit: 'fill' }).raw().toBuffer();
    return undefined;
  } catch (error) {
    if (error instanceof Error && /pixel limit/.test(error.message)) return 'This picture has too many pixels.';
    if (isReadError(error)) throw error;
    return 'This picture is damaged: it begins like one, but cannot be read to the end.';
  }
}

function isReadError(error: unknown): boolean {
  return error instanceof Error && /missing|ENOENT|EIO|EMFILE|out of memory/i.test(error.message);
}
