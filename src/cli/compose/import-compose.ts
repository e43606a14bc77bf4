import { posix } from 'node:path';
import { LotseError } from '../../core/errors.ts';
import { variableOf } from '../../core/variable-names.ts';
import { reservedVariable } from '../../manifest/names.ts';
import type { ProposedJob, ProposedService, ProposedStore, ProposedValue } from '../init/proposal.ts';
import type { ComposeApp } from './compose-app.ts';
import type { ComposeFolder } from './compose-folder.ts';
import { findComposeImage, type ComposeImage } from './compose-image.ts';
import { orderNotes, type ComposeNote } from './compose-note.ts';
import { sayWhatIsSolved } from './compose-remarks.ts';
import { importParts, type ImportedPart } from './import-parts.ts';
import { importConfig, type ImportedConfig } from './import-config.ts';
import { importStores } from './import-stores.ts';
import type { Looked } from './interpolate.ts';
import { isSecretName, isSecretValue } from './looks-secret.ts';
import { parseCompose, type ParsedCompose } from './parse-compose.ts';
import type { Say } from './parse-compose-service.ts';
import { placeServices, type Placement } from './place-services.ts';
import { readCompose } from './read-compose.ts';
import { readEnvFile } from './read-env-file.ts';
import { routesOf } from './route-labels.ts';
import type { Host } from './service-hosts.ts';
import { sharedConfig } from './shared-config.ts';

/** What a compose file comes to. Without services there is nothing in it that is built from this folder. */
export interface ComposeImport {
  /** As the compose file says; null: the folder's. */
  readonly name: string | null;
  readonly services: readonly ProposedService[];
  readonly jobs: readonly ProposedJob[];
  readonly config: readonly ProposedValue[];
  readonly secrets: readonly string[];
  readonly stores: readonly ProposedStore[];
  /** A name on the internet that its labels say. */
  readonly domain: string | null;
  readonly takesTurns: boolean;
  /** Null: no Dockerfile was found. */
  readonly image: ComposeImage | null;
  /** By line. */
  readonly notes: readonly ComposeNote[];
}

/** Pure. Throws `bad-input`, with file and line, for what is no compose file. */
export function importCompose(folder: ComposeFolder): ComposeImport {
  const { app, notes: parsedNotes } = readComposeApp(folder);
  const notes: ComposeNote[] = [...parsedNotes];
  const sayFor =
    (service: string | null): Say =>
    (line, kind, message) => {
      notes.push({ kind, file: folder.file, line, services: service === null ? [] : [service], message });
    };
  for (const other of folder.otherFiles) {
    sayFor(null)(
      1,
      'lost',
      `${other} lies beside it and is not read; \`lotse init --file ${other}\` takes that one instead`,
    );
  }
  const placements = placeServices(app, folder);
  const image = findComposeImage(placements, folder);
  const routes = routesOf(app);
  const isImage = image?.kind === 'image';
  const parts = importParts(placements, { folder, app, isImage, paths: routes.paths, sayFor });
  const carried = parts.map(({ placed }) => placed);
  sayWhatIsSolved(
    carried.map(({ service }) => service),
    sayFor(null),
  );
  const { stores, targets } = importStores(carried, folder, app.externalVolumes, sayFor);
  const given = givenVariables(parts, stores);
  const hosts = hostsOf(placements, parts);
  const configs = parts.map((part): ImportedConfig => {
    const { name } = part.placed.service;
    const own = targets.filter((each) => each.service === name);
    const paths = own.map(({ target, store }) => ({ target, variable: variableOf(store, 'DIR') }));
    return importConfig(part.placed.service, { folder, hosts, given, targets: paths }, sayFor(name));
  });
  const { config, own, secrets } = sharedConfig(parts, configs);
  return {
    name: app.name,
    services: parts.flatMap((part, index) =>
      part.kind === 'service' ? [{ ...part.proposed, config: own[index] ?? [] }] : [],
    ),
    jobs: parts.flatMap((part) => (part.kind === 'job' ? [part.proposed] : [])),
    config,
    secrets: secrets.filter((name) => reservedVariable(name) === null && !given.has(name)),
    stores,
    domain: routes.domain,
    image,
    takesTurns: parts.some((part) => part.kind === 'service' && part.isFixed),
    notes: orderNotes(notes),
  };
}

/**
 * Variables come from `.env` beside the file. What git ignores may decide where something listens and never becomes a
 * value of config; a secret is not even looked up.
 */
export function readComposeApp(folder: ComposeFolder): ParsedCompose {
  const envPath = posix.join(posix.dirname(folder.file), '.env');
  const text = folder.readText(envPath);
  const known = new Map(readEnvFile(text ?? '').map(({ name, value }) => [name, value ?? '']));
  const read = (values: ReadonlyMap<string, string>): ParsedCompose => {
    const lookup = (name: string): Looked => {
      const value = values.get(name);
      if (isSecretName(name) || (value !== undefined && isSecretValue(value))) return { kind: 'kept' };
      return value === undefined ? { kind: 'missing' } : { kind: 'value', text: value };
    };
    return parseCompose(readCompose(folder.text, { file: folder.file, lookup }), folder.file);
  };
  const parsed = read(known);
  if (text === null || !folder.isIgnored(envPath)) return parsed;
  const committed = read(new Map([...known].filter(([, value]) => isSecretValue(value)))).app;
  return { ...parsed, app: withEnvironments(parsed.app, committed) };
}

function withEnvironments(app: ComposeApp, committed: ComposeApp): ComposeApp {
  const services = app.services.map((service) => {
    const other = committed.services.find(({ name }) => name === service.name);
    return { ...service, environment: other?.environment ?? [] };
  });
  return { ...app, services };
}

function givenVariables(parts: readonly ImportedPart[], stores: readonly ProposedStore[]): ReadonlyMap<string, string> {
  return new Map([
    ...parts.flatMap((part): readonly (readonly [string, string])[] =>
      part.kind === 'service' && part.proposed.port !== null
        ? [[variableOf(part.proposed.name, 'URL'), `the service ${part.proposed.name}`]]
        : [],
    ),
    ...stores.map(({ name }) => [variableOf(name, 'DIR'), `the store ${name}`] as const),
  ]);
}

function hostsOf(placements: readonly Placement[], parts: readonly ImportedPart[]): readonly Host[] {
  return placements.flatMap((placement): readonly Host[] => {
    const service = placement.kind === 'app' ? placement.placed.service : placement.service;
    const part = parts.find(({ placed }) => placed.service === service);
    if (part?.kind === 'job') return [];
    if (part !== undefined) {
      const variable = part.proposed.port === null ? null : variableOf(part.proposed.name, 'URL');
      return variable === null ? [] : [{ name: service.name, published: new Map(), variable }];
    }
    const ports = service.ports.flatMap(({ target, published }) =>
      target === null || published === null ? [] : [[target, published] as const],
    );
    return [{ name: service.name, published: new Map(ports), variable: null }];
  });
}

/** Why a compose file alone makes no lotse.yaml. */
export function nothingToCarry(file: string): LotseError {
  return new LotseError('bad-input', `${file} has no service that is built from this folder and says how it starts`, {
    hint: 'A service with `build` and `command`, a package.json with a start script or a Procfile would.',
  });
}
