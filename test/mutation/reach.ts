import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const imported = /(?:\bfrom|\bimport\(?)\s*'(?<path>\.[^']+)'/g;

/** Those of some files that load a source, directly or by way of others. */
export function filesReaching(root: string, files: readonly string[], source: string): readonly string[] {
  return files.filter((file) => loadedBy(root, file).has(source));
}

function loadedBy(root: string, file: string): ReadonlySet<string> {
  const seen = new Set<string>();
  const waiting = [file];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (seen.has(next) || !existsSync(join(root, next))) continue;
    seen.add(next);
    for (const { groups } of readFileSync(join(root, next), 'utf8').matchAll(imported))
      waiting.push(join(dirname(next), groups?.['path'] ?? ''));
  }
  return seen;
}
