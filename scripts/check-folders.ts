// Enforces `folder-rules.ts`: who may import whom, pure code, no circles, and the size of the composition root.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findImpurities } from './checks/pure-code.ts';
import { findCycles, resolveImports } from './checks/module-graph.ts';
import type { ResolvedImport } from './checks/module-graph.ts';
import { parseCode } from './checks/parse-code.ts';
import type { ParsedFile } from './checks/parse-code.ts';
import { findUnseen, isCode, readFiles, report, trackedPaths } from './checks/source-tree.ts';
import type { Finding } from './checks/source-tree.ts';
import { notForProduction, zones } from './folder-rules.ts';
import type { Zone } from './folder-rules.ts';

type Place = { readonly zone: Zone; readonly unit: string | undefined };

/** The zone of a file, and its unit where the zone is split. */
export function placeOf(path: string): Place | undefined {
  for (const zone of zones) {
    const match = zone.files.exec(path);
    if (match !== null) return { zone, unit: match.groups?.['unit'] };
  }
  return undefined;
}

export function checkFolders(
  files: readonly ParsedFile[],
  exists: (path: string) => boolean,
): { readonly findings: readonly Finding[]; readonly importCount: number } {
  const imports = resolveImports(files, exists);
  const findings = [
    ...files.flatMap(checkFile),
    ...imports.flatMap((found) => checkImport(found)),
    ...findCycles(imports).map(describeCycle),
  ];
  return { findings, importCount: imports.length };
}

function checkFile(file: ParsedFile): readonly Finding[] {
  const zone = placeOf(file.path)?.zone;
  if (zone === undefined) {
    return [{ path: file.path, line: 1, message: 'lies in no folder that scripts/folder-rules.ts knows' }];
  }
  const lines = file.lineAt(file.text.length - 1);
  const isTooLong = zone.maxLines !== undefined && lines > zone.maxLines;
  return [
    ...(zone.isPure === true ? findImpurities(file) : []).map((finding) => ({
      ...finding,
      message: `${finding.message}: forbidden because ${zone.reason}`,
    })),
    ...(isTooLong
      ? [{ path: file.path, line: 1, message: `has ${lines} lines, at most ${zone.maxLines}: ${zone.reason}` }]
      : []),
  ];
}

function checkImport(found: ResolvedImport): readonly Finding[] {
  const from = placeOf(found.from);
  if (from === undefined) return [];
  const target = nameOfTarget(found.to);
  if (found.to.kind === 'missing') {
    return [{ path: found.from, line: found.line, message: `imports ${found.specifier}: no such file` }];
  }
  if (isAllowed(from, found)) return [];
  const how = found.kind === 'type' ? 'imports types of' : 'imports';
  return [
    { path: found.from, line: found.line, message: `${how} ${target}: forbidden because ${reasonFor(from, found)}` },
  ];
}

function nameOfTarget(to: ResolvedImport['to']): string {
  switch (to.kind) {
    case 'file':
      return to.path;
    case 'package':
    case 'builtin':
      return to.name;
    case 'missing':
      return 'a file that does not exist';
  }
}

function isAllowed(from: Place, found: ResolvedImport): boolean {
  const { zone } = from;
  switch (found.to.kind) {
    case 'missing':
      return false;
    case 'package':
      return zone.packages === 'any' || zone.packages.includes(found.to.name);
    case 'builtin': {
      const { name } = found.to;
      const allowed = zone.builtins;
      if (allowed === 'any' || found.kind === 'type' || allowed.includes(name)) return true;
      return found.names.length > 0 && found.names.every((imported) => allowed.includes(`${name}#${imported}`));
    }
    case 'file': {
      const to = placeOf(found.to.path);
      if (to === undefined) return !isCode(found.to.path); // styles, pictures, JSON; unknown code is reported by itself
      return mayImport(from, to, found.kind === 'type');
    }
  }
}

function mayImport(from: Place, to: Place, isType: boolean): boolean {
  if (from.zone.name !== to.zone.name && notForProduction.has(to.zone.name) && !notForProduction.has(from.zone.name)) {
    return false;
  }
  if (from.zone.mayImport === 'everything') return true;
  if (from.zone.name === to.zone.name && from.unit === to.unit) return true;
  return from.zone.mayImport.some(
    (permission) =>
      permission.zone === to.zone.name &&
      (permission.only === undefined || isType) &&
      (permission.sameUnit === undefined || isSameUnit(from.unit, to.unit)),
  );
}

/** A driver's unit is `port/driver` and belongs to the unit `port`. */
function isSameUnit(left: string | undefined, right: string | undefined): boolean {
  return left !== undefined && right !== undefined && left.split('/')[0] === right.split('/')[0];
}

function reasonFor(from: Place, found: ResolvedImport): string {
  const to = found.to.kind === 'file' ? placeOf(found.to.path) : undefined;
  if (to !== undefined && notForProduction.has(to.zone.name) && !notForProduction.has(from.zone.name)) {
    return `it belongs to the ${to.zone.name}, which production code never loads`;
  }
  const asType = to !== undefined && found.kind !== 'type' && mayImport(from, to, true);
  return `${from.zone.reason}${asType ? ' (`import type` would be allowed)' : ''}`;
}

function describeCycle(cycle: readonly string[]): Finding {
  const [path = '.'] = cycle;
  return { path, line: 1, message: `loads itself in a circle: ${[...cycle, path].join(' → ')}` };
}

if (import.meta.main) {
  const root = process.cwd();
  const sources = readFiles(root, isCode);
  const { findings, importCount } = checkFolders(sources.map(parseCode), (path) => existsSync(join(root, path)));
  const unseen = findUnseen(sources, trackedPaths(root)?.filter(isCode));
  process.exitCode = report('folders', [...unseen, ...findings], `${sources.length} files, ${importCount} imports`);
}
