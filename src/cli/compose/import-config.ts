import { reservedVariable, variablePattern } from '../../manifest/names.ts';
import type { ProposedValue } from '../init/proposal.ts';
import type { ComposeService } from './compose-app.ts';
import { pathInFolder, type ComposeFolder } from './compose-folder.ts';
import type { ComposePair } from './compose-tree.ts';
import { looksSecret } from './looks-secret.ts';
import type { Say } from './parse-compose-service.ts';
import { readEnvFile } from './read-env-file.ts';
import { withoutHosts, type Host } from './service-hosts.ts';

export interface ImportedConfig {
  readonly values: readonly ProposedValue[];
  readonly secrets: readonly string[];
}

export interface ConfigWorld {
  readonly folder: ComposeFolder;
  readonly hosts: readonly Host[];
  /** Variables that Lotse gives by itself, with what they are: `API_URL`. */
  readonly given: ReadonlyMap<string, string>;
  /** Where stores were mounted in this service. */
  readonly targets: readonly { readonly target: string; readonly variable: string }[];
}

/** A variable before it is known what becomes of it. */
interface Written extends ComposePair {
  /** The env file that it comes from; null for the compose file. */
  readonly source: string | null;
  /** Its value must not be written down, whatever it is. */
  readonly isIgnored: boolean;
}

/** What a service gets in its environment, as config values and names of secrets. No value of a secret leaves this. */
export function importConfig(service: ComposeService, world: ConfigWorld, say: Say): ImportedConfig {
  const values: ProposedValue[] = [];
  const secrets: string[] = service.secrets.map(({ value, line }) => {
    const name = value
      .replaceAll(/[^A-Za-z0-9]+/g, '_')
      .replace(/^(?=\d)/, '_')
      .slice(0, 80)
      .toUpperCase();
    say(line, 'changed', `the secret is read from the variable ${name}, not from a file below /run/secrets`);
    return name;
  });
  for (const written of variablesOf(service, world.folder, say)) {
    const refusal = refusalOf(written.name, world);
    if (refusal !== null) {
      if (refusal !== '') say(written.line, 'changed', refusal);
      continue;
    }
    const file = /^(.+)_FILE$/.exec(written.name)?.[1];
    if (file !== undefined && written.value?.startsWith('/run/secrets/')) {
      say(written.line, 'changed', `${file} becomes a variable; ${written.name} is not set`);
      if (refusalOf(file, world) === null) secrets.push(file);
    } else if (written.kept.length > 0 || looksSecret(written.name, written.value)) {
      withoutHosts(written.name, written.value ?? '', world.hosts, (message) => say(written.line, 'changed', message));
      secrets.push(written.name);
    } else {
      values.push(valueOf(written, world, say));
    }
  }
  return { values, secrets: [...new Set(secrets)].filter((name) => variablePattern.test(name)) };
}

/** Null: it can be carried over. Empty: it cannot, and nobody has to know. */
function refusalOf(name: string, { given }: ConfigWorld): string | null {
  if (name === 'PORT') return '';
  const by = given.get(name);
  if (by !== undefined) return `${name} is given by Lotse: it leads to ${by}`;
  if (!variablePattern.test(name) || name in Object.prototype) {
    return `${JSON.stringify(name.slice(0, 60))} is no name of a variable in lotse.yaml`;
  }
  const reserved = reservedVariable(name);
  return reserved === null ? null : `${name} is not carried over: ${reserved}; give yours another name`;
}

function valueOf(written: Written, world: ConfigWorld, say: Say): ProposedValue {
  const { name, value, line } = written;
  const store = world.targets.find(({ target }) => target !== '/' && `${value ?? ''}/`.startsWith(`${target}/`));
  if (store !== undefined)
    say(line, 'changed', `${name} leads into a volume, which lies elsewhere now: read ${store.variable}`);
  const isUnknown = value === null || written.isIgnored || written.missing.length > 0 || store !== undefined;
  const cannotStay = value !== null && (value.includes('${') || value.includes('\0') || value.length > 2000);
  if (cannotStay) say(line, 'lost', `the value of ${name} cannot stand in lotse.yaml; give it another form`);
  if (isUnknown || cannotStay) return { name, value: null, comment: commentOn(written, store?.variable ?? null) };
  const put = withoutHosts(name, value, world.hosts, (message) => say(line, 'changed', message));
  return { name, value: put, comment: put === null ? 'it named another service' : '' };
}

function commentOn({ source, isIgnored, missing }: Written, variable: string | null): string {
  if (variable !== null) return `was a path in a volume; ${variable} says where that is`;
  if (isIgnored) return `from ${source ?? 'a file'}, which git ignores`;
  const names = missing.filter((name) => variablePattern.test(name));
  return names.length === 0 ? '' : `Compose takes it from ${names.join(', ')}`;
}

/** Env files first, in their order, then `environment`; the last value of a name counts. */
export function variablesOf(service: ComposeService, folder: ComposeFolder, say: Say): readonly Written[] {
  const found = new Map<string, Written>();
  for (const { path, isRequired, line } of service.envFiles) {
    const place = pathInFolder(folder, path);
    const text = place === null ? null : folder.readText(place);
    if (place === null || text === null) {
      if (isRequired)
        say(line, 'lost', `${shown(path)} is not in this folder: declare what stands in it under \`config\``);
      continue;
    }
    const isIgnored = folder.isIgnored(place);
    for (const { name, value } of readEnvFile(text)) {
      // A variable inside of the value: what Compose makes of it is not known here.
      const missing = /\$\{?\w/.test(value ?? '') ? [name] : [];
      found.set(name, { name, value, line, kept: [], missing, source: place, isIgnored });
    }
  }
  for (const pair of service.environment) found.set(pair.name, { ...pair, source: null, isIgnored: false });
  return [...found.values()];
}

function shown(path: string): string {
  return JSON.stringify(path.slice(0, 80)).slice(1, -1);
}
