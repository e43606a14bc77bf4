import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const folder = fileURLToPath(new URL('../fixtures/apps/shop/', import.meta.url));

export type ManifestPart = Readonly<Record<string, unknown>>;

/** The app that these tests deploy (test/fixtures/apps/shop): one web service, a store, boots in 100 ms. */
export interface Shop {
  /** Members of `services.web` beside run, port and ready. */
  readonly web?: ManifestPart;
  /** Further services. */
  readonly services?: ManifestPart;
  readonly config?: ManifestPart;
  readonly verify?: boolean;
  readonly strategy?: string;
  readonly watch?: string;
  /** Members of the environment `production`. */
  readonly production?: ManifestPart;
  /** Environments beside `production`. */
  readonly environments?: ManifestPart;
  /** Further members of the file. */
  readonly more?: ManifestPart;
}

/** A worker that reads its claim. */
export const claimingWorker: ManifestPart = { run: 'node worker.mjs', claim: true, drain: '2s' };

/** JSON is YAML. */
export function shopManifest(shop: Shop = {}): string {
  const { strategy = 'blue-green', watch = '1s' } = shop;
  const paces = { strategy: { name: strategy, watch } };
  return JSON.stringify(
    {
      app: 'shop',
      target: 'process',
      services: {
        web: { run: 'node web.mjs', port: 3000, ready: '/up', drain: '2s', ...shop.web },
        ...shop.services,
      },
      stores: { data: { folder: 'data' } },
      ...(shop.config === undefined ? {} : { config: shop.config }),
      ...(shop.verify === true ? { verify: { run: 'node verify.mjs', within: '1m' } } : {}),
      environments: { ...shop.environments, production: { ...paces, ...shop.production } },
      ...shop.more,
    },
    null,
    2,
  );
}

/** The app's folder as a tar, with this lotse.yaml (null: none) and these further files. */
export async function shopTar(manifest: string | null, files: Readonly<Record<string, string>> = {}): Promise<Buffer> {
  const source = await mkdtemp(join(tmpdir(), 'lotse-shop-'));
  try {
    await cp(folder, source, { recursive: true });
    const all = { ...files, ...(manifest === null ? {} : { 'lotse.yaml': manifest }) };
    for (const [name, text] of Object.entries(all)) await writeFile(join(source, name), text);
    const options = { encoding: 'buffer', maxBuffer: 64 * 1024 * 1024 } as const;
    const { stdout } = await run('tar', ['--mtime=@0', '--sort=name', '-cf', '-', '-C', source, '.'], options);
    return stdout;
  } finally {
    await rm(source, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}
