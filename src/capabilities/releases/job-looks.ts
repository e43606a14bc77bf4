import type { Scope } from '../../core/ids.ts';
import type { Looks } from '../../core/looks.ts';
import type { Target } from '../../ports/targets/targets.ts';
import type { ObservedJob } from '../../rollout/facts.ts';

interface JobLookParts {
  readonly target: Pick<Target, 'observeJob'>;
  readonly looks: Looks;
  /** Between two looks at a job that runs, in milliseconds. */
  readonly everyMs?: number;
}

const usualEveryMs = 1000;

/**
 * Tells whoever shows a job that runs when it looks different: its lines and its end are in no journal. A job is followed
 * from the first answer that says that it runs; one that cannot be looked at any more is left to the next question.
 */
export class JobLooks {
  readonly #parts: JobLookParts;
  readonly #followed = new Set<string>();

  constructor(parts: JobLookParts) {
    this.#parts = parts;
  }

  /** Harmless when it has ended or is followed already. */
  follow(scope: Scope, key: string, seen: ObservedJob): void {
    if (seen.state !== 'running' || this.#followed.has(key)) return;
    this.#followed.add(key);
    void this.#untilEnded(scope, key, seen).finally(() => this.#followed.delete(key));
  }

  async #untilEnded(scope: Scope, key: string, first: ObservedJob): Promise<void> {
    let shown: ObservedJob | null = first;
    while (shown?.state === 'running') {
      await rest(this.#parts.everyMs ?? usualEveryMs);
      const seen: ObservedJob | null = await this.#parts.target.observeJob(key).catch(() => null);
      if (JSON.stringify(seen) !== JSON.stringify(shown)) this.#parts.looks.tell({ ...scope, what: 'jobs' });
      shown = seen;
    }
  }
}

/** Holds no process that has nothing else to do. */
async function rest(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms).unref());
}
