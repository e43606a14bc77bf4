import { join } from 'node:path';
import type { Route } from './api/route.ts';
import { openSourceGuard } from './capabilities/source-guard/open-source-guard.ts';
import { openConfig } from './capabilities/config/open-config.ts';
import { openFlags, type Flags } from './capabilities/flags/open-flags.ts';
import { listScopes } from './capabilities/releases/environment-rows.ts';
import { guardSignals } from './capabilities/releases/guard-signals.ts';
import { knownReleases } from './capabilities/releases/known-releases.ts';
import type { ReleasesContext } from './capabilities/releases/releases-context.ts';
import { openSecrets, type Secrets } from './capabilities/secrets/open-secrets.ts';
import type { HiddenValues } from './core/hidden-values.ts';
import type { JournalEvent } from './core/events.ts';
import type { Scope, ServiceName, UnixMs } from './core/ids.ts';
import { Secret } from './core/secret.ts';
import type { DatabaseJournal } from './database/journal.ts';
import { hasSealedValues } from './database/has-sealed-values.ts';
import type { Database } from './database/open-database.ts';
import type { ReleasePart } from './ports/release-part/release-part.ts';
import { buildPlace } from './manifest/names.ts';
import { secretStore } from './ports/secrets/secret-drivers.ts';
import type { SecretSource } from './ports/secrets/secret-source.ts';
import { readMetric } from './ports/signals/signal-drivers.ts';
import { VaultSealer } from './ports/secrets/vault/vault-sealer.ts';
import type { Variables } from './ports/targets/targets.ts';
import type { ProxyControl } from './proxy/control-client.ts';
import type { JobDefinition, Revision } from './rollout/release.ts';

interface ReleaseValuesOptions {
  readonly database: Database;
  readonly journal: DatabaseJournal;
  readonly fence: () => number;
  readonly now: () => UnixMs;
  /** Of the control plane alone (0700). */
  readonly controlDir: string;
  /** Where values of secrets are. */
  readonly secretSource: SecretSource;
  /** Learns every value that is seen. */
  readonly hidden: HiddenValues;
  /** Roots (PEM) that the TLS of a store of secrets may lead to, beside the system's, are said with those of certificates. */
  readonly certificates: { readonly extraRoots: readonly string[] };
  /** Not called before the control plane is put together. */
  readonly context: () => ReleasesContext;
  /** Tells the proxies what holds now. */
  readonly publish: () => Promise<void>;
  readonly log: (about: object) => void;
}

/** What a release runs with beside its code. */
interface ReleaseValues {
  readonly parts: { readonly config: ReleasePart; readonly secrets: ReleasePart; readonly flags: ReleasePart };
  /** What proxies are told of them. */
  readonly doors: Flags['doors'];
  /** What evaluates flags, on the API's port. */
  readonly beside: Flags['beside'];
  /** Of a service (null: of jobs); null when the frozen version is gone. */
  readonly config: (revision: Revision, service: ServiceName | null) => Promise<Variables | null>;
  /** Errors: `not-found`, `sealed`. */
  readonly secrets: (revision: Revision) => Promise<Variables>;
  /** A secret of the environment by its name, else what serves there has as config; null: there is none. Errors: as of `secrets`. */
  readonly find: (scope: Scope, name: string) => Promise<Secret | null>;
  /** A new value of the secret that a job by schedule rotates; nothing for other jobs. Errors: `not-found`, `conflict`; as of `secrets`. */
  readonly givenToRun: (scope: Scope, key: string, definition: JobDefinition) => Promise<Variables>;
  /** What releases ask of them. */
  readonly asked: Pick<ReleasesContext, 'configChangedAt' | 'checkSource' | 'buildSecrets' | 'hasOtherCause'>;
  readonly routes: readonly Route[];
  /** Reminds people of secrets that end elsewhere. */
  readonly reminders: Secrets['reminders'];
  /** Handed every event of the journal. */
  readonly followSecrets: (event: JournalEvent) => Promise<void>;
}

/** The part of the composition root that names where values come from: config, secrets and flags. */
export async function openReleaseValues(options: ReleaseValuesOptions): Promise<ReleaseValues> {
  const { controlDir, secretSource: source, now } = options;
  const { extraRoots } = options.certificates;
  const releases = knownReleases(options.context);
  const config = openConfig({ ...options, releases });
  const secrets = openSecrets({
    ...{ ...options, scopes: () => secretScopes(options.database) },
    store: (book) => secretStore({ source, book, keyFile: vaultKeyFile(controlDir), extraRoots, now }),
  });
  await secrets.learn(await secretScopes(options.database));
  const flags = await openFlags({
    ...options,
    textOf: (app, release) => releases.flagsOf(app, release),
    definitions: (scope) => releases.flags(scope),
    scopes: () => listScopes(options.database.db, null),
    ...{
      signals: guardSignals(options.context),
      readMetric,
      requireEnvironment: (scope) => releases.requireEnvironment(scope),
    },
  });
  return {
    parts: { config: config.part, secrets: secrets.part, flags: flags.part },
    ...{ doors: flags.doors, beside: flags.beside },
    config: (revision, service) => config.values(revision, service),
    secrets: (revision) => secrets.values(revision),
    async find(scope, name) {
      const secret = await secrets.find({ ...scope, name });
      const revision = secret === null ? await releases.serving(scope) : null;
      const value = revision === null ? undefined : (await config.values(revision, null))?.[name];
      return secret ?? (typeof value === 'string' ? new Secret(value) : (value ?? null));
    },
    async givenToRun(scope, key, { job, rotates }) {
      return rotates === undefined ? {} : await secrets.givenToRotate(scope, { key, job, rotates });
    },
    asked: {
      ...{ configChangedAt: config.changedAt, checkSource: openSourceGuard(options) },
      buildSecrets: (wanted) => secrets.forBuild(wanted),
      hasOtherCause: (scope, signal) => flags.isCauseOf(scope, signal),
    },
    routes: [...config.routes, ...secrets.routes, ...flags.routes],
    reminders: secrets.reminders,
    followSecrets: (event) => secrets.follow(event),
  };
}

/** Environments, and the place of builds of each app. */
async function secretScopes({ db }: Database): Promise<readonly Scope[]> {
  const scopes = await listScopes(db, null);
  const apps = [...new Set(scopes.map(({ app }) => app))];
  return [...scopes, ...apps.map((app) => ({ app, environment: buildPlace }))];
}

interface KeysOptions extends Pick<ReleaseValuesOptions, 'database' | 'controlDir'> {
  readonly proxy: () => Promise<ProxyControl>;
}

/** How keys of certificates are written down: sealed by the built-in vault's key, wherever values of secrets are. */
export function keysOfCertificates({ database, controlDir, proxy }: KeysOptions) {
  return {
    sealer: new VaultSealer(vaultKeyFile(controlDir), () => hasSealedValues(database.db)),
    shown: async () => (await (await proxy()).document())?.tls?.certificates ?? [],
  };
}

function vaultKeyFile(controlDir: string): string {
  return join(controlDir, 'vault.key');
}
