import { z } from 'zod';
import { notBuiltAt } from '../not-built-yet.ts';
import { manifestSchema } from '../schema/manifest-schema.ts';

/** The part of JSON Schema (draft 2020-12) that the manifest's schema is written in. */
export interface SchemaNode {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, SchemaNode>>;
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  /** What applies when the key is left out, in words. */
  readonly leftOut?: string;
  readonly anyOf?: readonly SchemaNode[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: SchemaNode | false;
  readonly items?: SchemaNode;
}

/** The key that each part of the schema stands behind, `*` for any name: parts are found by it in the table of what is not built. */
export const partKeys = {
  Build: 'build',
  Registry: 'build.registries.*',
  Service: 'services.*',
  Job: 'jobs.*',
  Verify: 'verify',
  Pipeline: 'pipeline',
  PipelineJob: 'pipeline.jobs.*',
  PipelineCache: 'pipeline.jobs.*.cache',
  PipelineReports: 'pipeline.jobs.*.reports',
  PipelineConcurrency: 'pipeline.concurrency',
  Store: 'stores.*',
  ConfigDeclaration: 'config.*',
  Environment: 'environments.*',
  ServiceOverride: 'environments.*.services.*',
  Strategy: 'environments.*.strategy',
  Signal: 'environments.*.strategy.signals.*',
  Gates: 'environments.*.gates',
  Tls: 'environments.*.tls',
  Notify: 'notify',
  NotifyWebhook: 'notify.webhook',
} as const;

/** The schema as data, with `leftOut` beside each key: for the reference and for finding valid keys. */
export function describeSchema(): SchemaNode {
  const schema = z.toJSONSchema(manifestSchema, {
    target: 'draft-2020-12',
    io: 'input',
    override: ({ jsonSchema }) => {
      rename(jsonSchema, 'samples', 'examples');
      rename(jsonSchema, 'preset', 'default');
    },
  });
  return JSON.parse(JSON.stringify(schema));
}

function rename(node: Record<string, unknown>, from: string, to: string): void {
  if (node[from] === undefined) return;
  node[to] = node[from];
  delete node[from];
}

/** The JSON Schema for editors: what is left out, and what is not built yet, stands in the descriptions. */
export function editorSchema(): SchemaNode {
  const { $defs = {}, ...root } = describeSchema();
  const keys = new Map<string, string>(Object.entries(partKeys));
  const parts = Object.entries($defs).map(([part, node]) => [part, withNotes(node, keys.get(part))] as const);
  return { ...withNotes(root, ''), $defs: Object.fromEntries(parts) };
}

/** `key` is where `node` stands; undefined for values, which have no place of their own. */
function withNotes(node: SchemaNode, key: string | undefined): SchemaNode {
  const { properties, leftOut, description = '', ...rest } = node;
  const notBuilt = key === undefined ? undefined : notBuiltAt(key);
  const notes = [
    description,
    leftOut === undefined ? '' : `Left out: ${leftOut}.`,
    notBuilt === undefined ? '' : notBuiltNote(notBuilt.values),
  ];
  const text = notes.filter((note) => note !== '').join(' ');
  return {
    ...rest,
    ...(text === '' ? {} : { description: text }),
    ...(properties === undefined ? {} : { properties: mapKeys(properties, key) }),
  };
}

function mapKeys(properties: Readonly<Record<string, SchemaNode>>, key: string | undefined) {
  const noted = Object.entries(properties).map(([name, node]) => {
    const place = key === undefined ? undefined : key === '' ? name : `${key}.${name}`;
    return [name, withNotes(node, place)] as const;
  });
  return Object.fromEntries(noted);
}

export function notBuiltNote(values: readonly string[] | undefined): string {
  return values === undefined ? 'Not built yet: refused.' : `Not built yet, refused: ${values.join(', ')}.`;
}
