import type { CallLimits } from './containers.ts';
import type { DockerEngine } from './docker-engine.ts';
import { EngineError } from './engine-errors.ts';

/**
 * Brings an image to another engine without a registry, under its tag; false: it was there already. `id` must come out the
 * same: engines that keep images in different ways name them differently.
 */
export async function copyImage(
  image: { readonly id: string; readonly tag: string },
  from: DockerEngine,
  to: DockerEngine,
  limits: CallLimits = {},
): Promise<boolean> {
  if (await hasImage(to, image.tag, image.id)) return false;
  const tar = await from.images.save([image.tag], limits);
  for await (const _ of to.images.load(tar, limits));
  if (await hasImage(to, image.tag, image.id)) return true;
  throw new EngineError(
    'failed',
    `${image.tag} is another image on ${to.connection.name} than on ${from.connection.name}.`,
    {
      hint: 'Let both engines keep images the same way (`docker info`, Storage Driver).',
    },
  );
}

async function hasImage(engine: DockerEngine, tag: string, id: string): Promise<boolean> {
  try {
    return (await engine.images.inspect(tag)).Id === id;
  } catch (error) {
    if (error instanceof EngineError && error.failure === 'not-found') return false;
    throw error;
  }
}
