import { splitCommand } from '../../manifest/command.ts';
import { findPort, findReadyPath, type FoundPort } from './find-port.ts';
import type { FolderFacts, MemberFacts, PackageFile, SourceFile } from './folder-facts.ts';
import { toName, uniqueName } from './name-services.ts';
import type { ProposedJob, ProposedService } from './proposal.ts';
import { asRunLine } from './run-line.ts';
import { findImageService, type ImageService } from './find-image-service.ts';
import type { Startable } from './startable.ts';

/** A Procfile promises to listen on $PORT, whatever it is. */
const promisedPort = 'PORT';

/**
 * Procfile before workspace before the start script of package.json before Dockerfile: the one that says most about how
 * it is started. A file that looks like an entry is a guess, and comes last.
 */
export function proposeServices(facts: FolderFacts): {
  readonly services: readonly ProposedService[];
  readonly takesTurns: boolean;
  /** Null without a Dockerfile. */
  readonly image: ImageService | null;
} {
  const found = [
    () => fromProcfile(facts),
    () => facts.members.flatMap(fromMember),
    () => (facts.packageFile?.scripts.start === undefined ? [] : fromPackage(facts)),
    () => fromDockerfile(facts),
    () => fromPackage(facts),
  ];
  const startables = found.map((look) => look()).find((some) => some.length > 0) ?? [];
  const image =
    facts.dockerfile === null ? null : findImageService(facts.dockerfile, startables, proposeJobs(facts).length > 0);
  if (image?.kind === 'image') {
    // Each container has an address of its own, so the same port in all of them is no trouble.
    return { services: withNamesAndPaths(image.startables, image.started), takesTurns: false, image };
  }
  const takesTurns = startables.some((each) => each.port?.isFixed === true);
  return { services: withNamesAndPaths(startables), takesTurns, image };
}

/** Heroku's `release:` line runs before each release; here it is a job that is started by hand. */
export function proposeJobs(facts: FolderFacts): readonly ProposedJob[] {
  return facts.procfile
    .filter((line) => line.name === 'release')
    .map((line) => ({
      name: 'release',
      run: asRunLine(line.command),
      root: null,
      comment: 'from the Procfile; by hand: `lotse run production release`, before the deploy that needs it',
    }));
}

function fromProcfile(facts: FolderFacts): readonly Startable[] {
  return facts.procfile
    .filter((line) => line.name !== 'release')
    .map((line) => {
      const isWeb = line.name === 'web';
      const found = findPort(line.command, facts.packageFile, facts.sources);
      const port = isWeb ? (found ?? { port: 3000, source: promisedPort, isFixed: false }) : null;
      // A Procfile promises to listen on $PORT.
      const promised = port === null || !/\$\{?PORT\b/.test(line.command) ? port : { ...port, isFixed: false };
      return {
        name: line.name,
        command: line.command,
        comment: 'from the Procfile',
        root: null,
        port: promised,
        ready: isWeb ? findReadyPath(facts.sources) : null,
        sameAs: [],
      };
    });
}

function fromMember(member: MemberFacts): readonly Startable[] {
  const { packageFile, sources, root } = member;
  if (packageFile.scripts.start === undefined) return [];
  const name = packageFile.name ?? root.split('/').at(-1) ?? root;
  return [startOf(packageFile, sources, { name, root }), ...workerScripts(packageFile, root)].flat();
}

function fromPackage(facts: FolderFacts): readonly Startable[] {
  const { packageFile, sources } = facts;
  if (packageFile === null) return [];
  const usual = ['server.js', 'server.ts', 'index.js', 'index.ts', 'app.js', 'main.js'];
  const entry = packageFile.main ?? usual.find((name) => sources.some((file) => file.path === name));
  if (packageFile.scripts.start === undefined && entry === undefined) return [];
  const start: readonly Startable[] =
    packageFile.scripts.start === undefined
      ? [webOrWorker(`node ${entry}`, 'package.json has no start script; this is its entry', packageFile, sources)]
      : startOf(packageFile, sources, { name: 'web', root: null });
  return [...start, ...workerScripts(packageFile, null)];
}

function startOf(
  packageFile: PackageFile,
  sources: readonly SourceFile[],
  { name, root }: { readonly name: string; readonly root: string | null },
): readonly Startable[] {
  const script = packageFile.scripts.start ?? '';
  const split = splitCommand(script);
  const isPlainNode = 'argv' in split && split.argv[0] === 'node' && packageFile.scripts.prestart === undefined;
  const command = isPlainNode ? script : 'npm start';
  const comment = isPlainNode ? 'what `npm start` runs, without npm in between' : `runs: ${script}`;
  const made = webOrWorker(command, comment, packageFile, sources, script);
  const isRoot = root === null;
  const sameAs = isRoot
    ? [script, ...['npm', 'pnpm', 'yarn', 'bun'].flatMap((by) => [`${by} start`, `${by} run start`])]
    : [];
  return [{ ...made, name: name === 'web' && made.port === null ? 'worker' : name, root, sameAs }];
}

function webOrWorker(
  command: string,
  comment: string,
  packageFile: PackageFile,
  sources: readonly SourceFile[],
  script = command,
): Startable {
  const port = findPort(script, packageFile, sources);
  const ready = port === null ? null : findReadyPath(sources);
  return { name: port === null ? 'worker' : 'web', command, comment, root: null, port, ready, sameAs: [] };
}

/** `worker`, `worker:mails`, `start:worker`, `queue`: scripts that run beside the web service. */
function workerScripts(packageFile: PackageFile, root: string | null): readonly Startable[] {
  return Object.entries(packageFile.scripts)
    .filter(([script]) => /^(?:start:)?(?:workers?|queue|consumer|scheduler)(?:[:-][\w-]+)?$/.test(script))
    .filter(([script]) => !/(?:^|[:-])(?:dev|watch|test|build)$/.test(script))
    .map(([script, text]) => ({
      name: script.replace(/^start:/, ''),
      command: `npm run ${script}`,
      comment: `runs: ${text}`,
      root,
      port: null,
      ready: null,
      sameAs: [],
    }));
}

function fromDockerfile(facts: FolderFacts): readonly Startable[] {
  const { dockerfile, packageFile } = facts;
  if (dockerfile === null || dockerfile.command === null) return [];
  const found = findPort(dockerfile.command, packageFile, facts.sources);
  const exposed =
    dockerfile.port === null
      ? null
      : { port: dockerfile.port, source: 'EXPOSE of the Dockerfile', isFixed: found?.isFixed ?? false };
  const port = exposed ?? found;
  return [
    {
      name: port === null ? 'worker' : 'web',
      command: dockerfile.command,
      comment: 'what the Dockerfile starts',
      root: null,
      port,
      ready: port === null ? null : findReadyPath(facts.sources),
      sameAs: [],
    },
    ...(packageFile === null ? [] : workerScripts(packageFile, null)),
  ];
}

/** `ofImage`: the one that is the image's own command, when the app goes out as containers. */
function withNamesAndPaths(startables: readonly Startable[], ofImage?: Startable): readonly ProposedService[] {
  const names = new Set<string>();
  const front = frontOf(startables);
  return startables.map((each) => {
    const name = uniqueName(toName(each.name, each.port === null ? 'worker' : 'web'), names);
    names.add(name);
    return {
      name,
      run: each === ofImage ? null : asRunLine(each.command),
      runComment: each.comment,
      port: each.port?.port ?? null,
      portComment: each.port === null ? '' : portComment(each.port, ofImage !== undefined),
      path: each.port === null || each === front ? null : `/${name}`,
      root: each.root === null ? null : `./${each.root}`,
      ready: each.ready,
      ...unsaid,
    };
  });
}

/** What only a compose file says. */
const unsaid = { check: null, instances: null, memory: null, cpu: null, drain: null, config: [] } as const;

/** Of several web services, the one that gets what no other path takes. */
function frontOf(startables: readonly Startable[]): Startable | undefined {
  const web = startables.filter((each) => each.port !== null);
  return web.find((each) => /web|front|site|dashboard|^app$|client/.test(each.name)) ?? web[0];
}

function portComment({ source, isFixed }: FoundPort, isContainer: boolean): string {
  if (isContainer) return `${source}; inside of its container, where PORT says it too`;
  if (isFixed) return `${source}; it listens there whatever PORT says`;
  if (source === promisedPort) return 'a default; Lotse gives each copy another one as PORT, as the Procfile wants it';
  return `${source}; Lotse gives each copy another one as PORT`;
}
