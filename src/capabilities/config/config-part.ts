import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Scope, ServiceName } from '../../core/ids.ts';
import { decodeJson, encodeJson } from '../../database/json-column.ts';
import type { LotseDb } from '../../database/schema.ts';
import { environmentConfig } from '../../manifest/environment-config.ts';
import { findEnvironment } from '../../manifest/effective-service.ts';
import { parseManifest } from '../../manifest/parse-manifest.ts';
import type { DiffLine, ReleasePart } from '../../ports/release-part/release-part.ts';
import type { Release, Revision } from '../../rollout/release.ts';

/** Values by service; the empty name holds what jobs and the verification are given. */
const configDocument = z.record(z.string(), z.record(z.string(), z.string()));
export type ConfigDocument = z.infer<typeof configDocument>;

/** Frozen config of revisions: content-addressed versions, one document each. */
export function configPart(db: LotseDb, now: () => number): ReleasePart {
  return {
    name: 'config',
    title: 'the old config version is there',
    async resolve(scope, release) {
      const document = documentFor(release, scope.environment);
      const text = encodeJson(document);
      const version = createHash('sha256').update(text).digest('hex');
      await db
        .insertInto('config_versions')
        .values({ ...scope, version, document: text, created_at: now() })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      return { version };
    },
    async diff(from, to) {
      const before = from === null ? {} : await readConfig(db, from, from.configVersion);
      return diffConfig(before ?? {}, (await readConfig(db, to, to.configVersion)) ?? {});
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

async function readConfig(db: LotseDb, scope: Scope, version: string): Promise<ConfigDocument | null> {
  const row = await db
    .selectFrom('config_versions')
    .select('document')
    .where('app', '=', scope.app)
    .where('environment', '=', scope.environment)
    .where('version', '=', version)
    .executeTakeFirst();
  return row === undefined ? null : decodeJson(row.document, configDocument, `config version ${version.slice(0, 12)}`);
}

function documentFor(release: Release, environment: string): ConfigDocument {
  const manifest = parseManifest(release.manifestText, { file: 'lotse.yaml', hasDockerfile: release.hasDockerfile });
  const definition = findEnvironment(manifest, environment);
  const valuesFor = (service: string | null) =>
    Object.fromEntries(
      environmentConfig(manifest, definition, service).map(({ variable, value }) => [variable, value]),
    );
  const services = Object.keys(manifest.services).map((service) => [service, valuesFor(service)] as const);
  return Object.fromEntries([['', valuesFor(null)] as const, ...services]);
}

async function proof(db: LotseDb, revision: Revision) {
  const found = (await readConfig(db, revision, revision.configVersion)) !== null;
  const short = revision.configVersion.slice(0, 12);
  const message = found
    ? `Config version ${short} of ${revision.release} is there.`
    : `Config version ${short} of ${revision.release} is gone.`;
  return { id: 'config', title: `config of ${revision.release}`, proven: found, message, seen: revision.configVersion };
}

function diffConfig(from: ConfigDocument, to: ConfigDocument): readonly DiffLine[] {
  return Object.keys({ ...from, ...to }).flatMap((service) => {
    const before = from[service] ?? {};
    const after = to[service] ?? {};
    return Object.keys({ ...before, ...after })
      .filter((variable) => before[variable] !== after[variable])
      .map((variable) => ({
        part: 'config',
        what: service === '' ? variable : `${service}: ${variable}`,
        from: before[variable] ?? null,
        to: after[variable] ?? null,
      }));
  });
}
