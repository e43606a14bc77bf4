import { createHash } from 'node:crypto';
import type { AppName } from '../../../core/ids.ts';
import type { Artifact } from '../builders.ts';

/** Builds under way, by name: a second call for one waits for the first. */
export class RunningBuilds {
  readonly #running = new Map<string, Promise<Artifact>>();

  get count(): number {
    return this.#running.size;
  }

  has(name: string): boolean {
    return this.#running.has(name);
  }

  async join(name: string, build: () => Promise<Artifact>): Promise<Artifact> {
    const other = this.#running.get(name);
    if (other !== undefined) return await other;
    const running = build();
    this.#running.set(name, running);
    try {
      return await running;
    } finally {
      this.#running.delete(name);
    }
  }
}

/** One file name per app and build key, which is free text. */
export function buildName(app: AppName, key: string): string {
  return createHash('sha256').update(`${app}\n${key}`).digest('hex').slice(0, 24);
}
