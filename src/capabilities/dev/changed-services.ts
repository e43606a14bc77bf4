import type { ServiceDefinition } from '../../rollout/release.ts';

/** What package managers write when they have finished: then every service may find what it missed before. */
export const installMarks: readonly string[] = [
  '.package-lock.json',
  '.modules.yaml',
  '.yarn-integrity',
  '.yarn-state.yml',
];

/**
 * Pure: the services that a changed file belongs to, by the root that contains it. One that lies in no root (a shared
 * package of a monorepo, the lockfile) may belong to all of them; prose belongs to none. Paths are relative to the app,
 * with forward slashes.
 */
export function changedServices(
  services: readonly Pick<ServiceDefinition, 'service' | 'root'>[],
  path: string,
): readonly string[] {
  const holders = services.filter(({ root }) => isInside(root, path));
  const isProse = /\.(?:md|markdown|adoc|rst)$|(?:^|\/)(?:LICENSE|NOTICE)[^/]*$/.test(path);
  if (holders.length === 0 && isProse) return [];
  return (holders.length === 0 ? services : holders).map(({ service }) => service);
}

function isInside(root: string, path: string): boolean {
  const folder = root.replace(/^\.\//, '').replace(/\/+$/, '');
  return folder === '.' || folder === '' || path.startsWith(`${folder}/`);
}
