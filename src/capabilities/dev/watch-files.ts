import { relative, sep } from 'node:path';
import { watch } from 'chokidar';

/** Editors and git touch several files at once: a batch is complete after so long without another change. */
const quietMs = 120;
/** Something that never stops writing must not hold everything up. */
const longestBatchMs = 1_000;

export interface WatchWishes {
  /** Absolute. */
  readonly folder: string;
  /** Asked for files and folders, relative to `folder` with forward slashes. */
  readonly isWatched: (path: string) => boolean;
  /** Paths of files that were made, changed or removed, each once. */
  readonly onChange: (paths: readonly string[]) => void;
  readonly onProblem: (error: unknown) => void;
}

export interface FileWatch {
  close(): Promise<void>;
}

/** Watches a folder and all below it; resolves when every change from now on is seen. */
export async function watchFiles({ folder, isWatched, onChange, onProblem }: WatchWishes): Promise<FileWatch> {
  const batch = new Batch(onChange);
  const ready = Promise.withResolvers<void>();
  const watcher = watch(folder, {
    ignoreInitial: true,
    followSymlinks: false,
    ignored: (path) => path !== folder && !isWatched(slashed(relative(folder, path))),
  });
  watcher
    .on('all', (event, path) => {
      if (event === 'add' || event === 'change' || event === 'unlink')
        batch.add(event, slashed(relative(folder, path)));
    })
    .on('error', onProblem)
    .on('ready', () => ready.resolve());
  await ready.promise;
  return {
    async close() {
      batch.drop();
      await watcher.close();
    },
  };
}

function slashed(path: string): string {
  return path.split(sep).join('/');
}

type FileEvent = 'add' | 'change' | 'unlink';

class Batch {
  /** What happened to each path first. */
  readonly #paths = new Map<string, FileEvent>();
  readonly #onChange: (paths: readonly string[]) => void;
  #firstMs = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(onChange: (paths: readonly string[]) => void) {
    this.#onChange = onChange;
  }

  /** A file that came and went within one batch was never there: editors write beside a file and then rename. */
  add(event: FileEvent, path: string): void {
    const nowMs = performance.now();
    if (this.#paths.size === 0) this.#firstMs = nowMs;
    if (event === 'unlink' && this.#paths.get(path) === 'add') this.#paths.delete(path);
    else this.#paths.set(path, this.#paths.get(path) ?? event);
    this.#cancel();
    const leftMs = this.#firstMs + longestBatchMs - nowMs;
    this.#timer = setTimeout(() => this.#hand(), Math.max(0, Math.min(quietMs, leftMs)));
  }

  drop(): void {
    this.#cancel();
    this.#paths.clear();
  }

  #hand(): void {
    const paths = [...this.#paths.keys()];
    this.drop();
    if (paths.length > 0) this.#onChange(paths);
  }

  #cancel(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
