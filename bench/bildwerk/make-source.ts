import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Trouble } from './troubles.ts';

const example = fileURLToPath(new URL('../../examples/bildwerk/', import.meta.url));
const troubleFile = fileURLToPath(new URL('app/trouble.ts', import.meta.url));

/** A canary that may cost thirty failed requests. */
const canary = '{ canary: 30 failed requests, within: 4m, watch: 15s }';

/** A copy of bildwerk in a folder of its own whose dashboard has this trouble, with one environment. */
export async function makeSource(folder: string, trouble: Trouble, strategy = canary): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const isSource = (path: string) => !relative(example, path).split('/').includes('node_modules');
  await cp(example, folder, { recursive: true, filter: isSource });
  await cp(troubleFile, join(folder, 'dashboard', 'trouble.ts'));
  await writeFile(join(folder, 'dashboard', 'trouble.json'), JSON.stringify(trouble));
  await change(join(folder, 'dashboard', 'server.ts'), [
    ['import { SessionBook }', "import { troubled } from './trouble.ts';\nimport { SessionBook }"],
    ['void handle(app, request, response)', 'troubled(request, response, () => void handle(app, request, response))'],
  ]);
  const manifest = join(folder, 'lotse.yaml');
  await writeFile(manifest, manifestWith(await readFile(manifest, 'utf8'), strategy));
}

/** bildwerk's manifest with one environment. Its verification would find most troubles before any user does. */
export function manifestWith(text: string, strategy: string): string {
  const untested = text.slice(0, text.indexOf('environments:')).replace(/^verify: .*\n/m, '');
  return `${untested}environments:
  production:
    domains: [bildwerk.localhost]
    services: { dashboard: { instances: 2 } }
    strategy: ${strategy}
`;
}

async function change(file: string, changes: readonly (readonly [string, string])[]): Promise<void> {
  let text = await readFile(file, 'utf8');
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`${file} has no “${from}” any more`);
    text = text.replace(from, to);
  }
  await writeFile(file, text);
}
