import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';

const run = promisify(execFile);
const prefix = 'node_modules/';
const lockfile = z.object({
  packages: z.record(z.string(), z.looseObject({ version: z.string(), integrity: z.string() })),
});
const packed = z.array(z.object({ name: z.string(), version: z.string(), filename: z.string() }));

interface Tarball {
  readonly version: string;
  readonly file: string;
  /** As the lockfile has it: what npm wants to know of a version. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/**
 * An npm registry with what is installed in a folder, and nothing else: for builds that reach no further than this
 * machine. npm has the packages in its cache, or fetches them once more. `host` is where it listens.
 */
export async function startPackageRegistry(installed: string, host: string) {
  const folder = await mkdtemp(join(tmpdir(), 'lotse-packages-'));
  const tarballs = await packAll(installed, folder);
  const server = createServer(({ url = '' }, response) => answer(decodeURIComponent(url), response));
  server.listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  const base = `http://${host}:${typeof address === 'object' ? address?.port : ''}/`;

  function answer(path: string, response: ServerResponse): void {
    const [, name = '', file] = /^\/((?:@[^/]+\/)?[^/]+)(?:\/-\/([^/]+))?$/.exec(path) ?? [];
    const found = tarballs.get(name);
    if (found === undefined) response.writeHead(404).end('{}');
    else if (file === undefined) response.end(JSON.stringify(describe(name, found)));
    else createReadStream(join(folder, found.file)).pipe(response);
  }

  function describe(name: string, { version, file, facts }: Tarball): object {
    const dist = { integrity: facts['integrity'], tarball: `${base}${name}/-/${file}` };
    return { name, 'dist-tags': { latest: version }, versions: { [version]: { ...facts, name, version, dist } } };
  }

  return {
    url: base,
    stop: async (): Promise<void> => {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** By name. */
async function packAll(installed: string, folder: string): Promise<ReadonlyMap<string, Tarball>> {
  // npm's own account of what it has installed here.
  const text = await readFile(join(installed, 'node_modules/.package-lock.json'), 'utf8');
  const { packages } = lockfile.parse(JSON.parse(text));
  const facts = new Map(Object.entries(packages).map(([path, found]) => [path.slice(prefix.length), found]));
  const specs = [...facts].map(([name, { version }]) => `${name}@${version}`);
  const options = ['--json', '--prefer-offline', '--pack-destination', folder];
  const { stdout } = await run('npm', ['pack', ...options, ...specs], { cwd: folder, maxBuffer: 2 ** 26 });
  const all = packed.parse(JSON.parse(stdout));
  return new Map(
    all.map(({ name, version, filename }) => [name, { version, file: filename, facts: facts.get(name) ?? {} }]),
  );
}
