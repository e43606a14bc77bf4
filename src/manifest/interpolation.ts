import type { Finding, Path } from './problem.ts';

/** Commands have rules of their own about `$`. */
const commandKeys: readonly (string | number)[] = ['run', 'undo', 'up', 'down', 'check'];

/** `${NAME}` is refused wherever it stands: nothing is put into this file when it is read. */
export function findInterpolation(value: unknown, path: Path = []): readonly Finding[] {
  if (typeof value === 'string') {
    if (!value.includes('${')) return [];
    const message =
      'nothing is put in for ${…}: the file means what it says. Values differ by environment under `environments`';
    return [{ kind: 'syntax', path, message, found: value.slice(0, 60) }];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    if (!Array.isArray(value) && commandKeys.includes(name)) return [];
    return findInterpolation(inner, [...path, Array.isArray(value) ? Number(name) : name]);
  });
}
