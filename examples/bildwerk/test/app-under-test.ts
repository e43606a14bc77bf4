import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { readEnvironment } from '../model/environment.ts';
import { openStores } from '../model/open-stores.ts';
import type { Stores } from '../model/open-stores.ts';
import { pictures } from '../model/picture.ts';
import type { Picture } from '../model/picture.ts';
import { newPicture } from '../model/workflow.ts';
import { runApp } from '../run-app.ts';
import type { RunOptions, RunningApp } from '../run-app.ts';
import { landscape } from './story-pictures.ts';

export type Logged = { readonly service: string; readonly line: string };
export type Playground = {
  readonly dataDir: string;
  readonly stores: Stores;
  readonly lines: readonly Logged[];
  /** Starts services on the stores of this playground; they end with the test. */
  readonly run: (options: Omit<RunOptions, 'dataDir' | 'port' | 'onLine'>) => Promise<RunningApp>;
  /** Puts a picture into the stores as an upload would. Resolves to its id. */
  readonly add: (content: Buffer, change?: Partial<Picture>) => Promise<string>;
  readonly picture: (id: string) => Promise<Picture>;
  readonly claimFile: (claim: string) => Promise<string>;
};

/** Stores in a temporary folder, and real processes on them. On failure the output of the processes is shown. */
export async function openPlayground(t: TestContext): Promise<Playground> {
  const dataDir = await mkdtemp(join(tmpdir(), 'bildwerk-'));
  const stores = await openStores(readEnvironment(foldersIn(dataDir), 'test'));
  const lines: Logged[] = [];
  const running: RunningApp[] = [];
  t.after(async () => {
    await Promise.all(running.map((app) => app.stop()));
    await stores.documents.close();
    await rm(dataDir, { recursive: true });
    if ('passed' in t && t.passed === false) for (const { service, line } of lines) console.error(`${service} ${line}`);
  });
  let count = 0;
  return {
    dataDir,
    stores,
    lines,
    run: async (options) => {
      const app = await runApp({
        ...options,
        dataDir,
        port: 0,
        onLine: (service, line) => lines.push({ service, line }),
      });
      running.push(app);
      return app;
    },
    add: async (content, change = {}) => {
      const id = `picture-${++count}`;
      const bytes = await stores.files.receive(id, Readable.from([content]));
      const upload = { owner: 'test', name: `${id}.jpg`, bytes, uploadedAt: Date.now(), release: 'dev', marked: false };
      await pictures(stores.documents)
        .doc(id)
        .create({ ...newPicture(upload), ...change });
      return id;
    },
    picture: async (id) => {
      const found = await pictures(stores.documents).doc(id).get();
      assert.ok(found !== undefined, `${id} is gone`);
      return found.data;
    },
    claimFile: async (claim) => {
      const path = join(dataDir, `claim-${++count}`);
      await writeFile(path, claim);
      return path;
    },
  };
}

/** The variables that name the stores of a playground. */
export function foldersIn(dataDir: string) {
  return { DOCUMENTS_DIR: join(dataDir, 'documents'), PICTURES_DIR: join(dataDir, 'pictures') };
}

export async function jpeg(width: number, height: number): Promise<Buffer> {
  return sharp(Buffer.from(landscape(width, height)))
    .jpeg()
    .toBuffer();
}

/** Waits until `condition` holds; fails with `what` after `withinMs`. */
export async function eventually(what: string, withinMs: number, condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > deadline) assert.fail(`not within ${withinMs} ms: ${what}`);
    await sleep(15);
  }
}
