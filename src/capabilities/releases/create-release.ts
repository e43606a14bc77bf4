import { createHash } from 'node:crypto';
import type { Actor } from '../../core/events.ts';
import { LotseError } from '../../core/errors.ts';
import { releaseId, type AppName } from '../../core/ids.ts';
import { checkGuards, type NamedSignal } from '../../flags/check-guards.ts';
import { flagsFile, parseDefinitions } from '../../flags/parse-definitions.ts';
import { parseManifest } from '../../manifest/parse-manifest.ts';
import type { AppManifest } from '../../manifest/app-manifest.ts';
import type { Release, ReleaseSource } from '../../rollout/release.ts';
import { givenToBuild } from './given-to-build.ts';
import { bringToServers } from './prepare-servers.ts';
import { highestReleaseNumber, insertRelease, releasesOfArtifact } from './release-rows.ts';
import { jobsOf, manifestFile, servicesOf } from './release-manifest.ts';
import type { ReleasesContext } from './releases-context.ts';
import { listTar, readFromTar } from './source-tar.ts';

/** Source as it came: a tar of the app's folder, on this machine. */
export interface IncomingSource extends ReleaseSource {
  readonly app: AppName;
  readonly tar: string;
  /** SHA-256 of the tar in hex. */
  readonly hash: string;
  readonly by: Actor;
  /** Said before the build's own lines. */
  readonly remarks: readonly string[];
}

/** What the manifest in a tar says. Errors: `manifest-invalid`, `bad-input`. */
export interface SourceManifest {
  readonly manifest: AppManifest;
  readonly text: string;
  readonly hasDockerfile: boolean;
  readonly checklists: Readonly<Record<string, string>>;
  /** Text of its flags, checked; null: it has none. */
  readonly flags: string | null;
}

/** Reads and checks what came, before anything is built. */
export async function readSourceManifest(source: Pick<IncomingSource, 'app' | 'tar'>): Promise<SourceManifest> {
  const paths = await listTar(source.tar);
  const text = await readFromTar(source.tar, manifestFile);
  if (text === null) {
    throw new LotseError('bad-input', 'the source has no lotse.yaml at its root', { hint: '`lotse init` writes one.' });
  }
  const hasDockerfile = paths.has('Dockerfile');
  const manifest = parseManifest(text, { file: manifestFile, hasDockerfile });
  if (manifest.app !== source.app) {
    throw new LotseError('bad-input', `lotse.yaml describes ${manifest.app}, not ${source.app}`);
  }
  const checklists: Record<string, string> = {};
  for (const { environment, gates } of manifest.environments) {
    if (gates.checklist === null) continue;
    const words = await readFromTar(source.tar, gates.checklist);
    if (words === null) {
      throw new LotseError(
        'bad-input',
        `environments.${environment}.gates.checklist: ${gates.checklist} is not in the source`,
      );
    }
    checklists[gates.checklist] = words;
  }
  const flags = paths.has(flagsFile) ? await readFlags(source.tar, manifest) : null;
  return { manifest, text, hasDockerfile, checklists, flags };
}

async function readFlags(tar: string, manifest: AppManifest): Promise<string> {
  const flags = await readFromTar(tar, flagsFile);
  if (flags === null) throw new LotseError('bad-input', `${flagsFile} cannot be read: it may have 1 MiB at most`);
  checkGuards(flags, parseDefinitions(flags), signalsIn(manifest));
  return flags;
}

function signalsIn({ environments }: AppManifest): readonly NamedSignal[] {
  return environments.flatMap(({ environment, strategy }) =>
    strategy.signals.map(({ signal, source }) => {
      return { environment, signal, query: source.kind === 'prometheus' ? source.query : null };
    }),
  );
}

/** Builds the source once and records the release; the same source again answers with the same release. */
export async function createRelease(
  context: ReleasesContext,
  source: IncomingSource,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<Release> {
  const found = await readSourceManifest(source);
  const { build } = found.manifest;
  const builder = await context.builders.of(found.manifest.target);
  const given = await givenToBuild(context, source, build);
  const artifact = await builder.build(
    {
      app: source.app,
      key: buildKey(source, found.manifest),
      sourceTar: source.tar,
      roots: [...new Set(['.', ...servicesOf(found.manifest).map((service) => service.root)])],
      run: build.argv,
      variables: build.config,
      withinMs: build.withinMs,
      memoryBytes: build.memoryBytes,
      ...given,
    },
    onLine,
    signal,
  );
  await bringToServers(context, found.manifest, artifact.digest, onLine);
  const release = await recordRelease(context, source, found, artifact.digest);
  await context.beginPipeline({ release, tar: source.tar, by: source.by });
  return release;
}

function buildKey(source: IncomingSource, manifest: AppManifest): string {
  return createHash('sha256')
    .update(JSON.stringify([source.hash, manifest.build]))
    .digest('hex')
    .slice(0, 32);
}

/** The number is drawn inside the transaction, so two builds that end together get two numbers. */
async function recordRelease(
  context: ReleasesContext,
  source: IncomingSource,
  found: SourceManifest,
  digest: string,
): Promise<Release> {
  const known = (await releasesOfArtifact(context.database.db, source.app, digest)).find(
    (release) =>
      release.source.commit === source.commit &&
      release.manifestText === found.text &&
      JSON.stringify(release.checklists) === JSON.stringify(found.checklists) &&
      (release.flags ?? null) === found.flags,
  );
  if (known !== undefined) return known;
  return await context.journal.transact(async (unit) => {
    const number = (await highestReleaseNumber(unit.trx, source.app)) + 1;
    const release = newRelease(source, found, digest, number, context.now());
    await insertRelease(unit.trx, release, source.by);
    const payload = {
      app: release.app,
      release: release.id,
      artifact: digest,
      commit: source.commit,
      dirty: source.dirty,
    };
    const draft = {
      type: 'release-created',
      version: 1,
      actor: source.by,
      reason: null,
      correlationId: release.id,
      payload,
    };
    await unit.append('control', context.lock.fence, [draft]);
    return release;
  });
}

function newRelease(
  source: IncomingSource,
  found: SourceManifest,
  digest: string,
  number: number,
  at: number,
): Release {
  const { manifest } = found;
  return {
    id: releaseId(number, source.commit, source.dirty),
    app: source.app,
    number,
    createdAt: at,
    source: { commit: source.commit, dirty: source.dirty, branch: source.branch, subject: source.subject },
    artifact: digest,
    services: servicesOf(manifest),
    jobs: jobsOf(manifest),
    verification: manifest.verify,
    manifestText: found.text,
    hasDockerfile: found.hasDockerfile,
    checklists: found.checklists,
    flags: found.flags,
  };
}
