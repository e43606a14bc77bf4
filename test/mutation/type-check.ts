import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { changed, type Change } from './mutant.ts';

/** The sources without mutants, in which one at a time is written out for the compiler. */
export class TypeCheck {
  readonly #folder: string;
  readonly #root: string;
  /** One change at a time. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(root: string, folder: string) {
    this.#root = root;
    this.#folder = folder;
  }

  /** Copies the sources as they are now. */
  static async copy(root: string, folder: string): Promise<void> {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await cp(join(root, 'src'), join(folder, 'src'), { recursive: true });
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
    const { compilerOptions } = JSON.parse(await readFile(join(root, 'tsconfig.json'), 'utf8')) as {
      compilerOptions: object;
    };
    const include = ['src/rollout', 'src/engine'];
    const exclude = ['**/*.test.ts', '**/fixtures/**'];
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include, exclude }));
    await writeFile(join(folder, 'package.json'), await readFile(join(root, 'package.json'), 'utf8'));
  }

  static on(root: string, folder: string): TypeCheck {
    return new TypeCheck(root, folder);
  }

  /** What the compiler says against a source with a change in it; null: nothing. */
  async refusal(file: string, change: Change): Promise<string | null> {
    const refusal = this.#last.then(() => this.#refusal(file, change));
    this.#last = refusal.catch(() => undefined);
    return await refusal;
  }

  async #refusal(file: string, change: Change): Promise<string | null> {
    const path = join(this.#folder, file);
    const text = await readFile(path, 'utf8');
    await writeFile(path, changed(text, change));
    try {
      return await this.#compile();
    } finally {
      await writeFile(path, text);
    }
  }

  async #compile(): Promise<string | null> {
    const compiler = join(this.#root, 'node_modules', '.bin', 'tsc');
    const { promise, resolve } = Promise.withResolvers<string | null>();
    execFile(compiler, ['-p', 'tsconfig.json'], { cwd: this.#folder }, (error, stdout) =>
      resolve(error === null ? null : (stdout.split('\n')[0] ?? error.message)),
    );
    return await promise;
  }
}
