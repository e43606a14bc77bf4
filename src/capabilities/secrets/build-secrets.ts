import { LotseError } from '../../core/errors.ts';
import type { Actor } from '../../core/events.ts';
import { chainOf, type AppName } from '../../core/ids.ts';
import type { Secret } from '../../core/secret.ts';
import type { DatabaseJournal } from '../../database/journal.ts';
import { buildPlace } from '../../manifest/names.ts';
import type { HeldSecret, SecretStore } from '../../ports/secrets/secrets.ts';
import { secretEvent } from './secret-events.ts';

interface BuildSecretParts {
  readonly store: Pick<SecretStore, 'read'>;
  readonly journal: Pick<DatabaseJournal, 'append'>;
  readonly fence: () => number;
}

/** What a build asks for, and on whose behalf. */
interface WantedByBuild {
  readonly app: AppName;
  readonly commit: string;
  /** Each once. */
  readonly names: readonly string[];
  readonly by: Actor;
}

/**
 * The values in force of what an app's builds are given, by name. Which versions they are is in the journal when this
 * resolves. Errors: `not-found` names all that have no value; those of the store.
 */
export async function secretsForBuild(
  { store, journal, fence }: BuildSecretParts,
  { app, commit, names, by }: WantedByBuild,
): Promise<Readonly<Record<string, Secret>>> {
  const scope = { app, environment: buildPlace };
  const read = await Promise.all(names.map(async (name) => [name, await store.read({ ...scope, name })] as const));
  const missing = read.flatMap(([name, held]) => (held === null ? [name] : []));
  if (missing.length > 0) throw noValues(missing);
  const held = read.filter((one): one is readonly [string, HeldSecret] => one[1] !== null);
  const versions = Object.fromEntries(held.map(([name, { version }]) => [name, version]));
  const event = secretEvent('build-secrets-used', { actor: by, reason: null }, { commit, versions });
  await journal.append(chainOf(scope), fence(), [event]);
  return Object.fromEntries(held.map(([name, { value }]) => [name, value]));
}

function noValues(names: readonly string[]): LotseError {
  const have = names.length === 1 ? 'has' : 'have';
  const commands = names.map((name) => `\`lotse secret set ${name} ${buildPlace}\``).join(', ');
  return new LotseError('not-found', `The build wants ${names.join(', ')}, which ${have} no value: nothing was built`, {
    hint: `Give it one: ${commands}.`,
  });
}
