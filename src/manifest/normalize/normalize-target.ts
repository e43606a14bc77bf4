import type { TargetName } from '../app-manifest.ts';
import type { WrittenManifest } from '../schema/manifest-schema.ts';
import type { Context } from './context.ts';
import { reportMeaning } from './context.ts';

/** A Dockerfile is there to be used. */
export function normalizeTarget({ target }: Pick<WrittenManifest, 'target'>, { hasDockerfile }: Context): TargetName {
  // The others are refused as not built yet.
  if (target === 'process' || target === 'docker') return target;
  return hasDockerfile ? 'docker' : 'process';
}

/** A release has one artifact, a folder or an image: its environments run on the same kind of target. */
export function checkTarget(environment: string, manifest: WrittenManifest, context: Context): void {
  const own = manifest.environments?.[environment]?.target;
  const target = normalizeTarget(manifest, context);
  if ((own !== 'process' && own !== 'docker') || own === target) return;
  const message = `\`target: ${own}\` in one environment of an app whose target is ${target} is not built yet; until then write \`target: ${own}\` for the app`;
  reportMeaning(context, ['environments', environment, 'target'], message);
}
