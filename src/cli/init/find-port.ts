import type { PackageFile, SourceFile } from './folder-facts.ts';

/** Where a web service listens when nobody tells it. */
export interface FoundPort {
  readonly port: number;
  /** For the comment: `usual for next`, `seen in server.js`. */
  readonly source: string;
  /** It listens there whatever PORT says. */
  readonly isFixed: boolean;
}

/** Frameworks whose own start command serves HTTP, and where; the first one that is found counts. */
const frameworkPorts: readonly (readonly [dependency: string, port: number])[] = [
  ['next', 3000],
  ['nuxt', 3000],
  ['@remix-run/serve', 3000],
  ['@react-router/serve', 3000],
  ['@sveltejs/adapter-node', 3000],
  ['@nestjs/core', 3000],
  ['@adonisjs/core', 3333],
  ['@strapi/strapi', 1337],
  ['astro', 4321],
  ['gatsby', 9000],
  ['parse-server', 1337],
  ['@feathersjs/feathers', 3030],
];
/** Libraries that serve HTTP where the code says. */
const serverLibraries = [
  'express',
  'fastify',
  'koa',
  '@hapi/hapi',
  'hono',
  'restify',
  'polka',
  'h3',
  'ws',
  'socket.io',
];
const readsPort = /\benv(?:iron)?(?:\.get\(|\.|\[)\s*['"`]?PORT\b|\$PORT\b|\$\{PORT\b/;
const defaultPort = 3000;

/** Null when nothing says that it serves HTTP: then it is a worker. */
export function findPort(
  command: string,
  packageFile: PackageFile | null,
  sources: readonly SourceFile[],
): FoundPort | null {
  const told = /(?:--port[ =]|(?:^|\s)-p[ =])(\d{2,5})\b/.exec(command)?.[1];
  if (told !== undefined) return { port: Number(told), source: 'seen in its start command', isFixed: true };
  const framework = frameworkPorts.find(([dependency]) => packageFile?.dependencies.includes(dependency));
  if (framework !== undefined) return { port: framework[1], source: `usual for ${framework[0]}`, isFixed: false };
  const listening = sources.filter((file) =>
    /\.listen\(|\bserve\(|createServer\(|\.run\(|ListenAndServe/.test(file.text),
  );
  const reader = sources.find((file) => readsPort.test(file.text));
  for (const file of reader === undefined ? listening : [reader, ...listening]) {
    const port = writtenPort(file.text);
    if (port !== null) return { port, source: `seen in ${file.path}`, isFixed: reader === undefined };
  }
  const library = serverLibraries.find((each) => packageFile?.dependencies.includes(each));
  const source = reader?.path ?? library ?? listening[0]?.path;
  return source === undefined
    ? null
    : { port: defaultPort, source: `usual, as ${source} does not say one`, isFixed: false };
}

/** `env.PORT || 8080`, `listen(8080`, `port: 8080`, `PORT = 8080`. */
function writtenPort(text: string): number | null {
  const patterns = [
    /PORT['"]?\)?\]?\s*(?:\|\||\?\?|,|or)\s*['"]?(\d{2,5})\b/,
    /\.listen\(\s*(\d{2,5})\b/,
    /\bport\s*[:=]\s*(\d{2,5})\b/i,
  ];
  for (const pattern of patterns) {
    const port = Number(pattern.exec(text)?.[1]);
    if (port >= 1 && port <= 65_535) return port;
  }
  return null;
}

/** A path in the code that other tools ask for health; null when there is none. */
export function findReadyPath(sources: readonly SourceFile[]): { readonly path: string; readonly file: string } | null {
  for (const file of sources) {
    const path = /['"`](\/(?:api\/)?(?:up|healthz?|health-?check|readyz?|livez|status|ping))['"`]/.exec(file.text)?.[1];
    if (path !== undefined) return { path, file: file.path };
  }
  return null;
}
