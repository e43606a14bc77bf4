// Makes `lotse-cli`, the command line alone as plain JavaScript: `node scripts/pack-cli.ts [FOLDER]`, by default
// dist/lotse-cli. `npm pack` there makes the file that is published.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { build } from 'vite';
import packageJson from '../package.json' with { type: 'json' };

const root = join(import.meta.dirname, '..');
const folder = resolve(process.argv[2] ?? join(root, 'dist', 'lotse-cli'));
/** The oldest Node that it runs on; the compiler writes nothing newer. */
const oldestNode = 22;

/** Of our own sources nothing else may be in it: a control plane is no part of the command line. */
const ownSources =
  /^(?:package\.json$|src\/(?:cli|core|manifest|reports|docker-engine)\/|src\/proxy\/|src\/capabilities\/[^/]+\/[^/]+-api\.ts$)/;
const partsOfServers = /^src\/proxy\/(?:data-plane|worker|proxy|control-server|client-connection|exchange)\.ts$/;

const start = `#!/usr/bin/env node
const [major = 0] = process.versions.node.split('.').map(Number);
if (major < ${oldestNode}) {
  console.error(\`lotse-cli needs Node ${oldestNode} or newer, and this is \${process.version}.\`);
  process.exitCode = 1;
} else {
  await import('./parts/lotse.mjs');
}
`;

const readme = `# lotse-cli

The command line of Lotse, for laptops and pipelines: \`lotse login ssh://user@server\`, \`lotse deploy\`. The control plane
itself is installed on a server. Node ${oldestNode} or newer; Linux, macOS, Windows.

docs/guides/from-your-laptop.md of the repository says more.
`;

/** Paths of all modules that are in it. */
async function bundle(): Promise<readonly string[]> {
  const output = await build({
    ...{ configFile: false, root, logLevel: 'warn', publicDir: false },
    ssr: { noExternal: true, target: 'node' },
    build: {
      ...{ ssr: join(root, 'src/cli/lotse.ts'), outDir: join(folder, 'parts'), emptyOutDir: true, minify: false },
      target: `node${oldestNode}`,
      rolldownOptions: { output: { entryFileNames: 'lotse.mjs', chunkFileNames: '[name]-[hash].mjs' } },
    },
  });
  if (!('output' in output)) throw new Error('vite answered in another form than expected');
  const modules = output.output.flatMap((each) => (each.type === 'chunk' ? each.moduleIds : []));
  return modules.filter((id) => id.startsWith(root)).map((id) => relative(root, id.replace(/\?.*$/, '')));
}

function refuseServerParts(modules: readonly string[]): void {
  const own = modules.filter((path) => !path.startsWith('node_modules/'));
  const foreign = own.filter((path) => !ownSources.test(path) || partsOfServers.test(path));
  if (foreign.length > 0) throw new Error(`these are no part of a command line: ${foreign.join(', ')}`);
  if (own.length < 100) throw new Error(`only ${own.length} of our modules are in it: that cannot be all`);
}

/** The licences of everything that was taken in, as they ask for it. */
function notices(modules: readonly string[]): string {
  const names = modules.flatMap((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []);
  const texts = [...new Set(names)].toSorted().map((name) => {
    const at = join(root, 'node_modules', name);
    const file = readdirSync(at).find((each) => /^licen[cs]e/i.test(each));
    const { version, license, author }: { version: string; license?: string; author?: unknown } = JSON.parse(
      readFileSync(join(at, 'package.json'), 'utf8'),
    );
    const by = typeof author === 'string' ? ` Copyright ${author}` : '';
    const words = file === undefined ? license && `${license}.${by}` : readFileSync(join(at, file), 'utf8').trim();
    if (words === undefined) throw new Error(`${name} says nowhere under which licence it is`);
    return `## ${name} ${version}\n\n${words}\n`;
  });
  return `# Packages that are part of lotse-cli\n\n${texts.join('\n')}`;
}

const manifest = {
  name: 'lotse-cli',
  version: packageJson.version,
  description: `${packageJson.description}: the command line`,
  license: packageJson.license,
  type: 'module',
  engines: { node: `>=${oldestNode}` },
  bin: { lotse: 'lotse.mjs' },
  files: ['lotse.mjs', 'parts', 'NOTICE', 'THIRD-PARTY.md'],
};

mkdirSync(folder, { recursive: true });
const modules = await bundle();
refuseServerParts(modules);
writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
writeFileSync(join(folder, 'lotse.mjs'), start, { mode: 0o755 });
writeFileSync(join(folder, 'README.md'), readme);
writeFileSync(join(folder, 'THIRD-PARTY.md'), notices(modules));
for (const file of ['LICENSE', 'NOTICE'])
  if (existsSync(join(root, file))) cpSync(join(root, file), join(folder, file));
console.log(`${modules.length} modules in ${relative(process.cwd(), folder) || folder}`);
