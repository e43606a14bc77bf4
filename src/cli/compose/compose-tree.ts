/** A compose file with aliases, merge keys and variables resolved; every node knows its line. */
export type ComposeNode = ComposeMap | ComposeList | ComposeText;

export interface ComposeMap {
  readonly kind: 'map';
  readonly line: number;
  readonly entries: ReadonlyMap<string, ComposeEntry>;
}

export interface ComposeEntry {
  /** Where the key stands. */
  readonly line: number;
  readonly node: ComposeNode;
}

export interface ComposeList {
  readonly kind: 'list';
  readonly line: number;
  readonly items: readonly ComposeNode[];
}

export interface ComposeText {
  readonly kind: 'text';
  readonly line: number;
  /** As written, numbers too; null for nothing. */
  readonly text: string | null;
  /** Variables that stand in it as `${NAME}`, for their values must not be written down. */
  readonly kept: readonly string[];
  /** Variables of which nobody knows a value. */
  readonly missing: readonly string[];
}

const noEntries: ReadonlyMap<string, ComposeEntry> = new Map();

/** Of a map; empty for everything else. */
export function entriesOf(node: ComposeNode | undefined): ReadonlyMap<string, ComposeEntry> {
  return node?.kind === 'map' ? node.entries : noEntries;
}

export function childOf(node: ComposeNode | undefined, ...path: readonly string[]): ComposeNode | undefined {
  return path.reduce<ComposeNode | undefined>((at, key) => entriesOf(at).get(key)?.node, node);
}

/** Null for everything that is no text. */
export function textOf(node: ComposeNode | undefined): string | null {
  return node?.kind === 'text' ? node.text : null;
}

/** One item counts as a list of it. */
export function itemsOf(node: ComposeNode | undefined): readonly ComposeNode[] {
  if (node === undefined || (node.kind === 'text' && node.text === null)) return [];
  return node.kind === 'list' ? node.items : [node];
}

/** `environment` and its like: a map, or a list of `NAME=value`. */
export interface ComposePair {
  readonly name: string;
  /** Null: only named. */
  readonly value: string | null;
  readonly line: number;
  readonly kept: readonly string[];
  readonly missing: readonly string[];
}

export function pairsOf(node: ComposeNode | undefined): readonly ComposePair[] {
  if (node?.kind === 'map') {
    return [...node.entries].flatMap(([name, entry]): readonly ComposePair[] => {
      const { node: value, line } = entry;
      return value.kind === 'text' ? [{ ...value, name, value: value.text, line }] : [];
    });
  }
  return itemsOf(node).flatMap((item): readonly ComposePair[] => {
    if (item.kind !== 'text' || item.text === null) return [];
    const at = item.text.indexOf('=');
    const name = at < 0 ? item.text : item.text.slice(0, at);
    return [{ ...item, name, value: at < 0 ? null : item.text.slice(at + 1) }];
  });
}

/** `extends`: lists follow each other, maps are merged, everything else is replaced by what stands on top. */
export function mergeNodes(base: ComposeNode, top: ComposeNode, key = ''): ComposeNode {
  if (key === 'command' || key === 'entrypoint' || key === 'test') return top;
  if (base.kind === 'list' && top.kind === 'list') return { ...top, items: [...base.items, ...top.items] };
  if (base.kind !== 'map' || top.kind !== 'map') {
    const both = [base, top].every((node) => node.kind !== 'text') ? [...pairEntries(base), ...pairEntries(top)] : [];
    return both.length === 0 ? top : { kind: 'map', line: top.line, entries: new Map(both) };
  }
  const entries = new Map(base.entries);
  for (const [name, entry] of top.entries) {
    const under = entries.get(name);
    entries.set(name, under === undefined ? entry : { ...entry, node: mergeNodes(under.node, entry.node, name) });
  }
  return { ...top, entries };
}

function pairEntries(node: ComposeNode): readonly (readonly [string, ComposeEntry])[] {
  return pairsOf(node).map(({ name, value, ...rest }) => [
    name,
    { line: rest.line, node: { kind: 'text', line: rest.line, text: value, kept: rest.kept, missing: rest.missing } },
  ]);
}
