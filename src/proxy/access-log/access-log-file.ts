import { renameSync, rmSync, statSync } from 'node:fs';
import type { LogReport } from './access-log.ts';

export interface LogFileLimits {
  readonly maxBytes: number;
  /** Older files that are kept beside the current one, as `access.log.1` and so on. */
  readonly keep: number;
}

const defaultLimits: LogFileLimits = { maxBytes: 10 * 1024 * 1024, keep: 3 };

/** The access log as the proxy's parent sees it: workers append to it, the parent rotates it and knows what got lost. */
export class AccessLogFile {
  readonly path: string;
  readonly #limits: LogFileLimits;
  readonly #problems = new Map<object, string>();
  /** Written since the size was last looked up; the first report looks it up. */
  #bytes: number;
  #rotationProblem: string | null = null;
  /** Since the start of this proxy. */
  readonly counts = { written: 0, lostToRate: 0, lostToDisk: 0 };

  constructor(path: string, limits: LogFileLimits = defaultLimits) {
    this.path = path;
    this.#limits = limits;
    this.#bytes = limits.maxBytes;
  }

  get problems(): readonly string[] {
    const problems = new Set(this.#problems.values());
    if (this.#rotationProblem !== null) problems.add(this.#rotationProblem);
    return [...problems].map((problem) => `the access log ${this.path} ${problem}`);
  }

  /** A worker has written, or could not. */
  record(worker: object, report: LogReport): void {
    this.counts.written += report.lines;
    this.counts.lostToRate += report.lost.rate;
    this.counts.lostToDisk += report.lost.disk;
    if (report.problem === null) this.#problems.delete(worker);
    else this.#problems.set(worker, `cannot be written (${report.problem}); its lines are lost`);
    this.#bytes += report.bytes;
    if (this.#bytes >= this.#limits.maxBytes) this.#rotateIfLarge();
  }

  forget(worker: object): void {
    this.#problems.delete(worker);
  }

  /** Another proxy may have rotated it, in a hand-over: the size on disk decides. */
  #rotateIfLarge(): void {
    try {
      this.#bytes = statSync(this.path, { throwIfNoEntry: false })?.size ?? 0;
      if (this.#bytes >= this.#limits.maxBytes) this.#rotate();
      this.#rotationProblem = null;
    } catch (error) {
      this.#bytes = 0;
      this.#rotationProblem = `cannot be rotated: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  #rotate(): void {
    const { keep } = this.#limits;
    if (keep === 0) rmSync(this.path);
    for (let number = keep; number > 0; number--) {
      const from = number === 1 ? this.path : `${this.path}.${number - 1}`;
      if (statSync(from, { throwIfNoEntry: false }) !== undefined) renameSync(from, `${this.path}.${number}`);
    }
    this.#bytes = 0;
  }
}
