import type { SchemaNode } from './json-schema.ts';

const plainWords: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'whole number',
  number: 'number',
  boolean: '`true` or `false`',
  object: 'mapping',
};

/** What may stand behind a key, in words, with links to where it is described. */
export function valueWords(node: SchemaNode): string {
  if (node.$ref !== undefined) return link(node.$ref.replace('#/$defs/', ''));
  if (node.enum !== undefined) return node.enum.map((word) => `\`${String(word)}\``).join(' or ');
  if (node.anyOf !== undefined) return [...new Set(node.anyOf.map(valueWords))].join(' or ');
  if (node.type === 'array') return `list of ${node.items === undefined ? 'values' : valueWords(node.items)}`;
  if (node.type === 'object' && node.properties === undefined && node.additionalProperties) {
    return `names to ${valueWords(node.additionalProperties)}`;
  }
  return plainWords[node.type ?? ''] ?? 'value';
}

/** Where a part or a value is described on the page. */
export function anchorOf(name: string): string {
  return titleOf(name).toLowerCase().replaceAll(' ', '-');
}

/** `ServiceOverride` becomes `Service override`. */
export function titleOf(name: string): string {
  return name.replaceAll(/(?<=[a-z])([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`);
}

function link(name: string): string {
  return `[${titleOf(name).toLowerCase()}](#${anchorOf(name)})`;
}
