import { execFile, spawn } from 'node:child_process';
import { chmod, cp, link, mkdir, mkdtemp, readFile, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { DockerEngine } from '../../src/docker-engine/docker-engine.ts';

/** What ordinary Dockerfiles begin with. Tests have no registry, so they make it from what this machine has. */
export const baseImage = 'node:24-slim';

const run = promisify(execFile);
const programs =
  'sh bash cat ls cp mv rm ln mkdir rmdir touch chmod chown id env sleep test true false echo head tail grep sed tr wc date uname dd df basename dirname readlink mktemp sort tar gzip find kill hostname getent';
/** Loaded at run time by glibc, so no program names them. */
const lookupLibraries = ['libnss_dns.so.2', 'libnss_files.so.2', 'libresolv.so.2'];

/** Lines of a Dockerfile that the engine applies to what it imports. */
const changes = [
  `ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin NODE_VERSION=${process.versions.node}`,
  'ENTRYPOINT ["docker-entrypoint.sh"]',
  'CMD ["node"]',
];

/** What is no program is an argument of node, as in the image of that name that everybody knows. */
const entrypoint = `#!/bin/sh
command -v "$1" >/dev/null 2>&1 || set -- node "$@"
exec "$@"
`;

/**
 * Makes an image with this Node, npm where it is found, a shell and everyday programs, all from this machine, under the tag
 * of the real one. A few seconds. Only for an engine that belongs to the tests.
 */
export async function makeBaseImage(engine: DockerEngine): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'lotse-base-image-'));
  try {
    await chmod(folder, 0o755); // It becomes `/`.
    await fillRoot(folder);
    const options = ['-c', '--numeric-owner', '-C', folder, '.'];
    const packing = spawn('tar', options, { stdio: ['ignore', 'pipe', 'inherit'] });
    const [repo, tag] = baseImage.split(':');
    const call = { method: 'POST', path: '/images/create', upload: packing.stdout, timeoutMs: 120_000 } as const;
    const query = changes.map((line) => `changes=${encodeURIComponent(line)}`).join('&');
    const path = `${call.path}?fromSrc=-&repo=${repo}&tag=${tag}&${query}`;
    for await (const _ of engine.connection.messages({ ...call, path, asked: 'the import of the base image' }));
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

async function fillRoot(root: string): Promise<void> {
  for (const name of ['etc', 'root', 'home/node', 'usr/bin', 'usr/sbin', 'usr/local/bin', 'usr/lib', 'usr/lib64']) {
    await mkdir(join(root, name), { recursive: true });
  }
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) await symlink(`usr/${name}`, join(root, name));
  await mkdir(join(root, 'tmp'));
  await run('chmod', ['1777', join(root, 'tmp')]);
  await run('chown', ['1000:1000', join(root, 'home/node')]);
  await writeFile(join(root, 'usr/local/bin/docker-entrypoint.sh'), entrypoint, { mode: 0o755 });
  await writeFile(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n');
  await writeFile(join(root, 'etc/group'), 'root:x:0:\nnode:x:1000:\n');
  await writeFile(join(root, 'etc/nsswitch.conf'), 'passwd: files\ngroup: files\nhosts: files dns\n');
  const node = await realpath(process.execPath);
  await link(node, join(root, 'usr/local/bin/node')).catch(() => cp(node, join(root, 'usr/local/bin/node')));
  const found = await findPrograms();
  for (const program of found)
    await cp(program, join(root, 'usr/bin', program.split('/').at(-1) ?? ''), { dereference: true });
  await copyLibraries(root, [node, ...found]);
  await copyNpm(root);
}

async function findPrograms(): Promise<readonly string[]> {
  const { stdout } = await run('sh', ['-c', `for p in ${programs}; do PATH=/usr/bin:/bin command -v $p; done; true`]);
  return stdout.split('\n').filter((line) => line.startsWith('/'));
}

/** To where the loader looks for them. `ldd` names each with its path, the loader itself among them. */
async function copyLibraries(root: string, files: readonly string[]): Promise<void> {
  const outputs = await Promise.all(files.map((file) => run('ldd', [file]).catch(() => ({ stdout: '' }))));
  const named = outputs.flatMap(({ stdout }) => stdout.match(/(?<=\s)\/\S+/g) ?? []);
  const folder = dirname(named.find((path) => path.includes('/libc.so')) ?? '/lib/x86_64-linux-gnu/libc.so.6');
  for (const path of new Set([...named, ...lookupLibraries.map((name) => join(folder, name))])) {
    const target = join(root, path);
    await mkdir(dirname(target), { recursive: true });
    await cp(path, target, { dereference: true });
  }
}

async function copyNpm(root: string): Promise<void> {
  const { stdout } = await run('sh', ['-c', 'command -v npm || true']);
  if (stdout.trim() === '') return;
  const folder = dirname(dirname(await realpath(stdout.trim())));
  const isWhole = await stat(join(folder, 'node_modules')).then(
    () => true,
    () => false,
  );
  const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => '{}');
  if (!isWhole || !text.includes('"npm"')) return;
  await cp(folder, join(root, 'usr/local/lib/node_modules/npm'), { recursive: true });
  for (const name of ['npm', 'npx']) {
    await symlink(`../lib/node_modules/npm/bin/${name}-cli.js`, join(root, 'usr/local/bin', name));
  }
}
