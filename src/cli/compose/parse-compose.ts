import { LotseError } from '../../core/errors.ts';
import type { ComposeApp } from './compose-app.ts';
import type { ComposeNote } from './compose-note.ts';
import { childOf, entriesOf, mergeNodes, textOf, type ComposeEntry, type ComposeMap } from './compose-tree.ts';
import { parseComposeService } from './parse-compose-service.ts';

export interface ParsedCompose {
  readonly app: ComposeApp;
  readonly notes: readonly ComposeNote[];
}

/** From a tree to what it says. Pure. Throws `bad-input` when there are no services. */
export function parseCompose(root: ComposeMap, file: string): ParsedCompose {
  const services = entriesOf(childOf(root, 'services'));
  if (services.size === 0) {
    throw new LotseError('bad-input', `${file}:${root.line} there are no services in it`, {
      hint: 'A compose file names them under `services`.',
    });
  }
  const notes: ComposeNote[] = [];
  const note = (line: number, service: string | null, kind: ComposeNote['kind'], message: string): void => {
    notes.push({ kind, file, line, services: service === null ? [] : [service], message });
  };
  for (const [key, entry] of root.entries) {
    const message = topLevel[key];
    if (message !== undefined) note(entry.line, null, 'lost', `\`${key}\`: ${message}`);
  }
  const parsed = [...services].map(([name, entry]) => {
    const whole = withBase(name, entry, services, (line, message) => note(line, name, 'lost', message));
    return parseComposeService(name, whole, (line, kind, message) => note(line, name, kind, message));
  });
  const volumes = [...entriesOf(childOf(root, 'volumes'))];
  const externalVolumes = volumes.filter(([, { node }]) => (textOf(childOf(node, 'external')) ?? 'false') !== 'false');
  return {
    app: {
      name: textOf(childOf(root, 'name')),
      services: parsed,
      externalVolumes: externalVolumes.map(([name]) => name),
    },
    notes,
  };
}

/** Keys beside `services`, `volumes`, `networks`, `secrets`, `name`, `version` and `x-…`. */
const topLevel: Readonly<Record<string, string | undefined>> = {
  include: 'the files that it names are not read; `lotse init --file FILE` takes one',
  configs: 'files of configuration belong into the app’s folder, or their values under `config`',
  models: 'models have to be there already',
};

/** `extends` within the file; what lies in another one is not followed. */
function withBase(
  name: string,
  entry: ComposeEntry,
  services: ReadonlyMap<string, ComposeEntry>,
  lost: (line: number, message: string) => void,
  seen: readonly string[] = [],
): ComposeEntry {
  const wanted = entriesOf(entry.node).get('extends');
  if (wanted === undefined) return entry;
  const other = textOf(childOf(wanted.node, 'file'));
  const base = textOf(wanted.node) ?? textOf(childOf(wanted.node, 'service')) ?? '';
  const found = services.get(base);
  if (other !== null || found === undefined || base === name || seen.includes(base)) {
    const where = other === null ? '' : ` in ${other}`;
    lost(wanted.line, `\`extends\`: the service ${base}${where} is not followed; write here what it says`);
    return entry;
  }
  const under = withBase(base, found, services, lost, [...seen, name]);
  return { line: entry.line, node: mergeNodes(under.node, entry.node) };
}
