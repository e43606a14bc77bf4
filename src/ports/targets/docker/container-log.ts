import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DockerEngine } from '../../../docker-engine/docker-engine.ts';
import type { LogChunk } from '../../../docker-engine/log-frames.ts';
import { pause } from '../slots/pause.ts';
import { makeFolder } from '../slots/state-files.ts';
import type { TrimLimits } from '../slots/trim-file.ts';
import { trimFile } from '../slots/trim-file.ts';
import type { KeptLine } from './kept-lines.ts';
import { formatLine, latestOf, linesFile, readLastTimes, streamSkewMs } from './kept-lines.ts';

const retryMs = 500;
const trimEveryBytes = 2 ** 20;

export interface ContainerLogSettings {
  readonly limits: TrimLimits;
  /** The program; null: this machine has none, and nothing is trimmed. */
  readonly fallocate: string | null;
}

/**
 * Copies the output of one container into a file of ours: so it stays when the container is taken away, when its machine
 * cannot be reached, and when it never came up. The engine keeps what was written while nobody copied (within its own
 * rotation); each stream goes on after its last copied line, so nothing is there twice.
 */
export class ContainerLog {
  readonly folder: string;
  readonly #engine: DockerEngine;
  readonly #container: string;
  readonly #settings: ContainerLogSettings;
  readonly #last: Record<KeptLine['stream'], string | null>;
  #turn: Promise<unknown> = Promise.resolve();
  #untrimmedBytes = 0;
  #onNew: (text: string) => void = () => undefined;

  private constructor(
    engine: DockerEngine,
    container: string,
    folder: string,
    settings: ContainerLogSettings,
    last: Record<KeptLine['stream'], string | null>,
  ) {
    this.#engine = engine;
    this.#container = container;
    this.folder = folder;
    this.#settings = settings;
    this.#last = last;
  }

  static async open(
    engine: DockerEngine,
    container: string,
    folder: string,
    settings: ContainerLogSettings,
  ): Promise<ContainerLog> {
    await makeFolder(folder, 0o700);
    return new ContainerLog(engine, container, folder, settings, { ...(await readLastTimes(folder)) });
  }

  /** Follows until the signal comes. An engine that goes away is waited for, a full disk too. */
  async follow(onNew: (text: string) => void, signal: AbortSignal): Promise<void> {
    this.#onNew = onNew;
    do {
      await this.#copy(true, signal).catch(() => undefined);
    } while (await pause(retryMs, signal));
  }

  /**
   * Copies what is there now; of one that has ended also a last line without a break. Errors: `unreachable`, `timeout`,
   * `not-found`, `disk-full`.
   */
  async catchUp(hasEnded: boolean, signal?: AbortSignal): Promise<void> {
    const unfinished = await this.#copy(false, signal);
    if (hasEnded) await this.#keep(unfinished);
  }

  async #copy(follow: boolean, signal?: AbortSignal): Promise<readonly KeptLine[]> {
    const query = { follow, timestamps: true, ...this.#since() };
    const lines = new LineJoiner();
    let batch: KeptLine[] = [];
    for await (const chunk of this.#engine.containers.logs(
      this.#container,
      query,
      signal === undefined ? {} : { signal },
    )) {
      const line = lines.take(chunk);
      if (line !== null) batch.push(line);
      if (batch.length >= 1000 || (follow && line !== null)) {
        await this.#keep(batch);
        batch = [];
      }
    }
    await this.#keep(batch);
    return lines.unfinished();
  }

  /** The two streams of one moment may come in the other order: what is known already is left out line by line. */
  #since(): { readonly since?: number } {
    const latest = latestOf(this.#last);
    return latest === null ? {} : { since: Math.floor((Date.parse(latest) - streamSkewMs) / 1000) };
  }

  async #keep(lines: readonly KeptLine[]): Promise<void> {
    const kept = this.#turn.then(() => this.#write(lines));
    this.#turn = kept.catch(() => undefined);
    await kept;
  }

  async #write(lines: readonly KeptLine[]): Promise<void> {
    const fresh = lines.filter(({ stream, time }) => time > (this.#last[stream] ?? ''));
    if (fresh.length === 0) return;
    const text = fresh.map(formatLine).join('');
    const path = join(this.folder, linesFile);
    await appendFile(path, text, { mode: 0o600 });
    for (const { stream, time } of fresh) this.#last[stream] = time;
    this.#onNew(fresh.map((line) => `${line.text}\n`).join(''));
    this.#untrimmedBytes += text.length;
    if (this.#untrimmedBytes < trimEveryBytes) return;
    this.#untrimmedBytes = 0;
    await trimFile(path, this.#settings.limits, this.#settings.fallocate);
  }
}

/** Each frame is one message with its time in front; a line of more than 16 kB comes in several. */
class LineJoiner {
  readonly #begun: Record<KeptLine['stream'], KeptLine | null> = { out: null, err: null };

  take(chunk: LogChunk): KeptLine | null {
    const stream = chunk.stream === 'stdout' ? 'out' : 'err';
    const text = chunk.bytes.toString('utf8');
    const space = text.indexOf(' ');
    const line = {
      time: text.slice(0, space),
      stream,
      text: (this.#begun[stream]?.text ?? '') + text.slice(space + 1),
    } as const;
    this.#begun[stream] = line.text.endsWith('\n') ? null : line;
    return this.#begun[stream] === null ? { ...line, text: line.text.replace(/\r?\n$/, '') } : null;
  }

  /** What an ended program left without a line break. */
  unfinished(): readonly KeptLine[] {
    return [this.#begun.out, this.#begun.err].filter((line) => line !== null);
  }
}
