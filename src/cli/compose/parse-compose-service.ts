import { carriedKeys, otherKeys } from './compose-keys.ts';
import type { ComposeBuild, ComposeService, ComposeWords, Placed } from './compose-app.ts';
import type { ComposeNote } from './compose-note.ts';
import {
  childOf,
  entriesOf,
  itemsOf,
  pairsOf,
  textOf,
  type ComposeEntry,
  type ComposeNode,
  type ComposeText,
} from './compose-tree.ts';
import { parseMounts, parsePorts } from './parse-ports-and-mounts.ts';

export type Say = (line: number, kind: ComposeNote['kind'], message: string) => void;

export function parseComposeService(name: string, entry: ComposeEntry, say: Say): ComposeService {
  const { node } = entry;
  sayOtherKeys(node, say);
  return {
    name,
    line: entry.line,
    image: textOf(childOf(node, 'image')),
    imageLine: entriesOf(node).get('image')?.line ?? entry.line,
    build: buildOf(entriesOf(node).get('build'), say),
    command: wordsOf(entriesOf(node).get('command')),
    entrypoint: wordsOf(entriesOf(node).get('entrypoint')),
    workingDir: textOf(childOf(node, 'working_dir')),
    environment: pairsOf(childOf(node, 'environment')),
    envFiles: itemsOf(childOf(node, 'env_file')).flatMap((item) => {
      const path = textOf(item) ?? textOf(childOf(item, 'path'));
      if (path === null) return [];
      return [{ path, isRequired: textOf(childOf(item, 'required')) !== 'false', line: item.line }];
    }),
    ports: parsePorts(childOf(node, 'ports')),
    expose: itemsOf(childOf(node, 'expose')).flatMap((item) => portNumber(textOf(item))),
    mounts: parseMounts(childOf(node, 'volumes')),
    healthcheck: healthcheckOf(entriesOf(node).get('healthcheck')),
    dependsOn: dependsOn(entriesOf(node).get('depends_on')),
    ...sizesOf(node, say),
    grace: placedText(entriesOf(node).get('stop_grace_period')),
    restart: placedText(entriesOf(node).get('restart')),
    profiles: itemsOf(childOf(node, 'profiles')).flatMap((item) => textOf(item) ?? []),
    usesHostNetwork: textOf(childOf(node, 'network_mode')) === 'host',
    secrets: itemsOf(childOf(node, 'secrets')).flatMap((item) => {
      const value = textOf(item) ?? textOf(childOf(item, 'source'));
      return value === null ? [] : [{ value, line: item.line }];
    }),
    labels: pairsOf(childOf(node, 'labels')),
  };
}

function sayOtherKeys(node: ComposeNode, say: Say): void {
  for (const [key, { line }] of entriesOf(node)) {
    if (key.startsWith('x-') || carriedKeys.includes(key)) continue;
    const word = Object.hasOwn(otherKeys, key) ? otherKeys[key] : undefined;
    if (word === undefined) say(line, 'lost', `\`${key}\`: Lotse does not know this key`);
    else say(line, word[0], `\`${key}\`: ${word[1]}`);
  }
}

function portNumber(text: string | null): readonly number[] {
  const port = Number(/^(\d{1,5})(?:\/tcp)?$/.exec(text ?? '')?.[1]);
  return port >= 1 && port <= 65_535 ? [port] : [];
}

function placedText(entry: ComposeEntry | undefined): Placed<string> | null {
  const value = textOf(entry?.node);
  return entry === undefined || value === null ? null : { value, line: entry.line };
}

function buildOf(entry: ComposeEntry | undefined, say: Say): ComposeBuild | null {
  if (entry === undefined) return null;
  const { node, line } = entry;
  for (const key of ['args', 'secrets', 'ssh', 'target', 'additional_contexts'] as const) {
    const found = entriesOf(node).get(key);
    if (found !== undefined) say(found.line, 'lost', `\`build.${key}\`: ${buildWords[key]}`);
  }
  return {
    line,
    context: textOf(node) ?? textOf(childOf(node, 'context')) ?? '.',
    dockerfile: textOf(childOf(node, 'dockerfile')),
    inline: textOf(childOf(node, 'dockerfile_inline')),
    target: textOf(childOf(node, 'target')),
  };
}

const buildWords = {
  args: 'variables while building stand under `build: { config: … }`; move those over that the build reads',
  secrets: 'secrets while building are not built yet',
  ssh: 'a build of Lotse has no SSH agent',
  target: 'one artifact is built of the whole folder; there are no stages to choose',
  additional_contexts: 'a build sees the folder of the app and nothing else',
} as const;

function wordsOf(entry: ComposeEntry | undefined): ComposeWords | null {
  if (entry === undefined) return null;
  const { node, line } = entry;
  if (node.kind === 'text') {
    return node.text === null ? null : { line, words: null, text: node.text.trim(), kept: node.kept };
  }
  const items = itemsOf(node).filter((item): item is ComposeText => item.kind === 'text');
  return { line, words: items.map((item) => item.text ?? ''), text: null, kept: items.flatMap((item) => item.kept) };
}

function healthcheckOf(entry: ComposeEntry | undefined): ComposeService['healthcheck'] {
  if (entry === undefined) return null;
  const disabled = textOf(childOf(entry.node, 'disable')) === 'true';
  const words = wordsOf(entriesOf(entry.node).get('test'));
  const test = words === null ? '' : (words.text ?? (words.words ?? []).join(' '));
  return disabled || test === '' || test === 'NONE' ? null : { test, line: entry.line, kept: words?.kept ?? [] };
}

function dependsOn(entry: ComposeEntry | undefined): ComposeService['dependsOn'] {
  if (entry?.node.kind === 'map') {
    return [...entry.node.entries].map(([name, { node, line }]) => {
      return { name, condition: textOf(childOf(node, 'condition')) ?? 'service_started', line };
    });
  }
  return itemsOf(entry?.node).flatMap((item) => {
    const name = textOf(item);
    return name === null ? [] : [{ name, condition: 'service_started', line: item.line }];
  });
}

type Sizes = Pick<ComposeService, 'replicas' | 'memory' | 'cpus'>;

/** `deploy` for those of today, the keys of a service for the others; `deploy` wins, as in Compose. */
function sizesOf(node: ComposeNode, say: Say): Sizes {
  const deploy = childOf(node, 'deploy');
  for (const [key, { line }] of entriesOf(deploy)) {
    if (key === 'replicas' || key === 'resources' || key === 'restart_policy' || key === 'labels') continue;
    say(line, 'lost', `\`deploy.${key}\`: how copies are placed and replaced is said by \`strategy\` in lotse.yaml`);
  }
  const reservations = entriesOf(childOf(deploy, 'resources')).get('reservations');
  if (reservations !== undefined) say(reservations.line, 'lost', 'memory and cores are limited and not reserved');
  const limits = entriesOf(childOf(deploy, 'resources', 'limits'));
  const pids = limits.get('pids');
  if (pids !== undefined) say(pids.line, 'lost', 'the number of processes is not limited');
  const read = (entry: ComposeEntry | undefined, parse: (text: string) => number | null): Placed<number> | null => {
    const text = textOf(entry?.node);
    if (entry === undefined || text === null) return null;
    const value = parse(text);
    if (value === null) say(entry.line, 'lost', `${JSON.stringify(text.slice(0, 40))} is not understood here`);
    return value === null ? null : { value, line: entry.line };
  };
  const own = entriesOf(node);
  return {
    replicas: read(entriesOf(deploy).get('replicas') ?? own.get('scale'), wholeNumber),
    memory: read(limits.get('memory') ?? own.get('mem_limit'), bytes),
    cpus: read(limits.get('cpus') ?? own.get('cpus'), (text) =>
      /^\d{1,4}(?:\.\d{1,3})?$|^\.\d{1,3}$/.test(text) ? Number(text) : null,
    ),
  };
}

function wholeNumber(text: string): number | null {
  return /^\d{1,6}$/.test(text) ? Number(text) : null;
}

const byteUnits: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };

/** `512m`, `1.5gb`, `512M`, `1073741824`: always in 1024s. */
function bytes(text: string): number | null {
  const [, digits, unit = ''] = /^(\d{1,13}(?:\.\d{1,3})?)\s*([kmgt]?)i?b?$/i.exec(text) ?? [];
  if (digits === undefined) return null;
  const value = Math.round(Number(digits) * (byteUnits[unit.toLowerCase()] ?? 1));
  return Number.isSafeInteger(value) ? value : null;
}
