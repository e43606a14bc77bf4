import { readFileSync } from 'node:fs';
import { LotseError } from '../../core/errors.ts';
import type { Credential } from '../../ports/secrets/ask-store.ts';
import type { SecretSource } from '../../ports/secrets/secret-source.ts';

/** The option of the control plane about secrets, as `parseArgs` takes it. */
export const secretOptions = { secrets: { type: 'string', default: 'built-in' } } as const;

type Environment = Readonly<Record<string, string | undefined>>;

const forms =
  'built-in, environment:PREFIX, vault:https://HOST/MOUNT/FOLDER, azure:https://NAME.vault.azure.net or google:PROJECT';

/**
 * Where the values of secrets are. Addresses come by the option; what lets Lotse in comes by the control plane's own
 * environment, or by files that `…_FILE` names there, never on a command line. Errors: `bad-input`.
 */
export function readSecretSource(written: string, environment: Environment): SecretSource {
  const [, kind, rest = ''] = /^([a-z-]+)(?::(.+))?$/.exec(written) ?? [];
  if (kind === 'built-in' && rest === '') return { kind };
  if (kind === 'environment') return environmentSource(rest, environment);
  if (kind === 'vault' && rest !== '') return hashicorpSource(addressIn(rest), environment);
  if (kind === 'azure' && rest !== '') return azureSource(addressIn(rest), environment);
  if (kind === 'google' && rest !== '') return googleSource(rest, environment);
  throw new LotseError('bad-input', `--secrets takes ${forms}, not ${JSON.stringify(written)}.`);
}

function environmentSource(rest: string, variables: Environment): SecretSource {
  const prefix = rest === '' ? 'LOTSE_SECRET_' : rest;
  if (/^[A-Z_][A-Z0-9_]*$/.test(prefix)) return { kind: 'environment', prefix, variables };
  throw new LotseError('bad-input', `--secrets environment:PREFIX takes capital letters, digits and _, not ${prefix}.`);
}

function hashicorpSource(address: URL, environment: Environment): SecretSource {
  const [mount = '', ...folders] = address.pathname.split('/').filter(Boolean);
  const path = { mount: mount === '' ? 'secret' : mount, folder: folders.map((each) => `${each}/`).join('') };
  const namespace = environment['VAULT_NAMESPACE'] ?? null;
  const role = optional('VAULT_ROLE_ID', environment);
  const login =
    role === null
      ? { kind: 'token' as const, token: needed('VAULT_TOKEN', environment, 'or VAULT_ROLE_ID and VAULT_SECRET_ID') }
      : {
          kind: 'app-role' as const,
          mount: environment['VAULT_APPROLE_MOUNT'] ?? 'approle',
          roleId: role,
          secretId: needed('VAULT_SECRET_ID', environment),
        };
  return { kind: 'hashicorp', origin: address.origin, ...path, namespace, login };
}

function azureSource(address: URL, environment: Environment): SecretSource {
  const client = environment['AZURE_CLIENT_ID'] ?? null;
  const password = optional('AZURE_CLIENT_SECRET', environment);
  const metadata = environment['AZURE_POD_IDENTITY_AUTHORITY_HOST'] ?? 'http://169.254.169.254';
  const managed = { kind: 'managed' as const, origin: withoutSlash(metadata), client };
  if (password === null) return { kind: 'azure', origin: address.origin, login: managed };
  const tenant = environment['AZURE_TENANT_ID'];
  if (client === null || tenant === undefined) {
    throw new LotseError('bad-input', 'AZURE_CLIENT_SECRET goes with AZURE_TENANT_ID and AZURE_CLIENT_ID.');
  }
  const authority = withoutSlash(environment['AZURE_AUTHORITY_HOST'] ?? 'https://login.microsoftonline.com');
  return { kind: 'azure', origin: address.origin, login: { kind: 'client', authority, tenant, client, password } };
}

/** `shop`, or an address of a regional endpoint with its path: `https://…/projects/shop/locations/europe-west3`. */
function googleSource(rest: string, environment: Environment): SecretSource {
  const place = URL.canParse(rest)
    ? { origin: addressIn(rest).origin, parent: withoutSlash(new URL(rest).pathname.slice(1)) }
    : { origin: 'https://secretmanager.googleapis.com', parent: `projects/${rest}` };
  if (!/^projects\/[a-z0-9-]+(?:\/locations\/[a-z0-9-]+)?$/.test(place.parent)) {
    throw new LotseError(
      'bad-input',
      `--secrets google:PROJECT takes the id of a project, not ${JSON.stringify(rest)}.`,
    );
  }
  const file = environment['GOOGLE_APPLICATION_CREDENTIALS'];
  const metadata = `http://${environment['GCE_METADATA_HOST'] ?? 'metadata.google.internal'}`;
  const login =
    file === undefined
      ? { kind: 'metadata' as const, origin: metadata }
      : { kind: 'account' as const, key: fromFile(file, 'GOOGLE_APPLICATION_CREDENTIALS') };
  return { kind: 'google', ...place, login };
}

function addressIn(text: string): URL {
  const address = URL.canParse(text) ? new URL(text) : null;
  const isLocal = address !== null && /^(?:127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(address.hostname);
  const isSafe = address?.protocol === 'https:' || (address?.protocol === 'http:' && isLocal);
  if (address === null || !isSafe) {
    throw new LotseError('bad-input', '--secrets takes an https:// address (http:// only to this machine).');
  }
  if (address.username === '' && address.password === '') return address;
  throw new LotseError('bad-input', '--secrets takes no name or password: command lines can be read by everybody.', {
    hint: 'What lets Lotse in comes by the environment of the control plane.',
  });
}

/** From the variable, or from the file that `NAME_FILE` names. */
function optional(name: string, environment: Environment): Credential | null {
  const file = environment[`${name}_FILE`];
  if (file !== undefined) return fromFile(file, `${name}_FILE`);
  const value = environment[name];
  return value === undefined || value === '' ? null : () => value;
}

function needed(name: string, environment: Environment, orElse = ''): Credential {
  const found = optional(name, environment);
  if (found !== null) return found;
  const message = `The store of secrets wants ${name} in the environment of the control plane`;
  throw new LotseError('bad-input', orElse === '' ? `${message}.` : `${message}, ${orElse}.`, {
    hint: `${name}_FILE names a file that has it.`,
  });
}

/** Read at each use: whoever renews it writes the file anew. */
function fromFile(file: string, name: string): Credential {
  return () => {
    try {
      return readFileSync(file, 'utf8').trim();
    } catch (cause) {
      throw new LotseError('bad-input', `${name}: ${file} cannot be read.`, { cause });
    }
  };
}

function withoutSlash(text: string): string {
  return text.replace(/\/+$/, '');
}
