import type { AppManifest, EnvironmentDefinition } from '../../manifest/app-manifest.ts';
import type { ExportedPart } from './exported-parts.ts';

/** What Compose has no equivalent for, of what the app uses; a sentence each, what hurts most first. */
export function exportNotes(
  manifest: AppManifest,
  environment: EnvironmentDefinition,
  parts: readonly ExportedPart[],
): readonly string[] {
  return [
    `the switch (${environment.strategy.name}): \`docker compose up -d --build\` ends old containers and starts new ones; requests fail in between, and the way back is the old commit, built again`,
    'the watch: nobody takes a bad release back by itself',
    ...judgeNotes(environment),
    ...gateNotes(environment),
    ...routeNotes(manifest, environment),
    ...serviceNotes(manifest, parts),
    ...storeNotes(manifest, environment),
    'the journal: who changed what, and when, is recorded nowhere',
  ];
}

function judgeNotes({ strategy }: EnvironmentDefinition): readonly string[] {
  const hasJudge = strategy.canary !== null || strategy.holdbackPermille > 0 || strategy.limits.length > 0;
  return [
    ...(hasJudge ? ['the judge: nothing compares a new release with the old one, and limits are not watched'] : []),
    ...(strategy.signals.length > 0 ? ['signals: nothing asks for them'] : []),
  ];
}

function gateNotes({ gates, after }: EnvironmentDefinition): readonly string[] {
  const used = [
    ...(gates.approval > 0 ? ['approval'] : []),
    ...(gates.checklist === null ? [] : ['the checklist']),
    ...(gates.hours === null ? [] : ['hours']),
    ...(gates.verification ? ['the verification (run it by hand, with BASE_URL)'] : []),
  ];
  return [
    ...(used.length === 0 ? [] : [`gates: ${used.join(', ')}; whoever may run Compose may deploy`]),
    ...(after === null ? [] : [`the order: nothing makes sure that ${after} has verified a release first`]),
  ];
}

function routeNotes({ services }: AppManifest, { domains }: EnvironmentDefinition): readonly string[] {
  const web = Object.values(services).filter(({ kind }) => kind === 'web');
  if (web.length === 0) return [];
  const paths =
    web.length === 1 ? '' : ` and sends ${web.map(({ path, service }) => `${path} to ${service}`).join(', ')}`;
  const assets = web.filter(({ assets }) => assets !== null).map(({ service }) => service);
  return [
    `domains and certificates: put a reverse proxy in front that answers for ${domains.join(', ')}${paths}`,
    ...(assets.length === 0 ? [] : [`assets: files of older releases of ${assets.join(', ')} are gone with them`]),
    ...(web.some(({ live }) => live !== null)
      ? ['`live`: Compose starts a service again when it ends, not when it hangs']
      : []),
  ];
}

function serviceNotes({ services, jobs }: AppManifest, parts: readonly ExportedPart[]): readonly string[] {
  const claiming = Object.values(services).filter(({ readsClaim }) => readsClaim);
  const slow = Object.keys(jobs).length > 0;
  const hasNoCurl = parts.some(({ service, image }) => service?.ready?.kind === 'http' && !image.isNode);
  return [
    ...(claiming.length === 0
      ? []
      : [
          `claims: ${claiming.map(({ service }) => service).join(', ')} find no LOTSE_CLAIM_FILE and have to take all work`,
        ]),
    'variables that begin with LOTSE_ are not set',
    ...(slow ? ['jobs: `docker compose run --rm JOB`; nothing ends one that takes too long'] : []),
    ...(hasNoCurl ? ['health checks: curl has to be in the image'] : []),
  ];
}

function storeNotes({ app, stores }: AppManifest, { environment }: EnvironmentDefinition): readonly string[] {
  const folders = Object.values(stores).map(({ folder }) => `stores/${app}/${environment}/${folder}`);
  if (folders.length === 0) return [];
  return [`data: the volumes are empty; copy what lies in the state folder of Lotse below ${folders.join(', ')}`];
}
