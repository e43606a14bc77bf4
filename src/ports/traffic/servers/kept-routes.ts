import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RoutedEnvironment } from '../../../core/routing-document.ts';

/** What each server was told last, on this machine's disk: for while it cannot be asked. */
export class KeptRoutes {
  readonly #folder: string;
  readonly #known = new Map<string, string>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  async write(server: string, environments: readonly RoutedEnvironment[]): Promise<void> {
    const text = JSON.stringify(environments);
    if (this.#known.get(server) === text) return;
    const file = this.#fileOf(server);
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await writeFile(`${file}.new`, text, { mode: 0o600 });
    await rename(`${file}.new`, file);
    this.#known.set(server, text);
  }

  /** Empty when nothing was ever kept of it. */
  async read(server: string): Promise<readonly RoutedEnvironment[]> {
    const text = await readFile(this.#fileOf(server), 'utf8').catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '[]';
      throw error;
    });
    return JSON.parse(text) as readonly RoutedEnvironment[]; // parsed: written by this class only
  }

  #fileOf(server: string): string {
    return join(this.#folder, `${createHash('sha256').update(server).digest('hex').slice(0, 8)}.json`);
  }
}
