import type { Finding, Path } from './problem.ts';
import { formatPath } from './problem.ts';

/** A key whose part of Lotse is not built yet. */
interface NotBuilt {
  /** Dotted, `*` stands for any name. */
  readonly key: string;
  /** Only these values are not built; the others are. */
  readonly values?: readonly string[];
  /** What to do until then. */
  readonly advice?: string;
}

const otherTarget = 'until then write `target: docker` or `target: process`';
const byHand = 'until then start the job by hand with `lotse run`';

/**
 * The one table of what the manifest knows and Lotse cannot do yet. A key leaves this table in the change that builds
 * its part. Nothing in here is ever ignored: it is refused by name.
 */
export const notBuiltYet: readonly NotBuilt[] = [
  { key: 'target', values: ['kubernetes', 'cloud-run'], advice: otherTarget },
  { key: 'environments.*.target', values: ['kubernetes', 'cloud-run'], advice: otherTarget },
  { key: 'services.*.static' },
  { key: 'jobs.*.before', advice: byHand },
  { key: 'jobs.*.after', advice: byHand },
  { key: 'jobs.*.undo' },
  { key: 'stores.*.firestore' },
  { key: 'stores.*.postgres' },
  { key: 'stores.*.share', values: ['machines'] },
  { key: 'stores.*.rules' },
  { key: 'stores.*.migrate' },
  { key: 'stores.*.backup' },
  { key: 'stores.*.drill' },
  { key: 'environments.*.data' },
  { key: 'pipeline.jobs.*.image', advice: 'until then a job runs on the machine of Lotse' },
];

/** What is in the table for a key written with `*` for names; undefined when the key is built as a whole. */
export function notBuiltAt(key: string): NotBuilt | undefined {
  return notBuiltYet.find((entry) => entry.key === key);
}

/** Every use of a key that is not built yet. `value` is the file as plain data, valid or not. */
export function findNotBuilt(value: unknown): readonly Finding[] {
  return notBuiltYet.flatMap((entry) =>
    placesOf(value, entry.key.split('.'), []).flatMap(([path, found]): Finding[] => {
      const isText = typeof found === 'string';
      if (entry.values !== undefined && !(isText && entry.values.includes(found))) return [];
      const what = entry.values !== undefined && isText ? `${formatPath(path)}: ${found}` : formatPath(path);
      return [{ kind: 'not-built-yet', path, at: 'key', message: sentence(what, entry.advice) }];
    }),
  );
}

function sentence(what: string, advice: string | undefined): string {
  return `\`${what}\` is part of the manifest but not built yet${advice === undefined ? '' : `; ${advice}`}`;
}

function placesOf(value: unknown, parts: readonly string[], path: Path): readonly (readonly [Path, unknown])[] {
  const [part, ...rest] = parts;
  if (part === undefined) return [[path, value]];
  if (!isMapping(value)) return [];
  const names = part === '*' ? Object.keys(value) : [part].filter((name) => Object.hasOwn(value, name));
  return names.flatMap((name) => placesOf(value[name], rest, [...path, name]));
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
