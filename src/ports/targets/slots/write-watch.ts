import { relative } from 'node:path';

/**
 * Reads from an instance's own output which files below its artifact it tried to write: the artifact is read-only, so the
 * attempt is refused, and programs nearly always say so. A program that hides the refusal is not seen.
 */
export class WriteWatch {
  readonly #artifactFolder: string;
  readonly #files = new Set<string>();

  constructor(artifactFolder: string) {
    this.#artifactFolder = artifactFolder;
  }

  /** Paths relative to the artifact, in the order of their first attempt; at most 50. */
  get files(): readonly string[] {
    return [...this.#files];
  }

  read(output: string): void {
    if (!/EACCES|EPERM|EROFS|denied|Read-only/i.test(output)) return;
    for (const line of output.split('\n')) {
      if (!/EACCES|EPERM|EROFS|permission denied|read-only file system/i.test(line)) continue;
      const start = line.indexOf(`${this.#artifactFolder}/`);
      const path = start === -1 ? undefined : /^[^'"`:,)\s]+/.exec(line.slice(start))?.[0];
      if (path !== undefined && this.#files.size < 50) this.#files.add(relative(this.#artifactFolder, path));
    }
  }
}
