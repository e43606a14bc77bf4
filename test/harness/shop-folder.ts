import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lotse as run, type Ran } from './running-lotse.ts';
import { shopManifest, type Shop } from './shop-app.ts';
import type { TemporaryLotse } from './temporary-lotse.ts';

const fixture = fileURLToPath(new URL('../fixtures/apps/shop/', import.meta.url));

/** The shop's folder as a person has it, and the command line in it, for the control plane of a test. */
export class ShopFolder {
  readonly #lotse: TemporaryLotse;
  readonly #folder: string;

  constructor(lotse: TemporaryLotse) {
    this.#lotse = lotse;
    this.#folder = join(lotse.folder, 'shop');
  }

  /** Writes lotse.yaml and these further files over what lies there. */
  write(shop: Shop, files: Readonly<Record<string, string>> = {}): void {
    mkdirSync(this.#folder, { recursive: true });
    cpSync(fixture, this.#folder, { recursive: true });
    for (const [name, text] of Object.entries({ ...files, 'lotse.yaml': shopManifest(shop) })) {
      writeFileSync(join(this.#folder, name), text);
    }
  }

  /** `lotse …` in the folder. */
  async lotse(...line: readonly string[]): Promise<Ran> {
    const { server, token } = this.#lotse.plane;
    return await run(line, { cwd: this.#folder, env: { LOTSE_SERVER: server, LOTSE_TOKEN: token } });
  }
}
