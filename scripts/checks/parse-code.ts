import { parseSync } from 'oxc-parser';
import type { Comment, Program } from 'oxc-parser';
import type { SourceFile } from './source-tree.ts';

/** How a file names another one. A dynamic import is a value import that runs later, so it cannot close a cycle. */
export type ImportKind = 'value' | 'type' | 'dynamic';
export type Import = {
  readonly specifier: string;
  readonly kind: ImportKind;
  readonly line: number;
  /** The imported names of a static import, `*` for all of them. */
  readonly names: readonly string[];
};

export type ParsedFile = {
  readonly path: string;
  readonly text: string;
  readonly program: Program;
  readonly comments: readonly Comment[];
  readonly imports: readonly Import[];
  /** The line, counted from 1, of an offset into the text. */
  readonly lineAt: (offset: number) => number;
};

/** Throws when the file is not valid code: a check must not pass on what it could not read. */
export function parseCode(file: SourceFile): ParsedFile {
  const result = parseSync(file.path, file.text, { sourceType: 'module' });
  const lineAt = lineCounter(file.text);
  const broken = result.errors[0];
  if (broken !== undefined) {
    const offset = broken.labels[0]?.start ?? 0;
    throw new SyntaxError(`${file.path}:${lineAt(offset)} cannot be parsed: ${broken.message}`);
  }
  const imports: Import[] = [];
  for (const found of result.module.staticImports) {
    // `import { type A } from 'x'` still loads x when types are only stripped; `import type` does not.
    const isType = /^import\s+type\b/.test(file.text.slice(found.start, found.end));
    const kind = isType && found.entries.every((entry) => entry.isType) ? 'type' : 'value';
    const names = found.entries.map((entry) => entry.importName.name ?? '*');
    imports.push({ specifier: found.moduleRequest.value, kind, line: lineAt(found.start), names });
  }
  for (const found of result.module.staticExports) {
    const first = found.entries.find((entry) => entry.moduleRequest !== null);
    if (first?.moduleRequest == null) continue;
    const isType = /^export\s+type\b/.test(file.text.slice(found.start, found.end));
    const kind = isType ? 'type' : 'value';
    imports.push({ specifier: first.moduleRequest.value, kind, line: lineAt(found.start), names: ['*'] });
  }
  for (const found of result.module.dynamicImports) {
    const specifier = literalAt(file.text, found.moduleRequest);
    if (specifier !== undefined) {
      imports.push({ specifier, kind: 'dynamic', line: lineAt(found.start), names: ['*'] });
    }
  }
  imports.push(...typeQueries(file.text, lineAt, result.comments));
  const { program, comments } = result;
  return { path: file.path, text: file.text, program, comments, imports, lineAt };
}

function literalAt(text: string, span: { readonly start: number; readonly end: number }): string | undefined {
  return /^(['"`])([^$]*)\1$/.exec(text.slice(span.start, span.end))?.[2];
}

/** `import('./x.ts').Name` in the place of a type. A dynamic import of the same text is found as well; that is harmless. */
function typeQueries(
  text: string,
  lineAt: (offset: number) => number,
  comments: readonly Comment[],
): readonly Import[] {
  const found: Import[] = [];
  for (const match of text.matchAll(/\bimport\((['"])([^'"]+)\1\)\s*\./g)) {
    if (comments.some((comment) => comment.start <= match.index && match.index < comment.end)) continue;
    found.push({ specifier: match[2] ?? '', kind: 'type', line: lineAt(match.index), names: ['*'] });
  }
  return found;
}

function lineCounter(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  };
}
