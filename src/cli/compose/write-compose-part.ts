import type { Check, ServiceDefinition } from '../../manifest/app-manifest.ts';
import { oneLine, scalar } from '../init/yaml-scalar.ts';
import type { ExportedImage, ExportedPart } from './exported-parts.ts';

/** A service of a compose file, two spaces in. */
export function partLines(part: ExportedPart): readonly string[] {
  const { service } = part;
  const sizes = service === null ? [] : deployLines(service);
  return [
    `  ${part.name}:`,
    ...imageLines(part.image),
    ...commandLines(part),
    ...(part.workingDir === null ? [] : [`    working_dir: ${scalar(part.workingDir)}`]),
    ...(part.environment.length === 0 ? [] : ['    environment:', ...part.environment.map(environmentLine)]),
    ...(part.mounts.length === 0 ? [] : ['    volumes:', ...part.mounts.map((mount) => `      - ${mount}`)]),
    ...(service === null ? jobLines : serviceLines(service, part)),
    ...(sizes.length === 0 ? [] : ['    deploy:', ...sizes]),
  ];
}

/** None: what the image starts. */
function commandLines({ argv, hasEntrypoint }: ExportedPart): readonly string[] {
  return argv.length === 0 ? [] : [`    ${hasEntrypoint ? 'entrypoint' : 'command'}: ${list(argv)}`];
}

const jobLines = ["    restart: 'no'", '    profiles: [jobs] # docker compose run --rm, by hand'];

function imageLines(image: ExportedImage): readonly string[] {
  return image.kind === 'inline' ? ['    build: *image'] : [`    build: ${scalar(image.context)}`];
}

function environmentLine([name, value]: readonly [string, string | null]): string {
  return `      ${name}: ${value === null ? `\${${name}:?fill in .env}` : quoted(value)}`;
}

/** Text for Compose, which puts values in for `$`. */
function quoted(value: string): string {
  const escaped = value.replaceAll('$', '$$$$');
  return /^[A-Za-z/][\w./-]*$/.test(escaped) && !/^(?:true|false|yes|no|on|off|null|y|n)$/i.test(escaped)
    ? escaped
    : JSON.stringify(escaped);
}

function list(words: readonly string[]): string {
  return `[${words.map((word) => JSON.stringify(word.replaceAll('$', '$$$$'))).join(', ')}]`;
}

function serviceLines(service: ServiceDefinition, { publishedPort, image }: ExportedPart): readonly string[] {
  return [
    ...(service.port === null || publishedPort === null ? [] : portLines(service, service.port, publishedPort)),
    ...(service.ready?.kind === 'http' && service.port !== null
      ? healthLines(service.ready, service.port, image.isNode)
      : []),
    `    stop_grace_period: ${service.drainMs % 1000 === 0 ? `${service.drainMs / 1000}s` : `${service.drainMs}ms`}`,
    '    restart: unless-stopped',
  ];
}

function portLines({ path, instances }: ServiceDefinition, port: number, published: number): readonly string[] {
  const own = instances === 1 ? `${published}` : `${published}-${published + instances - 1}`;
  const what =
    path === '/'
      ? 'a reverse proxy in front sends requests here'
      : `a reverse proxy in front sends ${oneLine(path)} here`;
  return [`    ports: ['127.0.0.1:${own}:${port}'] # ${what}`];
}

function healthLines({ path }: Extract<Check, { kind: 'http' }>, port: number, isNode: boolean): readonly string[] {
  const url = `http://127.0.0.1:${port}${path}`;
  const script = `fetch(${url.includes("'") ? JSON.stringify(url) : `'${url}'`}).then((r)=>process.exit(r.ok?0:1),()=>process.exit(1))`;
  const test = isNode ? ['CMD', 'node', '-e', script] : ['CMD', 'curl', '-fsSo', '/dev/null', url];
  return ['    healthcheck:', `      test: ${list(test)}`, '      interval: 5s', '      start_period: 60s'];
}

function deployLines({ instances, memoryBytes, cpuCores }: ServiceDefinition): readonly string[] {
  const limits = [
    ...(memoryBytes === null
      ? []
      : [`memory: ${memoryBytes % 1024 ** 2 === 0 ? `${memoryBytes / 1024 ** 2}M` : `${memoryBytes}b`}`]),
    ...(cpuCores === null ? [] : [`cpus: '${cpuCores}'`]),
  ];
  return [
    ...(instances === 1 ? [] : [`      replicas: ${instances}`]),
    ...(limits.length === 0 ? [] : [`      resources: { limits: { ${limits.join(', ')} } }`]),
  ];
}
