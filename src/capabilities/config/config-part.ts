import { createHash } from 'node:crypto';
import type { Scope, ServiceName, UnixMs } from '../../core/ids.ts';
import { decodeJson, encodeJson } from '../../database/json-column.ts';
import type { LotseDb } from '../../database/schema.ts';
import { findEnvironment } from '../../manifest/effective-service.ts';
import { lineFinder } from '../../manifest/line-in-manifest.ts';
import { parseManifest } from '../../manifest/parse-manifest.ts';
import type { ReleasePart } from '../../ports/release-part/release-part.ts';
import type { Release, Revision } from '../../rollout/release.ts';
import { compareDocuments, configDocument, documentFor, type ConfigDocument } from './config-document.ts';
import { requireConfig } from './require-config.ts';
import { settingsVersion } from './settings-rows.ts';

/** Says where values of a revision come from, in a few words. */
export type SourcesOfRevision = (
  revision: Revision,
) => Promise<(variable: string, service: string | null, value: string) => string>;

/** Frozen config of revisions: content-addressed versions, one document each. */
export function configPart(db: LotseDb, now: () => UnixMs, sourcesOf: SourcesOfRevision): ReleasePart {
  return {
    name: 'config',
    title: 'the old config version is there',
    async resolve(scope, release) {
      const document = await documentNow(db, scope, release);
      const text = encodeJson(document);
      const version = createHash('sha256').update(text).digest('hex');
      await db
        .insertInto('config_versions')
        .values({ app: scope.app, environment: scope.environment, version, document: text, created_at: now() })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      return { version };
    },
    async diff(from, to) {
      const before = from === null ? {} : await readConfig(db, from, from.configVersion);
      const after = (await readConfig(db, to, to.configVersion)) ?? {};
      const lines = compareDocuments(before ?? {}, after);
      const sourceOf = lines.length === 0 ? null : await sourcesOf(to);
      return lines.map(({ variable, service, ...values }) => ({
        ...{ part: 'config', what: service === null ? variable : `${service}: ${variable}`, ...values },
        ...(sourceOf === null || values.to === null ? {} : { source: sourceOf(variable, service, values.to) }),
      }));
    },
    async prove({ from, to }) {
      const wanted = from === null ? [to] : [from, to];
      return await Promise.all(wanted.map((revision) => proof(db, revision)));
    },
    steps: () => Promise.resolve([]),
  };
}

/** The config of a service (null: of jobs) as frozen in a version; null when the version is gone. */
export async function configValues(
  db: LotseDb,
  scope: Scope,
  version: string,
  service: ServiceName | null,
): Promise<Readonly<Record<string, string>> | null> {
  const document = await readConfig(db, scope, version);
  return document === null ? null : (document[service ?? ''] ?? {});
}

/** A frozen version; null when it is gone. */
export async function readConfig(db: LotseDb, scope: Scope, version: string): Promise<ConfigDocument | null> {
  const row = await db
    .selectFrom('config_versions')
    .select('document')
    .where('app', '=', scope.app)
    .where('environment', '=', scope.environment)
    .where('version', '=', version)
    .executeTakeFirst();
  return row === undefined ? null : decodeJson(row.document, configDocument, `config version ${version.slice(0, 12)}`);
}

/** What a revision planned now would freeze. Errors: `bad-input` for what is missing or of another type. */
async function documentNow(db: LotseDb, scope: Scope, release: Release): Promise<ConfigDocument> {
  const { manifestText, hasDockerfile } = release;
  const manifest = parseManifest(manifestText, { file: 'lotse.yaml', hasDockerfile });
  const definition = findEnvironment(manifest, scope.environment);
  const settings = (await settingsVersion(db, scope))?.settings ?? [];
  requireConfig(manifest, definition, settings, lineFinder(manifestText));
  return documentFor(manifest, definition, settings);
}

async function proof(db: LotseDb, revision: Revision) {
  const found = (await readConfig(db, revision, revision.configVersion)) !== null;
  const short = revision.configVersion.slice(0, 12);
  const message = found
    ? `Config version ${short} of ${revision.release} is there.`
    : `Config version ${short} of ${revision.release} is gone.`;
  return { id: 'config', title: `config of ${revision.release}`, proven: found, message, seen: revision.configVersion };
}
