import { appendFile } from 'node:fs';

/** What a worker tells its parent when lines were written, or could not be. */
export interface LogReport {
  readonly bytes: number;
  readonly lines: number;
  /** Lines that are nowhere, since the last report: too many failures at once, or the disk. */
  readonly lost: { readonly rate: number; readonly disk: number };
  /** Why the last lines could not be written; null when they were. */
  readonly problem: string | null;
}

const failuresPerSecond = 50;
const flushAfterMs = 1_000;
/** More than this is not kept for a disk that does not keep up. */
const maxBufferedCharacters = 4 * 1024 * 1024;

/**
 * One worker's part of the access log. Whoever has a request to show asks `wants` first, which costs a subtraction for
 * the ordinary ones that are not shown. Lines are kept for up to a second and then appended with one write. The file is
 * opened for each write, so that it can be renamed under us at any time and no line gets lost. Nobody ever waits for it.
 */
export class AccessLog {
  readonly #report: (report: LogReport) => void;
  #path: string | null = null;
  #permille = 0;
  /** Ordinary requests until the next one that is shown. */
  #untilNext = Number.MAX_SAFE_INTEGER;
  #windowFromMs = 0;
  #inWindow = 0;
  #lines: string[] = [];
  #characters = 0;
  #lost = { rate: 0, disk: 0 };
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> | null = null;
  /** A write broke off inside a line. */
  #isTorn = false;

  constructor(report: (report: LogReport) => void) {
    this.#report = report;
  }

  /** `permille` of ordinary requests are shown. */
  sample(permille: number): void {
    if (permille === this.#permille) return;
    this.#permille = permille;
    this.#draw();
  }

  writeTo(path: string): void {
    this.#path = path;
    if (this.#lines.length > 0) this.#flushLater();
  }

  /** The gaps between requests that are shown are random, so that no rhythm of requests is favoured. */
  #draw(): void {
    const share = this.#permille / 1000;
    const gap = share >= 1 ? 0 : Math.floor(Math.log(1 - Math.random()) / Math.log(1 - share));
    this.#untilNext = share === 0 ? Number.MAX_SAFE_INTEGER : 1 + gap;
  }

  /** Should this request be shown? To be asked once for each. */
  wants(isFailure: boolean, nowMs: number): boolean {
    if (isFailure) return this.#wantsFailure(nowMs);
    if (--this.#untilNext > 0) return false;
    this.#draw();
    return this.#permille > 0;
  }

  #wantsFailure(nowMs: number): boolean {
    if (nowMs - this.#windowFromMs >= 1_000) {
      this.#windowFromMs = nowMs;
      this.#inWindow = 0;
    }
    if (this.#inWindow++ < failuresPerSecond) return true;
    this.#lost.rate++;
    return false;
  }

  /** `line`: without its line feed. */
  write(line: string): void {
    if (this.#characters + line.length > maxBufferedCharacters) {
      this.#lost.disk++;
      return;
    }
    this.#lines.push(line);
    this.#characters += line.length;
    this.#flushLater();
  }

  #flushLater(): void {
    if (this.#path !== null) this.#timer ??= setTimeout(() => void this.flush(), flushAfterMs);
  }

  /** Writes what there is; done when the operating system has it, or it is lost. */
  async flush(): Promise<void> {
    if (this.#writing !== null) await this.#writing;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#path === null || this.#lines.length === 0) return;
    this.#writing = this.#append(this.#path);
    await this.#writing;
  }

  #append(path: string): Promise<void> {
    const lines = this.#lines.length;
    const bytes = Buffer.from(`${this.#isTorn ? '\n' : ''}${this.#lines.join('\n')}\n`);
    this.#lines = [];
    this.#characters = 0;
    return new Promise((resolve) => {
      appendFile(path, bytes, { mode: 0o600 }, (error) => {
        this.#writing = null;
        this.#written(lines, bytes.length, error);
        resolve();
      });
    });
  }

  #written(lines: number, bytes: number, error: NodeJS.ErrnoException | null): void {
    const isLost = error !== null;
    this.#isTorn = isLost;
    if (isLost) this.#lost.disk += lines;
    const lost = this.#lost;
    this.#lost = { rate: 0, disk: 0 };
    this.#report({
      bytes: isLost ? 0 : bytes,
      lines: isLost ? 0 : lines,
      lost,
      problem: isLost ? (error.code ?? error.message) : null,
    });
    if (this.#lines.length > 0) this.#flushLater();
  }
}
