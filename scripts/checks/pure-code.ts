import { Visitor } from 'oxc-parser';
import type { ParsedFile } from './parse-code.ts';
import type { Finding } from './source-tree.ts';

/** Globals that reach out of a pure function: to the clock, to randomness, to the machine or to the network. */
const impureGlobals = new Set([
  'process',
  'console',
  'performance',
  'crypto',
  'fetch',
  'WebSocket',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'globalThis',
]);

/**
 * What pure code does besides computing. A variable of its own with the name of such a global is reported as well:
 * readers would take it for the global.
 */
export function findImpurities(file: ParsedFile): readonly Finding[] {
  const findings = new Map<number, string>();
  const keys = new Set<number>();
  const skipKey = (node: { readonly computed: boolean; readonly key: { readonly start: number } }): void => {
    if (!node.computed) keys.add(node.key.start);
  };
  new Visitor({
    Property: (node) => (node.shorthand ? undefined : skipKey(node)),
    MethodDefinition: skipKey,
    PropertyDefinition: skipKey,
    TSPropertySignature: skipKey,
    TSMethodSignature: skipKey,
    MemberExpression: (node) => {
      if (!node.computed) keys.add(node.property.start);
      const name = file.text.slice(node.start, node.end).replace(/\s/g, '');
      if (name === 'Date.now' || name === 'Math.random') findings.set(node.start, name);
    },
    NewExpression: (node) => {
      const isNow = node.callee.type === 'Identifier' && node.callee.name === 'Date' && node.arguments.length === 0;
      if (isNow) findings.set(node.start, 'new Date()');
    },
    CallExpression: (node) => {
      if (node.callee.type === 'Identifier' && node.callee.name === 'Date') findings.set(node.start, 'Date()');
    },
    Identifier: (node) => {
      if (impureGlobals.has(node.name) && !keys.has(node.start)) findings.set(node.start, node.name);
    },
  }).visit(file.program);
  return [...findings]
    .sort(([left], [right]) => left - right)
    .map(([offset, name]) => ({ path: file.path, line: file.lineAt(offset), message: `uses ${name}` }));
}
