import { basename } from 'node:path';
import { Visitor } from 'oxc-parser';
import type { ParsedFile } from './parse-code.ts';
import { isTestCode } from './source-tree.ts';
import type { Finding } from './source-tree.ts';

/** Names that say nothing about what is inside. */
const emptyNames = /^(?:utils?|helpers?|common|managers?|misc|shared|index)$/;

/** The only files of the product that read the environment; they hand on what they found. */
const entryPoints = [
  /^src\/main\.ts$/,
  /^src\/cli\//,
  /^src\/proxy\/(?:proxy|worker)\.ts$/,
  /(?:^|\/)launcher(?:\.ts$|\/)/,
  /^(?:examples|scripts|bin)\//,
  /\.config\.ts$/,
];

/** A cast claims what the compiler cannot see. That is honest only where untyped input is checked and given a type. */
const parserName = /(?:^|[-.])pars(?:e|er|ers|ing)(?:[-.]|$)/;
const castReason = /\/\/\s*parsed:\s*\S/;

export function checkStyle(file: ParsedFile): readonly Finding[] {
  const inTest = isTestCode(file.path);
  return [
    ...checkName(file.path),
    ...checkTypes(file),
    ...(inTest ? [] : [...checkCasts(file), ...checkEnvironment(file)]),
    ...checkModule(file),
  ];
}

/** Apps among the fixtures are written as they are found in the wild; their names are not ours to choose. */
function checkName(path: string): readonly Finding[] {
  if (path.startsWith('test/fixtures/')) return [];
  const segments = path.replace(/\.[^/]*$/, '').split('/');
  const findings: Finding[] = [];
  for (const segment of segments) {
    const words = segment.split('-');
    const empty = words.find(
      (word) => emptyNames.test(word) && (words.length === 1 || /^(?:util|helper|manager)/.test(word)),
    );
    if (empty !== undefined) findings.push({ path, line: 1, message: `"${empty}" does not say what is inside` });
  }
  if (!/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(segments.at(-1) ?? '')) {
    findings.push({ path, line: 1, message: `file names are written in-kebab-case: ${basename(path)}` });
  }
  return findings;
}

function checkTypes(file: ParsedFile): readonly Finding[] {
  const findings: Finding[] = [];
  const add = (node: { readonly start: number }, message: string): void => {
    findings.push({ path: file.path, line: file.lineAt(node.start), message });
  };
  const checkTypeName = (node: { readonly start: number; readonly name: string }): void => {
    if (/^I[A-Z][a-z]/.test(node.name)) add(node, `${node.name}: a type is named after what it is, without an I`);
    if (/(?:Manager|Helper|Utils?)$/.test(node.name)) add(node, `${node.name} does not say what it does`);
  };
  new Visitor({
    TSAnyKeyword: (node) => add(node, '`any` switches the compiler off: say `unknown` and look'),
    TSInterfaceDeclaration: (node) => checkTypeName(node.id),
    TSTypeAliasDeclaration: (node) => checkTypeName(node.id),
    ClassDeclaration: (node) => (node.id === null ? undefined : checkTypeName(node.id)),
  }).visit(file.program);
  return findings;
}

function checkCasts(file: ParsedFile): readonly Finding[] {
  if (file.path.split('/').some((segment) => parserName.test(segment))) return [];
  const lines = file.text.split('\n');
  const findings: Finding[] = [];
  const check = (node: { readonly end: number }, name: string): void => {
    const line = file.lineAt(node.end - 1);
    const hasReason = [lines[line - 1], lines[line - 2]].some((text) => castReason.test(text ?? ''));
    if (hasReason) return;
    const message = `${name} outside a parser: check the value instead, or say why it holds with \`// parsed: …\` on or above the line`;
    findings.push({ path: file.path, line, message });
  };
  new Visitor({
    TSAsExpression: (node) => {
      const isConst = file.text.slice(node.typeAnnotation.start, node.typeAnnotation.end) === 'const';
      if (!isConst) check(node, '`as`');
    },
    TSTypeAssertion: (node) => check(node, 'a cast'),
    TSNonNullExpression: (node) => check(node, '`!`'),
  }).visit(file.program);
  return findings;
}

function checkEnvironment(file: ParsedFile): readonly Finding[] {
  if (entryPoints.some((entry) => entry.test(file.path))) return [];
  const findings: Finding[] = [];
  new Visitor({
    MemberExpression: (node) => {
      if (!/^process\s*\??\.\s*env$/.test(file.text.slice(node.start, node.end))) return;
      const message = 'reads process.env: only entry points do, and hand it on';
      findings.push({ path: file.path, line: file.lineAt(node.start), message });
    },
  }).visit(file.program);
  return findings;
}

/** Named exports (but where a tool asks for a default one), no barrels, no variables that live as long as the module. */
function checkModule(file: ParsedFile): readonly Finding[] {
  const findings: Finding[] = [];
  const add = (node: { readonly start: number }, message: string): void => {
    findings.push({ path: file.path, line: file.lineAt(node.start), message });
  };
  for (const statement of file.program.body) {
    switch (statement.type) {
      case 'ExportDefaultDeclaration':
        if (!/(?:\.config\.ts|-reporter\.mjs)$/.test(file.path))
          add(statement, 'exports have names: no `export default`');
        break;
      case 'ExportAllDeclaration':
        add(statement, 'a barrel hides where things come from: import from the file itself');
        break;
      case 'VariableDeclaration':
      case 'ExportNamedDeclaration': {
        const variable = statement.type === 'VariableDeclaration' ? statement : statement.declaration;
        const isGlobal = variable?.type === 'VariableDeclaration' && variable.kind !== 'const';
        if (isGlobal && file.path.startsWith('src/') && !isTestCode(file.path)) {
          add(statement, 'a variable of the module is a global: let something that lives own it');
        }
        break;
      }
      default:
    }
  }
  const isBarrel =
    file.program.body.length > 0 &&
    file.program.body.every((statement) => statement.type === 'ExportNamedDeclaration' && statement.source !== null);
  if (isBarrel) findings.push({ path: file.path, line: 1, message: 'a file of re-exports alone is a barrel' });
  return findings;
}
