import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Document, Node, ParsedNode, Scalar } from 'yaml';
import type { Finding, ManifestProblem, Path } from './problem.ts';
import { formatPath } from './problem.ts';

/** Larger files are refused unread: no manifest is, and YAML can be slow to read. */
export const maxSourceLength = 262_144;
const maxDepth = 40;
/** One broken bracket can break a hundred lines after it. */
const maxSyntaxProblems = 10;

/** A manifest as text, read to plain data, that remembers where everything stood. */
export interface Source {
  readonly file: string;
  /** Plain data: objects, arrays, strings, finite numbers, booleans, null. Meaningless when there are problems. */
  readonly value: unknown;
  /** What is wrong with the text as such. */
  readonly problems: readonly ManifestProblem[];
  /** The scalar at `path` exactly as written, without quotes; null when there is none. `1.10` stays `1.10`. */
  textAt(path: Path): string | null;
  /** Gives a finding its position. A place that is not in the file counts as the nearest one around it. */
  locate(finding: Finding): ManifestProblem;
}

interface Places {
  readonly values: Map<string, number>;
  readonly keys: Map<string, number>;
  readonly texts: Map<string, string>;
}

/** Numbers that are read the same way everywhere; anything else (022, 0x1F, 1e3, .inf) stays text. */
const plainNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/;

/**
 * Reads YAML 1.2 (core schema) without what makes a file hard to read or to trust: anchors, aliases, merge keys, tags,
 * several documents, duplicate keys. Never throws, whatever the text.
 */
export function readSource(text: string, file: string): Source {
  const lines = new LineCounter();
  const places: Places = { values: new Map(), keys: new Map(), texts: new Map() };
  const problems: ManifestProblem[] = [];
  const problem = (offset: number, message: string, path: Path = []) => {
    const { line, col } = lines.linePos(offset);
    const position = { file, line: Math.max(1, line), column: Math.max(1, col) };
    problems.push({
      kind: 'syntax',
      ...position,
      path: formatPath(path),
      message,
      expected: null,
      found: null,
      nearest: null,
    });
  };
  const value = readValue(text, lines, places, problem);
  return {
    file,
    value,
    problems,
    textAt: (path) => places.texts.get(pathKey(path)) ?? null,
    locate: (finding) => locate(finding, file, lines, places),
  };
}

type Report = (offset: number, message: string, path?: Path) => void;

function readValue(text: string, lines: LineCounter, places: Places, problem: Report): unknown {
  if (text.length > maxSourceLength) {
    problem(0, `the file has ${text.length} characters; the most that is read is ${maxSourceLength}`);
    return null;
  }
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, strict: true, uniqueKeys: true });
    for (const error of document.errors.slice(0, maxSyntaxProblems)) {
      problem(error.pos[0], describeYamlError(error.code, error.message));
    }
    if (document.errors.length > 0) return null;
    return new Reader(document, places, problem).read();
  } catch (thrown) {
    // The parser works recursively: only absurd nesting ends here.
    if (!(thrown instanceof RangeError)) throw thrown;
    problem(0, 'the file is nested too deeply');
    return null;
  }
}

function describeYamlError(code: string, message: string): string {
  const first = (message.split('\n')[0] ?? '').replace(/\.$/, '');
  if (first.includes('call stack')) return 'the file is nested too deeply';
  if (code === 'DUPLICATE_KEY') return 'this key stands here twice; keep one';
  if (code === 'MULTIPLE_DOCS') return 'there is a second document (---); a manifest is one document';
  if (code === 'TAB_AS_INDENT') return 'a tab is used to indent; YAML takes spaces only';
  return `this is not valid YAML: ${first}`;
}

/** Lives for one pass over the parsed document. */
class Reader {
  readonly #document: Document.Parsed<ParsedNode>;
  readonly #places: Places;
  readonly #problem: Report;

  constructor(document: Document.Parsed<ParsedNode>, places: Places, problem: Report) {
    this.#document = document;
    this.#places = places;
    this.#problem = problem;
  }

  read(): unknown {
    const directives = this.#document.directives;
    if (directives.yaml.explicit && directives.yaml.version !== '1.2') {
      this.#problem(0, `the file asks for YAML ${directives.yaml.version}; 1.2 is read here`);
    }
    return this.#node(this.#document.contents, [], 0);
  }

  #node(node: Node | null, path: Path, offset: number): unknown {
    const start = node?.range?.[0] ?? offset;
    this.#places.values.set(pathKey(path), start);
    if (node === null) return null;
    if (path.length > maxDepth) return this.#refuse(start, 'this is nested too deeply', path);
    if (isAlias(node)) return this.#refuse(start, `the alias *${node.source} is refused: write the value out`, path);
    if ('anchor' in node && node.anchor !== undefined) {
      return this.#refuse(
        start,
        `the anchor &${String(node.anchor)} is refused: write each value where it is used`,
        path,
      );
    }
    if (node.tag !== undefined) return this.#refuse(start, 'a tag (!name) is refused: write the plain value', path);
    if (isMap<ParsedNode, ParsedNode | null>(node)) return this.#map(node.items, path, start);
    if (isSeq<ParsedNode>(node)) return node.items.map((item, index) => this.#node(item, [...path, index], start));
    return isScalar(node) ? this.#scalar(node, path, start) : null;
  }

  #map(pairs: readonly { key: ParsedNode; value: ParsedNode | null }[], path: Path, start: number): unknown {
    const result: Record<string, unknown> = {};
    for (const { key, value } of pairs) {
      const keyStart = key?.range?.[0] ?? start;
      const name = this.#key(key, path, keyStart);
      if (name === null) continue;
      const place = [...path, name];
      this.#places.keys.set(pathKey(place), keyStart);
      if (Object.hasOwn(result, name)) this.#problem(keyStart, 'this key stands here twice; keep one', place);
      result[name] = this.#node(value, place, keyStart);
    }
    return result;
  }

  #key(key: ParsedNode, path: Path, start: number): string | null {
    if (!isScalar(key) || ('anchor' in key && key.anchor !== undefined)) {
      this.#problem(start, 'a key is a plain word: no list, mapping, anchor or alias', path);
      return null;
    }
    const name = typeof key.value === 'string' ? key.value : (key.source ?? '');
    if (name === '<<') {
      this.#problem(start, 'merge keys (<<) are refused: write each value where it is used', path);
      return null;
    }
    if (name === '' || name in Object.prototype) {
      this.#problem(start, `${JSON.stringify(name)} cannot be used as a key`, path);
      return null;
    }
    return name;
  }

  #scalar(node: Scalar, path: Path, start: number): unknown {
    const text = node.source ?? JSON.stringify(node.value ?? '');
    this.#places.texts.set(pathKey(path), text);
    if (text.includes('\0')) return this.#refuse(start, 'the text contains a NUL character', path);
    const value = node.value;
    if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
    return typeof value === 'number' && plainNumber.test(text) && Number.isFinite(value) ? value : text;
  }

  #refuse(offset: number, message: string, path: Path): null {
    this.#problem(offset, message, path);
    return null;
  }
}

function locate(finding: Finding, file: string, lines: LineCounter, places: Places): ManifestProblem {
  const { kind, path, message, expected = null, found = null, nearest = null } = finding;
  const { line, col } = lines.linePos(offsetOf(path, finding.at ?? 'value', places));
  const position = { file, line: Math.max(1, line), column: Math.max(1, col) };
  return { kind, ...position, path: formatPath(path), message, expected, found, nearest };
}

function offsetOf(path: Path, at: 'key' | 'value', places: Places): number {
  const exact = (at === 'key' ? places.keys : places.values).get(pathKey(path));
  if (exact !== undefined) return exact;
  // What is missing is reported where the mapping that lacks it is named.
  for (let length = path.length - 1; length > 0; length -= 1) {
    const around = path.slice(0, length);
    const offset = places.keys.get(pathKey(around)) ?? places.values.get(pathKey(around));
    if (offset !== undefined) return offset;
  }
  return places.values.get(pathKey([])) ?? 0;
}

function pathKey(path: Path): string {
  return JSON.stringify(path);
}
