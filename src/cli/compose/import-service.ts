import { formatSizeBytes, readDurationMs } from '../../core/quantities.ts';
import { findPort } from '../init/find-port.ts';
import { parsePackageFile } from '../init/parse-folder-files.ts';
import { below, type ComposeFolder } from './compose-folder.ts';
import { isSecretValue } from './looks-secret.ts';
import type { Say } from './parse-compose-service.ts';
import type { PlacedService } from './place-services.ts';

export interface ImportedPort {
  readonly port: number;
  readonly comment: string;
  /** It listens there whatever PORT says. */
  readonly isFixed: boolean;
  readonly isPublished: boolean;
}

interface PortWorld {
  readonly folder: ComposeFolder;
  readonly run: string;
  /** EXPOSE of its Dockerfile is meant for it. */
  readonly mayExpose: boolean;
  /** It goes out as containers, each with an address of its own. */
  readonly isImage: boolean;
}

/** The one port that requests come to; null for a worker. */
export function importPort(placed: PlacedService, world: PortWorld, say: Say): ImportedPort | null {
  const { service, dockerfile } = placed;
  const [main, ...others] = service.ports.filter(({ target, protocol }) => target !== null && protocol === 'tcp');
  for (const { line, written, target, protocol } of service.ports) {
    if (protocol !== 'tcp') say(line, 'lost', `${written}: requests come by HTTP over TCP; Lotse takes no ${protocol}`);
    else if (target === null) say(line, 'lost', `${written}: a service has one port, not a range`);
  }
  for (const { line, target } of others) {
    if (target === main?.target) continue;
    say(line, 'lost', `port ${target}: a service has one port, ${main?.target}; split the service or leave it`);
  }
  const told = service.environment.find(({ name }) => name === 'PORT')?.value ?? '';
  const toldPort = /^\d{1,5}$/.test(told) ? Number(told) : null;
  const exposed = world.mayExpose ? (dockerfile?.port ?? null) : null;
  const port = main?.target ?? service.expose[0] ?? toldPort ?? exposed;
  if (port === null || port < 1 || port > 65_535) return null;
  const why = world.isImage ? null : whyFixed(placed, port, world, say);
  const plain = world.isImage
    ? 'inside of its container, where PORT says it too'
    : 'Lotse gives each copy another one as PORT';
  const comment = why === null ? plain : `${why}, whatever PORT says`;
  return { port, comment, isFixed: why !== null, isPublished: main !== undefined };
}

/** What makes it listen on that port and no other; null when it goes by PORT, or nobody knows. */
function whyFixed({ service, root }: PlacedService, port: number, { folder, run }: PortWorld, say: Say): string | null {
  if (/\$\{?PORT\b/.test(run)) return null;
  if (new RegExp(`(?:^|[\\s:='"])${port}(?=$|['"\\s])`).test(run)) return 'its command says it';
  if (service.environment.some(({ name }) => name === 'PORT')) return null;
  const packageFile = parsePackageFile(folder.readText(below(root, 'package.json')) ?? '');
  const found = findPort(run, packageFile, sourcesOf(folder, root));
  const other = service.environment.find(({ name, value }) => name.endsWith('_PORT') && value === `${port}`);
  if (other === undefined || found?.isFixed === false) return found?.isFixed === true ? found.source : null;
  say(
    other.line,
    'changed',
    `it listens where ${other.name} says; let it read PORT, so that two releases fit side by side`,
  );
  return `${other.name} says it`;
}

function sourcesOf({ sources }: ComposeFolder, root: string) {
  return root === '.' ? sources : sources.filter(({ path }) => path.startsWith(`${root}/`));
}

/** An HTTP path that is asked of itself tells readiness; nothing else does. */
export function importReady({ service }: PlacedService, port: number | null, say: Say): string | null {
  const { healthcheck } = service;
  if (healthcheck === null) return null;
  if (port === null) {
    say(healthcheck.line, 'lost', '`healthcheck`: a worker counts as well while its process runs');
    return null;
  }
  const url = /https?:\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::(\d{1,5}))?(\/[^\s"'`)|;<>\\]*)?/.exec(
    healthcheck.test,
  );
  const path = url?.[2] ?? '/';
  const isOther = url?.[1] !== undefined && Number(url[1]) !== port;
  const isPlain = /^\/[A-Za-z0-9._~/?=&%-]*$/.test(path) && !path.startsWith('//') && !isSecretValue(path);
  if (url !== null && !isOther && isPlain && healthcheck.kept.length === 0) return path;
  const why =
    url === null ? 'it is a command' : isOther ? 'it asks another port' : 'its address cannot stand in lotse.yaml';
  say(
    healthcheck.line,
    'lost',
    `\`healthcheck\`: ${why}; readiness is an HTTP path (\`ready: /up\`), without one a port that accepts connections`,
  );
  return null;
}

export interface ImportedSizes {
  readonly instances: number | null;
  readonly memory: string | null;
  readonly cpu: number | null;
  readonly drain: string | null;
}

export function importSizes({ service }: PlacedService, say: Say): ImportedSizes {
  const { replicas, memory, cpus, grace } = service;
  const fits = (value: number, least: number, most: number, line: number, what: string): boolean => {
    const isFine = value >= least && value <= most;
    if (!isFine) say(line, 'lost', `${what} is not between ${least} and ${most}`);
    return isFine;
  };
  const isMore =
    replicas !== null && replicas.value > 1 && fits(replicas.value, 1, 1000, replicas.line, 'the number of copies');
  const isLimited =
    memory !== null && memory.value > 0 && fits(memory.value, 1_000_000, 2 ** 50, memory.line, 'the memory in bytes');
  const isSlowed = cpus !== null && cpus.value > 0 && fits(cpus.value, 0, 1024, cpus.line, 'the number of cores');
  const graceMs = grace === null ? null : readDurationMs(grace.value);
  if (grace !== null && graceMs === null)
    say(grace.line, 'lost', '`stop_grace_period` is no duration such as 30s or 1m30s');
  return {
    instances: isMore ? replicas.value : null,
    memory: isLimited ? formatSizeBytes(memory.value) : null,
    cpu: isSlowed ? cpus.value : null,
    drain: grace !== null && graceMs !== null ? grace.value : null,
  };
}
