import { notBuiltAt } from '../not-built-yet.ts';
import type { SchemaNode } from './json-schema.ts';
import { describeSchema, notBuiltNote, partKeys } from './json-schema.ts';
import { titleOf, valueWords } from './value-words.ts';
import { yamlExample } from './yaml-example.ts';
import { introduction, rules } from './reference-texts.ts';

/** The reference of lotse.yaml as Markdown, made from the schema. */
export function referencePage(): string {
  const schema = describeSchema();
  const parts = Object.entries(partKeys).map(([part, key]) => partSection(part, key, schema.$defs?.[part] ?? {}));
  const values = Object.entries(schema.$defs ?? {}).filter(([name]) => !Object.hasOwn(partKeys, name));
  return [
    introduction,
    '## The file\n',
    keyList(schema, ''),
    ...parts,
    '## Values\n',
    ...values.map(([name, node]) => valueSection(name, node)),
    rules,
  ].join('\n');
}

function partSection(part: string, key: string, node: SchemaNode): string {
  const place = `\`${key.replaceAll('*', '<name>')}\``;
  const notBuilt = notBuiltAt(key);
  const note = notBuilt === undefined ? '' : ` **${notBuiltNote(notBuilt.values)}**`;
  return `## ${titleOf(part)}\n\n${place}: ${node.description ?? ''}${note}\n\n${keyList(node, key)}`;
}

function keyList(node: SchemaNode, key: string): string {
  const required = node.required ?? [];
  return Object.entries(node.properties ?? {})
    .map(([name, inner]) => keyEntry(name, inner, required.includes(name), key === '' ? name : `${key}.${name}`))
    .join('');
}

function keyEntry(name: string, node: SchemaNode, isRequired: boolean, key: string): string {
  const notBuilt = notBuiltAt(key);
  const facts = [valueWords(node), isRequired ? '**required**' : leftOutWords(node)];
  const note = notBuilt === undefined ? '' : ` **${notBuiltNote(notBuilt.values)}**`;
  const example = node.examples?.[0];
  const lines = [
    `- **\`${name}\`**: ${facts.filter((fact) => fact !== '').join('; ')}.${note}`,
    `  ${node.description ?? ''}`,
  ];
  if (example !== undefined) lines.push('', `  \`${yamlExample(name, example)}\``);
  const inner = node.properties === undefined ? '' : indent(keyList(node, key));
  return `${lines.join('\n')}\n\n${inner}`;
}

function leftOutWords(node: SchemaNode): string {
  if (node.leftOut !== undefined) return `left out: ${node.leftOut}`;
  return node.default === undefined
    ? ''
    : `left out: \`${typeof node.default === 'string' ? node.default : JSON.stringify(node.default)}\``;
}

function valueSection(name: string, node: SchemaNode): string {
  const examples = (node.examples ?? []).map(
    (example) => `\`${typeof example === 'string' ? example : JSON.stringify(example)}\``,
  );
  return `### ${titleOf(name)}\n\n${node.description ?? ''} Examples: ${examples.join(', ')}.\n`;
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '  ');
}
