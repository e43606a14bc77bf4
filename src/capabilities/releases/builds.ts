import { EventEmitter } from 'node:events';
import { rm } from 'node:fs/promises';
import { toLotseError } from '../../core/errors.ts';
import type { Release } from '../../rollout/release.ts';
import { createRelease, type IncomingSource } from './create-release.ts';
import type { ReleasesContext } from './releases-context.ts';

/** Finished builds that are remembered for those who ask late. */
const rememberedBuilds = 50;
const rememberedLines = 2_000;

export interface BuildProgress {
  readonly id: string;
  readonly app: string;
  readonly startedAt: number;
  readonly lines: readonly string[];
  readonly outcome: { readonly kind: 'building' } | { readonly kind: 'done'; readonly release: Release } | BuildFailure;
}

export interface BuildFailure {
  readonly kind: 'failed';
  readonly code: string;
  readonly message: string;
  /** What to do; null: its last lines are all that is known. */
  readonly hint: string | null;
  readonly details: readonly string[];
}

/**
 * Builds under way and lately finished. They live in this process: after a restart the same source is sent again, and a
 * build that had finished answers at once.
 */
export class Builds {
  readonly #context: ReleasesContext;
  readonly #builds = new Map<string, BuildProgress>();
  readonly #cancels = new Map<string, AbortController>();
  readonly #changes = new EventEmitter().setMaxListeners(0);

  constructor(context: ReleasesContext) {
    this.#context = context;
  }

  /** Starts a build of a kept source and answers at once. The same source again joins the build under way. */
  start(source: IncomingSource): BuildProgress {
    const id = `build-${source.hash.slice(0, 16)}-${source.commit.slice(0, 7)}`;
    const known = this.#builds.get(id);
    if (known?.outcome.kind === 'building') return known;
    const progress: BuildProgress = {
      id,
      app: source.app,
      startedAt: this.#context.now(),
      lines: source.remarks,
      outcome: { kind: 'building' },
    };
    this.#remember(progress);
    const cancel = new AbortController();
    this.#cancels.set(id, cancel);
    void this.#run(id, source, cancel.signal);
    return progress;
  }

  find(id: string): BuildProgress | null {
    return this.#builds.get(id) ?? null;
  }

  cancel(id: string): void {
    this.#cancels.get(id)?.abort();
  }

  cancelAll(): void {
    for (const cancel of this.#cancels.values()) cancel.abort();
  }

  /** Every line from the first on, then the outcome. */
  async *follow(id: string, signal: AbortSignal): AsyncIterable<string> {
    let told = 0;
    for (;;) {
      const changed = EventEmitter.once(this.#changes, id, { signal }).catch(() => undefined);
      const progress = this.#builds.get(id);
      if (progress === undefined || signal.aborted) return;
      yield* progress.lines.slice(told);
      told = progress.lines.length;
      if (progress.outcome.kind !== 'building') return;
      await changed;
    }
  }

  async #run(id: string, source: IncomingSource, signal: AbortSignal): Promise<void> {
    const onLine = (line: string) =>
      this.#update(id, (before) => ({ ...before, lines: [...before.lines, line].slice(0, rememberedLines) }));
    try {
      const release = await createRelease(this.#context, source, onLine, signal);
      this.#update(id, (before) => ({ ...before, outcome: { kind: 'done', release } }));
    } catch (thrown) {
      const { code, message, hint = null, details } = toLotseError(thrown);
      this.#update(id, (before) => ({ ...before, outcome: { kind: 'failed', code, message, hint, details } }));
    } finally {
      this.#cancels.delete(id);
      await rm(source.tar, { force: true });
    }
  }

  #remember(progress: BuildProgress): void {
    this.#builds.delete(progress.id);
    this.#builds.set(progress.id, progress);
    for (const [id, build] of this.#builds) {
      if (this.#builds.size <= rememberedBuilds) break;
      if (build.outcome.kind !== 'building') this.#builds.delete(id);
    }
  }

  #update(id: string, change: (before: BuildProgress) => BuildProgress): void {
    const before = this.#builds.get(id);
    if (before !== undefined) this.#builds.set(id, change(before));
    this.#changes.emit(id);
  }
}
