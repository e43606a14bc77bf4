import sharp from 'sharp';
import type { Sharp, SharpOptions } from 'sharp';

// One picture at a time per worker: a cache would only hold memory, and more copies are the better way to use more cores.
sharp.cache(false);
sharp.concurrency(1);

/** Opens a picture for the workers; nothing is read yet. */
export function openImage(path: string, options: SharpOptions = {}): Sharp {
  return sharp(path, { failOn: 'error', ...options });
}
