import { openImage } from './open-image.ts';
import type { Size } from '../model/picture.ts';
import type { Outcome, StepHandler, Task } from './step-worker.ts';

/** The widths in pixels that a finished picture is there in; never wider than the original. */
const widths = [320, 800, 1600];

/** Step 3: the picture in several sizes as WebP, upright, without what the camera wrote into it. */
export const sizesStep: StepHandler = { step: 'sizes', run: makeSizes };

async function makeSizes({ id, files }: Task): Promise<Outcome> {
  const { autoOrient } = await openImage(files.original(id)).metadata();
  const sizes: Size[] = [];
  for (const width of widthsFor(autoOrient.width)) {
    const file = `${width}.webp`;
    const made = await files.writeDraft(id, file, (path) =>
      openImage(files.original(id)).autoOrient().resize({ width }).webp({ quality: 80, effort: 3 }).toFile(path),
    );
    sizes.push({ file, width: made.width, height: made.height, bytes: made.size });
  }
  return { kind: 'done', result: { sizes } };
}

/** All widths below the original's, and the next one, but not wider than the original. */
export function widthsFor(originalWidth: number): readonly number[] {
  const smaller = widths.filter((width) => width < originalWidth);
  return smaller.length === widths.length ? smaller : [...smaller, originalWidth];
}
