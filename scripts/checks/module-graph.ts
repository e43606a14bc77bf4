import { posix } from 'node:path';
import type { Import, ParsedFile } from './parse-code.ts';

/** An import whose specifier has been followed: to a file of the repository, a package, or a module of Node. */
export type ResolvedImport = Import & {
  readonly from: string;
  readonly to:
    | { readonly kind: 'file'; readonly path: string }
    | { readonly kind: 'package'; readonly name: string }
    | { readonly kind: 'builtin'; readonly name: string }
    | { readonly kind: 'missing' };
};

/** Bundlers let the web page leave the ending out; everywhere else a specifier is a path that exists as it stands. */
const endings = ['', '.ts', '.tsx', '/index.ts', '/index.tsx'];

export function resolveImports(
  files: readonly ParsedFile[],
  exists: (path: string) => boolean,
): readonly ResolvedImport[] {
  return files.flatMap((file) =>
    file.imports.map((found) => ({ ...found, from: file.path, to: resolve(file.path, found.specifier, exists) })),
  );
}

function resolve(from: string, specifier: string, exists: (path: string) => boolean): ResolvedImport['to'] {
  if (specifier.startsWith('node:')) return { kind: 'builtin', name: specifier };
  if (specifier.startsWith('.')) {
    const bare = specifier.replace(/[?#].*$/, '');
    const base = posix.normalize(posix.join(posix.dirname(from), bare));
    const path = endings.map((ending) => base + ending).find(exists);
    return path === undefined ? { kind: 'missing' } : { kind: 'file', path };
  }
  const [scopeOrName = '', name = ''] = specifier.split('/');
  return { kind: 'package', name: scopeOrName.startsWith('@') ? `${scopeOrName}/${name}` : scopeOrName };
}

/**
 * Groups of files that load each other in a circle, each in import order, smallest path first. Type imports load
 * nothing, and dynamic imports load later: neither can close a circle.
 */
export function findCycles(imports: readonly ResolvedImport[]): readonly (readonly string[])[] {
  const edges = new Map<string, string[]>();
  for (const found of imports) {
    if (found.kind !== 'value' || found.to.kind !== 'file') continue;
    edges.set(found.from, [...(edges.get(found.from) ?? []), found.to.path]);
  }
  const cycles = new Map<string, readonly string[]>();
  for (const start of [...edges.keys()].sort()) {
    if ([...cycles.values()].some((cycle) => cycle.includes(start))) continue;
    const cycle = shortestWayBack(start, edges);
    if (cycle !== undefined) cycles.set(start, cycle);
  }
  return [...cycles.values()];
}

/** Breadth first from a file until it is met again. */
function shortestWayBack(start: string, edges: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const reachedFrom = new Map<string, string>();
  const queue = [start];
  for (let current = queue.shift(); current !== undefined; current = queue.shift()) {
    for (const next of edges.get(current) ?? []) {
      if (next === start) {
        const way = [current];
        for (let step = current; step !== start;) way.unshift((step = reachedFrom.get(step) ?? start));
        return way;
      }
      if (!reachedFrom.has(next)) {
        reachedFrom.set(next, current);
        queue.push(next);
      }
    }
  }
  return undefined;
}
