import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { extname } from 'node:path';
import type { Visit } from './http/visit.ts';
import { HttpProblem } from './http/problem.ts';

type Asset = { readonly path: string; readonly type: string; readonly content: Buffer };

const types: { readonly [extension: string]: string } = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * The files of the pages, each under a name with the hash of its content: `/assets/bildwerk.3f2a….css`. So browsers keep
 * them for ever, and a page of one release never gets a file of another.
 */
export class Assets {
  readonly #byName: ReadonlyMap<string, Asset>;
  readonly #byPath: ReadonlyMap<string, Asset>;

  private constructor(byName: ReadonlyMap<string, Asset>) {
    this.#byName = byName;
    this.#byPath = new Map([...byName.values()].map((asset) => [asset.path, asset]));
  }

  static async open(folder: URL): Promise<Assets> {
    const names = (await readdir(folder)).filter((name) => extname(name) in types);
    const entries = names.map(async (name) => {
      const content = await readFile(new URL(name, folder));
      const hash = createHash('sha256').update(content).digest('hex').slice(0, 12);
      const extension = extname(name);
      const path = `/assets/${name.slice(0, -extension.length)}.${hash}${extension}`;
      return [name, { path, type: types[extension] ?? '', content }] as const;
    });
    return new Assets(new Map(await Promise.all(entries)));
  }

  /** Where a page finds the file that is called `name` in the folder. */
  path(name: string): string {
    const asset = this.#byName.get(name);
    if (asset === undefined) throw new Error(`there is no asset "${name}"`);
    return asset.path;
  }

  send({ response, url }: Visit): void {
    const asset = this.#byPath.get(url.pathname);
    if (asset === undefined) throw new HttpProblem(404, 'There is no such file in this release.');
    response.writeHead(200, {
      'content-type': asset.type,
      'content-length': asset.content.length,
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
    });
    response.end(asset.content);
  }
}
