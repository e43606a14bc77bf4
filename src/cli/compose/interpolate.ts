/** What is known about a variable: its value, that its value must not be written down, or nothing. */
export type Looked = { readonly kind: 'value'; readonly text: string } | { readonly kind: 'kept' | 'missing' };

export interface Interpolated {
  /** Kept variables stand in it as `${NAME}`, missing ones as nothing. */
  readonly text: string;
  readonly kept: readonly string[];
  readonly missing: readonly string[];
}

type Lookup = (name: string) => Looked;

/**
 * Puts values in as Compose does: `$NAME`, `${NAME}`, `${NAME:-else}`, `${NAME-else}`, `${NAME:+then}`, `${NAME+then}`,
 * `${NAME:?why}`, `${NAME?why}`, nested, and `$$` for a dollar sign
 * (https://docs.docker.com/reference/compose-file/interpolation/). A default of a kept variable is not put in: it may be
 * as secret as the value. Null for a text that Compose refuses.
 */
export function interpolate(text: string, lookup: Lookup): Interpolated | null {
  const kept = new Set<string>();
  const missing = new Set<string>();
  const result = put(text, lookup, { kept, missing }, 0);
  return result === null ? null : { text: result, kept: [...kept], missing: [...missing] };
}

interface Found {
  readonly kept: Set<string>;
  readonly missing: Set<string>;
}

const maxDepth = 20;
const plainName = /^[A-Za-z_][A-Za-z0-9_]*/;

function put(text: string, lookup: Lookup, found: Found, depth: number): string | null {
  if (depth > maxDepth) return null;
  let result = '';
  let at = 0;
  while (at < text.length) {
    const dollar = text.indexOf('$', at);
    if (dollar < 0) return result + text.slice(at);
    result += text.slice(at, dollar);
    const piece = readPiece(text, dollar, lookup, found, depth);
    if (piece === null) return null;
    result += piece.value;
    at = piece.end;
  }
  return result;
}

interface Piece {
  readonly value: string;
  readonly end: number;
}

function readPiece(text: string, dollar: number, lookup: Lookup, found: Found, depth: number): Piece | null {
  const next = text[dollar + 1];
  if (next === '$') return { value: '$', end: dollar + 2 };
  if (next === '{') {
    const end = closingBrace(text, dollar + 2);
    if (end === null) return null;
    const value = braced(text.slice(dollar + 2, end), lookup, found, depth);
    return value === null ? null : { value, end: end + 1 };
  }
  const name = plainName.exec(text.slice(dollar + 1, dollar + 200))?.[0];
  if (name === undefined) return null;
  return { value: valueOf(name, lookup(name), found), end: dollar + 1 + name.length };
}

/** The brace that closes the one before `start`. */
function closingBrace(text: string, start: number): number | null {
  let open = 1;
  for (let at = start; at < text.length; at += 1) {
    if (text[at] === '{' && text[at - 1] === '$') open += 1;
    if (text[at] === '}') open -= 1;
    if (open === 0) return at;
  }
  return null;
}

function braced(inner: string, lookup: Lookup, found: Found, depth: number): string | null {
  const name = plainName.exec(inner)?.[0];
  if (name === undefined) return null;
  const [, operator = '', word = ''] = /^(:?[-?+])?(.*)$/s.exec(inner.slice(name.length)) ?? [];
  if (operator === '' && word !== '') return null;
  const looked = lookup(name);
  if (looked.kind === 'kept' || operator === '') return valueOf(name, looked, found);
  const isThere = looked.kind === 'value' && !(operator.startsWith(':') && looked.text === '');
  switch (operator.at(-1)) {
    case '-':
      return isThere ? valueOf(name, looked, found) : put(word, lookup, found, depth + 1);
    case '+':
      return isThere ? put(word, lookup, found, depth + 1) : '';
    default:
      return valueOf(name, isThere ? looked : { kind: 'missing' }, found);
  }
}

function valueOf(name: string, looked: Looked, found: Found): string {
  switch (looked.kind) {
    case 'value':
      return looked.text;
    case 'kept':
      found.kept.add(name);
      return `\${${name}}`;
    case 'missing':
      found.missing.add(name);
      return '';
  }
}
