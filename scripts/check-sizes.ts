// Files stay readable in one go, functions on one screen, ports small. Numbers in CONTRIBUTING.md.
import { Visitor } from 'oxc-parser';
import type { TSSignature } from 'oxc-parser';
import { parseCode } from './checks/parse-code.ts';
import type { ParsedFile } from './checks/parse-code.ts';
import { findUnseen, isCode, isTestCode, readFiles, report, trackedPaths } from './checks/source-tree.ts';
import type { Finding } from './checks/source-tree.ts';

const fileLines = { warn: 300, fail: 500 } as const;
const functionLines = { warn: 40, fail: 60 } as const;
const methodsOfPort = 8;

type Measured = { readonly failures: readonly Finding[]; readonly warnings: readonly Finding[] };

export function lineCount(text: string): number {
  return text === '' ? 0 : text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
}

/** The middle of some numbers; 0 for none. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

export function checkSizes(file: ParsedFile): Measured {
  const lines = lineCount(file.text);
  const measured = [
    judge({ path: file.path, line: 1, what: 'file', lines, limits: fileLines }),
    ...(isTestCode(file.path) ? [] : functionsOf(file)).map(({ name, line, lines: length }) =>
      judge({ path: file.path, line, what: `function ${name}`, lines: length, limits: functionLines }),
    ),
  ];
  return {
    failures: [...measured.flatMap((one) => one.failures), ...(isPort(file.path) ? oversizedPorts(file) : [])],
    warnings: measured.flatMap((one) => one.warnings),
  };
}

function judge(size: {
  readonly path: string;
  readonly line: number;
  readonly what: string;
  readonly lines: number;
  readonly limits: { readonly warn: number; readonly fail: number };
}): Measured {
  const { path, line, what, lines, limits } = size;
  const over = (limit: number): Finding => ({ path, line, message: `${what} has ${lines} lines, over ${limit}` });
  if (lines > limits.fail) return { failures: [over(limits.fail)], warnings: [] };
  return { failures: [], warnings: lines > limits.warn ? [over(limits.warn)] : [] };
}

type SizedFunction = { readonly name: string; readonly line: number; readonly lines: number };
type NodeSpan = { readonly start: number; readonly end: number };

/** All functions of a file, from their first to their last line, inner ones counted with the outer ones. */
function functionsOf(file: ParsedFile): readonly SizedFunction[] {
  const found: SizedFunction[] = [];
  const names = new Map<number, string>();
  const add = (node: NodeSpan, name: string | undefined): void => {
    const line = file.lineAt(node.start);
    found.push({ name: name ?? '(nameless)', line, lines: file.lineAt(node.end - 1) - line + 1 });
  };
  const nameAfter = (key: NodeSpan, value: NodeSpan | null | undefined): void => {
    if (value != null) names.set(value.start, file.text.slice(key.start, key.end));
  };
  new Visitor({
    VariableDeclarator: (node) => nameAfter(node.id, node.init),
    Property: (node) => nameAfter(node.key, node.value),
    MethodDefinition: (node) => nameAfter(node.key, node.value),
    PropertyDefinition: (node) => nameAfter(node.key, node.value),
    FunctionDeclaration: (node) => add(node, node.id?.name),
    FunctionExpression: (node) => add(node, node.id?.name ?? names.get(node.start)),
    ArrowFunctionExpression: (node) => add(node, names.get(node.start)),
  }).visit(file.program);
  return found;
}

function isPort(path: string): boolean {
  return /^src\/ports\/[^/]+\/[^/]+\.ts$/.test(path) && !isTestCode(path);
}

/** A port is the smallest interface that serves. Counts what can be called, on interfaces and on object types. */
function oversizedPorts(file: ParsedFile): readonly Finding[] {
  const findings: Finding[] = [];
  const count = (name: string, start: number, members: readonly TSSignature[]): void => {
    const methods = members.filter(isMethod).length;
    if (methods <= methodsOfPort) return;
    findings.push({
      path: file.path,
      line: file.lineAt(start),
      message: `port ${name} has ${methods} methods, over ${methodsOfPort}`,
    });
  };
  new Visitor({
    TSInterfaceDeclaration: (node) => count(node.id.name, node.start, node.body.body),
    TSTypeAliasDeclaration: (node) => {
      if (node.typeAnnotation.type === 'TSTypeLiteral') count(node.id.name, node.start, node.typeAnnotation.members);
    },
  }).visit(file.program);
  return findings;
}

function isMethod(member: TSSignature): boolean {
  if (member.type === 'TSMethodSignature') return true;
  return member.type === 'TSPropertySignature' && member.typeAnnotation?.typeAnnotation.type === 'TSFunctionType';
}

if (import.meta.main) {
  const files = readFiles(process.cwd(), isCode);
  const measured = files.map((file) => checkSizes(parseCode(file)));
  const warnings = measured.flatMap((one) => one.warnings);
  for (const { path, line, message } of warnings) console.log(`(warning) ${path}:${line} ${message}`);
  const unseen = findUnseen(files, trackedPaths(process.cwd())?.filter(isCode));
  const production = files.filter((file) => file.path.startsWith('src/') && !isTestCode(file.path));
  const middle = median(production.map((file) => lineCount(file.text)));
  const seen = `${files.length} files, ${warnings.length} warnings; a file of src has ${middle} lines in the median, 60 to 120 is the aim`;
  process.exitCode = report('sizes', [...unseen, ...measured.flatMap((one) => one.failures)], seen);
}
