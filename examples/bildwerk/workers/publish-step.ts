import type { Outcome, StepHandler, Task } from './step-worker.ts';

/** Step 4: puts the finished set into the published place, all at once. With that the picture is finished. */
export const publishStep: StepHandler = { step: 'publish', run: publishPicture };

async function publishPicture({ id, picture, files }: Task): Promise<Outcome> {
  const names = picture.sizes.map((size) => size.file);
  await files.publish(id, names);
  await files.removeDrafts(id);
  return { kind: 'done', result: {} };
}
