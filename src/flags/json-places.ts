import type { RulePath } from './rules/rule.ts';

/** Where something begins in a text; both count from 1. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

export function positionOf(text: string, offset: number): TextPosition {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

/**
 * Offset of the value at a path of a JSON text that is valid; of what is missing, that of the nearest thing around it.
 * Read only when there is a problem to show.
 */
export function offsetOf(text: string, path: RulePath): number {
  let offset = skipSpace(text, 0);
  for (const part of path) {
    const inside = typeof part === 'number' ? element(text, offset, part) : member(text, offset, part);
    if (inside === null) return offset;
    offset = inside;
  }
  return offset;
}

/** A name that stands twice in one object, where JSON takes the last one and people mean both; null: there is none. */
export function findRepeated(text: string): { readonly name: string; readonly offset: number } | null {
  const open: (Set<string> | null)[] = [];
  for (let at = skipSpace(text, 0); at < text.length; at = skipSpace(text, at)) {
    const character = text[at];
    if (character === '{') open.push(new Set());
    if (character === '[') open.push(null);
    if (character === '}' || character === ']') open.pop();
    const end = character === '"' ? endOfString(text, at) : at + 1;
    const names = open.at(-1) ?? null;
    if (character === '"' && names !== null && text[skipSpace(text, end)] === ':') {
      const name = String(JSON.parse(text.slice(at, end)));
      if (names.has(name)) return { name, offset: at };
      names.add(name);
    }
    at = end;
  }
  return null;
}

function element(text: string, start: number, index: number): number | null {
  if (text[start] !== '[') return null;
  let at = skipSpace(text, start + 1);
  for (let count = 0; at < text.length && text[at] !== ']'; count += 1) {
    if (count === index) return at;
    at = nextItem(text, endOfValue(text, at));
  }
  return null;
}

function member(text: string, start: number, name: string): number | null {
  if (text[start] !== '{') return null;
  let at = skipSpace(text, start + 1);
  while (at < text.length && text[at] !== '}') {
    const end = endOfString(text, at);
    const value = skipSpace(text, skipSpace(text, end) + 1);
    if (JSON.parse(text.slice(at, end)) === name) return value;
    at = nextItem(text, endOfValue(text, value));
  }
  return null;
}

function nextItem(text: string, at: number): number {
  const next = skipSpace(text, at);
  return text[next] === ',' ? skipSpace(text, next + 1) : next;
}

function endOfValue(text: string, start: number): number {
  let depth = 0;
  let at = start;
  do {
    const character = text[at];
    if (character === '"') at = endOfString(text, at) - 1;
    if (character === '{' || character === '[') depth += 1;
    if (character === '}' || character === ']') depth -= 1;
    at += 1;
  } while (at < text.length && (depth > 0 || !/[\s,\]}]/.test(text[at] ?? '')));
  return at;
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (/\s/.test(text[at] ?? '')) at += 1;
  return at;
}
