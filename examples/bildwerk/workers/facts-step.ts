import { encode } from 'blurhash';
import { openImage } from './open-image.ts';
import type { Facts } from '../model/picture.ts';
import { dominantColours } from './dominant-colours.ts';
import { readCameraFacts } from './camera-facts.ts';
import type { Outcome, StepHandler, Task } from './step-worker.ts';

/** Step 2: what can be said about the picture: dimensions, camera, colours, and a blurred hint of it in 28 letters. */
export const factsStep: StepHandler = { step: 'facts', run: gatherFacts };

async function gatherFacts({ id, files }: Task): Promise<Outcome> {
  const path = files.original(id);
  const metadata = await openImage(path).metadata();
  const small = await openImage(path)
    .autoOrient()
    .resize(48, 48, { fit: 'inside' })
    .toColourspace('srgb')
    .flatten({ background: '#ffffff' })
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const pixels = new Uint8ClampedArray(small.data);
  const { width, height } = metadata.autoOrient;
  const facts: Facts = {
    width,
    height,
    ...readCameraFacts(metadata.exif),
    colours: dominantColours(pixels),
    blurhash: encode(pixels, small.info.width, small.info.height, 4, width > height ? 3 : 4),
  };
  return { kind: 'done', result: { facts } };
}
