import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Node, ParsedNode, Scalar } from 'yaml';
import { LotseError } from '../../core/errors.ts';
import type { ComposeEntry, ComposeMap, ComposeNode } from './compose-tree.ts';
import { interpolate, type Looked } from './interpolate.ts';

/** Far beyond what people write; aliases of aliases could otherwise grow without end. */
const maxNodes = 20_000;
const maxDepth = 40;
const maxLength = 1_000_000;

export interface ReadComposeOptions {
  /** For messages: `compose.yaml`. */
  readonly file: string;
  readonly lookup: (name: string) => Looked;
}

/** Reads a compose file. Pure. Throws `bad-input` with file and line for what Compose would refuse as YAML. */
export function readCompose(text: string, options: ReadComposeOptions): ComposeMap {
  const lines = new LineCounter();
  const refuse = (offset: number, message: string) => refusal(options.file, lines.linePos(offset).line, message);
  if (text.length > maxLength) throw refuse(0, `the file has ${text.length} characters; at most ${maxLength} are read`);
  const root = new Walk(options, lines, refuse).read(text);
  if (root.kind === 'map') return root;
  throw refuse(0, 'a compose file is a mapping with `services`');
}

function refusal(file: string, line: number, message: string): LotseError {
  return new LotseError('bad-input', `${file}:${Math.max(1, line)} ${message}`, {
    hint: '`docker compose config` says whether Compose can read it.',
  });
}

/** Lives for one pass over the document. */
class Walk {
  readonly #options: ReadComposeOptions;
  readonly #lines: LineCounter;
  readonly #refuse: (offset: number, message: string) => LotseError;
  readonly #anchors = new Map<string, Node>();
  #nodes = 0;

  constructor(options: ReadComposeOptions, lines: LineCounter, refuse: (at: number, message: string) => LotseError) {
    this.#options = options;
    this.#lines = lines;
    this.#refuse = refuse;
  }

  read(text: string): ComposeNode {
    try {
      const document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false, logLevel: 'silent' });
      const [error] = document.errors;
      if (error !== undefined) throw this.#refuse(error.pos[0], describe(error.code, error.message));
      return this.#node(document.contents, 0, 0);
    } catch (thrown) {
      if (thrown instanceof RangeError) throw this.#refuse(0, 'the file is nested too deeply');
      throw thrown;
    }
  }

  #node(node: Node | null, offset: number, depth: number): ComposeNode {
    const start = node?.range?.[0] ?? offset;
    const { line } = this.#lines.linePos(start);
    this.#nodes += 1;
    if (this.#nodes > maxNodes) throw this.#refuse(start, `with its aliases the file has over ${maxNodes} values`);
    if (depth > maxDepth) throw this.#refuse(start, 'the file is nested too deeply');
    if (isAlias(node)) {
      const meant = this.#anchors.get(node.source);
      if (meant === undefined) throw this.#refuse(start, `there is no anchor &${node.source} above`);
      return this.#node(meant, start, depth + 1);
    }
    if (node !== null && 'anchor' in node && typeof node.anchor === 'string') this.#anchors.set(node.anchor, node);
    if (isMap<ParsedNode, ParsedNode | null>(node)) return { kind: 'map', line, entries: this.#entries(node, depth) };
    if (isSeq<ParsedNode>(node)) {
      return { kind: 'list', line, items: node.items.map((item) => this.#node(item, start, depth + 1)) };
    }
    return isScalar(node) ? this.#scalar(node, line, start) : blank(line);
  }

  #entries(map: { readonly items: readonly Pair[] }, depth: number): ReadonlyMap<string, ComposeEntry> {
    const own = new Map<string, ComposeEntry>();
    const merged = new Map<string, ComposeEntry>();
    for (const { key, value } of map.items) {
      const start = key?.range?.[0] ?? 0;
      if (!isScalar(key)) throw this.#refuse(start, 'a key is a plain word');
      if (value?.tag === '!reset') continue;
      const name = typeof key.value === 'string' ? key.value : (key.source ?? '');
      const node = this.#node(value, start, depth + 1);
      if (name === '<<') {
        for (const [each, entry] of mergedEntries(node)) if (!merged.has(each)) merged.set(each, entry);
      } else own.set(name, { line: this.#lines.linePos(start).line, node });
    }
    return merged.size === 0 ? own : new Map([...[...merged].filter(([name]) => !own.has(name)), ...own]);
  }

  #scalar(node: Scalar, line: number, start: number): ComposeNode {
    if (node.value === null || node.value === undefined) return blank(line);
    if (typeof node.value !== 'string') return { ...blank(line), text: node.source ?? JSON.stringify(node.value) };
    const result = interpolate(node.value, this.#options.lookup);
    if (result === null) {
      throw this.#refuse(start, 'a `$` here begins no variable that Compose knows; a dollar sign itself is `$$`');
    }
    return { kind: 'text', line, ...result };
  }
}

interface Pair {
  readonly key: ParsedNode | null;
  readonly value: ParsedNode | null;
}

function blank(line: number): Extract<ComposeNode, { kind: 'text' }> {
  return { kind: 'text', line, text: null, kept: [], missing: [] };
}

/** `<<: *a` or `<<: [*a, *b]`; the first one wins (https://yaml.org/type/merge.html). */
function mergedEntries(node: ComposeNode): readonly (readonly [string, ComposeEntry])[] {
  switch (node.kind) {
    case 'map':
      return [...node.entries];
    case 'list':
      return node.items.flatMap(mergedEntries);
    case 'text':
      return [];
  }
}

function describe(code: string, message: string): string {
  if (code === 'DUPLICATE_KEY') return 'this key stands here twice';
  if (code === 'MULTIPLE_DOCS') return 'there is a second document (---); a compose file is one document';
  if (code === 'TAB_AS_INDENT') return 'a tab is used to indent; YAML takes spaces only';
  return `this is not valid YAML: ${(message.split('\n')[0] ?? '').replace(/\.$/, '')}`;
}
