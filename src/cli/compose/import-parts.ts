import { notBuiltAt } from '../../manifest/not-built-yet.ts';
import { toName, uniqueName } from '../init/name-services.ts';
import { parsePackageFile } from '../init/parse-folder-files.ts';
import type { ProposedJob, ProposedService } from '../init/proposal.ts';
import type { ComposeApp, ComposeService } from './compose-app.ts';
import { below, type ComposeFolder } from './compose-folder.ts';
import { importPort, importReady, importSizes, type ImportedPort } from './import-service.ts';
import { importImageRun, importRun, type ImportedRun } from './import-run.ts';
import type { Say } from './parse-compose-service.ts';
import type { PlacedService, Placement } from './place-services.ts';
import { knownImage } from './well-known-images.ts';

/** A service of the compose file as a service or a job of lotse.yaml. */
export type ImportedPart = { readonly placed: PlacedService; readonly run: ImportedRun } & (
  | { readonly kind: 'service'; readonly proposed: ProposedService; readonly isFixed: boolean }
  | { readonly kind: 'job'; readonly proposed: ProposedJob }
);

export interface PartsWorld {
  readonly folder: ComposeFolder;
  readonly app: ComposeApp;
  /** They go out as containers of one image. */
  readonly isImage: boolean;
  /** Paths that labels say, by service. */
  readonly paths: ReadonlyMap<string, string>;
  readonly sayFor: (service: string) => Say;
}

type Startable = { readonly placed: PlacedService; readonly run: ImportedRun };

/** What can be started from this folder, in the order of the file; says what cannot. */
export function importParts(placements: readonly Placement[], world: PartsWorld): readonly ImportedPart[] {
  const startables = placements.flatMap((placement): readonly Startable[] => {
    if (placement.kind === 'app') return startable(placement.placed, world);
    const { service } = placement;
    const say = world.sayFor(service.name);
    if (placement.kind === 'known') say(service.imageLine, ...knownWords(placement));
    else say(placement.line, 'lost', placement.why);
    return [];
  });
  const ports = startables.map(({ placed, run }) => {
    if (isJob(placed.service, world.app)) return null;
    const sharesBuild = startables.some(
      ({ placed: other }) => other !== placed && other.root === placed.root && other.service.ports.length > 0,
    );
    const mayExpose = placed.service.command === null && !sharesBuild;
    const { folder, isImage } = world;
    return importPort(placed, { folder, run: run.run, mayExpose, isImage }, world.sayFor(placed.service.name));
  });
  const front = frontOf(startables, ports, world.paths);
  const taken = new Set<string>();
  const paths = new Set<string>(['/']);
  return startables.map((each, index) => {
    const port = ports[index] ?? null;
    const name = uniqueName(toName(each.placed.service.name, port === null ? 'worker' : 'web'), taken);
    taken.add(name);
    if (isJob(each.placed.service, world.app)) return { ...each, kind: 'job', proposed: jobOf(name, each, world) };
    const path = port === null || index === front ? null : pathOf(name, each.placed.service, world.paths, paths);
    const proposed = serviceOf(name, each, { port, path }, world.sayFor(each.placed.service.name));
    return { ...each, kind: 'service', isFixed: port?.isFixed ?? false, proposed };
  });
}

/** Nothing, with the reason said, when nobody knows how it starts. */
function startable(placed: PlacedService, world: PartsWorld): readonly Startable[] {
  const { folder, sayFor, isImage } = world;
  const { service, root } = placed;
  const say = sayFor(service.name);
  if (service.replicas?.value === 0) {
    say(service.replicas.line, 'lost', 'no copy of it runs, so it is left out');
    return [];
  }
  if (service.profiles.length > 0 && service.ports.length > 0) {
    say(service.line, 'lost', 'with a profile it runs only when it is asked for; there are no such services in Lotse');
    return [];
  }
  const packageFile = parsePackageFile(folder.readText(below(root, 'package.json')) ?? '');
  const run = isImage
    ? importImageRun(placed, isJob(service, world.app))
    : importRun(placed, packageFile?.scripts.start === undefined ? null : 'npm start');
  if (run === null) {
    const isFiles = placed.dockerfile?.image != null && knownImage(placed.dockerfile.image)?.role === 'front';
    const why = isFiles
      ? 'its image is a web server with files that its build makes; a `run` that builds and serves them is needed'
      : 'nothing says how it starts without its image: no `command`, no CMD, no start script; add it with `run`';
    say(service.line, 'lost', why);
    return [];
  }
  if (!isImage && /^\/(?!(?:usr\/)?s?bin\/)/.test(run.run)) {
    say(
      service.line,
      'changed',
      'it starts a path inside of its image, which is no path of this machine: look at `run`',
    );
  }
  if (run.replaced.length > 0) {
    say(
      service.command?.line ?? service.line,
      'changed',
      `a secret stood in its command; it is read from ${run.replaced.join(', ')} now`,
    );
  }
  return [{ placed, run }];
}

/** It ends by itself: others wait until it has, or it is only run when asked for. */
function isJob(service: ComposeService, app: ComposeApp): boolean {
  const isAwaited = app.services.some(({ dependsOn }) =>
    dependsOn.some(({ name, condition }) => name === service.name && condition === 'service_completed_successfully'),
  );
  const ends = service.restart === null || service.restart.value === 'no' || service.restart.value === 'on-failure';
  const isNamedSo = /(?:^|[-_])(?:migrat(?:e|ions?)|seed|init|setup)(?:[-_]|$)/.test(service.name);
  return isAwaited || service.profiles.length > 0 || (ends && isNamedSo && service.ports.length === 0);
}

function jobOf(name: string, { placed, run }: Startable, { sayFor }: PartsWorld): ProposedJob {
  const { service, root } = placed;
  const isByHand = notBuiltAt('jobs.*.before') !== undefined;
  const when = isByHand ? 'before the deploy that needs it' : 'or `before: traffic` to run it in each rollout';
  sayFor(service.name)(
    service.line,
    'changed',
    `it ends by itself, so it is a job: \`lotse run production ${name}\`, ${when}`,
  );
  return { name, run: run.run, root: rootOf(root), comment: `by hand: \`lotse run production ${name}\`, ${when}` };
}

function serviceOf(
  name: string,
  { placed, run }: Startable,
  { port, path }: { readonly port: ImportedPort | null; readonly path: string | null },
  say: Say,
): ProposedService {
  if (path !== null && port?.isPublished === false) {
    say(placed.service.line, 'changed', `only other services reached it; now it also answers outside, below ${path}`);
  }
  if (placed.service.restart?.value === 'no') {
    say(placed.service.restart.line, 'changed', 'Lotse starts a service again when it ends; what should end is a job');
  }
  return {
    name,
    run: run.run === '' ? null : run.run,
    runComment: run.source,
    port: port?.port ?? null,
    portComment: port?.comment ?? '',
    path,
    root: rootOf(placed.root),
    ready: null,
    check: importReady(placed, port?.port ?? null, say),
    ...importSizes(placed, say),
    config: [],
  };
}

function rootOf(root: string): string | null {
  return root === '.' ? null : `./${root}`;
}

/** Of several web services the one that gets what no other path takes: by index, -1 when there is none. */
function frontOf(
  startables: readonly Startable[],
  ports: readonly (ImportedPort | null)[],
  paths: ReadonlyMap<string, string>,
): number {
  const rank = (index: number): number => {
    const name = startables[index]?.placed.service.name ?? '';
    const isNamedSo = isNamedLikeFront(name);
    return (ports[index]?.isPublished === true ? 2 : 0) + (isNamedSo ? 1 : 0) - (paths.has(name) ? 4 : 0);
  };
  const web = startables.flatMap((_, index) => (ports[index] == null ? [] : [index]));
  return web.toSorted((a, b) => rank(b) - rank(a) || a - b)[0] ?? -1;
}

export function isNamedLikeFront(service: string): boolean {
  return /web|front|site|dashboard|^app$|client|^ui$/.test(service);
}

function pathOf(name: string, service: ComposeService, said: ReadonlyMap<string, string>, taken: Set<string>): string {
  const wanted = said.get(service.name) ?? `/${name}`;
  const path = taken.has(wanted) ? `/${name}` : wanted;
  taken.add(path);
  return path;
}

function knownWords({
  image,
  service,
}: Extract<Placement, { kind: 'known' }>): readonly ['lost' | 'not-needed', string] {
  switch (image.role) {
    case 'front':
      return [
        'not-needed',
        `${image.what}: the proxy of Lotse does this, with certificates, domains and paths; look whether it has rules of its own`,
      ];
    case 'tool':
      return ['lost', `${image.what}: no part of the app; let Compose go on running it where you want it`];
    case 'database': {
      const isPublished = service.ports.some(({ published }) => published !== null);
      const port = isPublished ? '' : ', publish its port on 127.0.0.1';
      return [
        'lost',
        `${image.what}: Lotse runs none yet; let Compose go on running it (\`docker compose up -d ${service.name}\`)${port}, and back it up as before`,
      ];
    }
  }
}
