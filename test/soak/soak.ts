import type { ProxyControl } from '../../src/proxy/control-client.ts';
import { OpenLoopLoad } from '../../src/proxy/fixtures/open-loop-load.ts';
import type { LoadResult } from '../../src/proxy/fixtures/open-loop-load.ts';
import { freePorts, ProxyFolder, untilGone } from '../../src/proxy/fixtures/running-proxy.ts';
import { Deploys } from './deploys.ts';
import { median, openDescriptors, residentBytes } from './proxy-usage.ts';

export interface SoakOptions {
  readonly minutes: number;
  readonly requestsPerSecond: number;
  readonly say?: (line: string) => void;
}

export interface SoakReport {
  readonly requests: number;
  readonly deploys: number;
  readonly kills: number;
  readonly replacements: number;
  /** Requests that a killed worker took with it. */
  readonly lostToKills: number;
  /** Everything else that failed, by kind. */
  readonly unexpected: Readonly<Record<string, number>>;
  /** Medians of the memory of parent and workers together: from the first to the third sixth of the time, and of the last third. */
  readonly earlyBytes: number;
  readonly lateBytes: number;
  /** Of the parent and its workers, each time that nothing was going on. */
  readonly descriptors: readonly (readonly number[])[];
}

const workers = 2;
const sampleMs = 500;
/** What was idle is closed by then: connections to instances after four seconds. */
const settleMs = 6_000;

/** A proxy with two workers under load, while releases come and go and workers are replaced and killed. */
export class Soak {
  readonly #options: SoakOptions;
  readonly #folder = new ProxyFolder();
  readonly #startMs = performance.now();
  readonly #samples: { readonly at: number; readonly bytes: number }[] = [];
  readonly #descriptors: (readonly number[])[] = [];
  readonly #unexpected: Record<string, number> = {};
  #requests = 0;
  #lostToKills = 0;
  #kills = 0;
  #replacements = 0;

  constructor(options: SoakOptions) {
    this.#options = options;
  }

  /** Part of the whole time that has passed. */
  get #passed(): number {
    return (performance.now() - this.#startMs) / (this.#options.minutes * 60_000);
  }

  /** A short run has fewer silences: they take their time. */
  get #parts(): number {
    return this.#options.minutes < 5 ? 3 : 6;
  }

  async run(): Promise<SoakReport> {
    const [port = 0] = await freePorts(1);
    const control = await this.#folder.start(workers);
    const deploys = new Deploys(control, port);
    await deploys.deploy();
    const sampler = setInterval(() => void this.#sample(control), sampleMs);
    try {
      // In the first part all workers are replaced, time and again; then the oldest of them stays to the end.
      for (let part = 1; part <= this.#parts; part++)
        await this.#stretch(control, deploys, port, part / this.#parts, part === 1);
    } finally {
      clearInterval(sampler);
      await deploys.end();
      await this.#folder.end(control);
    }
    return this.#report(deploys);
  }

  /** Load with deploys, then a kill, then silence in which descriptors are counted. */
  async #stretch(
    control: ProxyControl,
    deploys: Deploys,
    port: number,
    until: number,
    replaces: boolean,
  ): Promise<void> {
    const { requestsPerSecond, minutes, say } = this.#options;
    const quietPart = (settleMs + 7_000) / (minutes * 60_000);
    const load = new OpenLoopLoad({ port, requestsPerSecond });
    while (this.#passed < until - quietPart) {
      await deploys.deploy();
      if (replaces) {
        await control.replaceWorkers(10_000);
        this.#replacements++;
      }
      await pause(Math.min(10_000, minutes * 800));
    }
    this.#count(await load.stop(), false);
    await this.#killUnderLoad(control, port);
    await pause(settleMs);
    this.#descriptors.push(await openDescriptors(control));
    say?.(
      `${(this.#passed * minutes).toFixed(1)} min: ${this.#requests} requests, ${deploys.count} deploys, ` +
        `${((this.#samples.at(-1)?.bytes ?? 0) / 2 ** 20).toFixed(1)} MB, descriptors ${this.#descriptors.at(-1)?.join(' ')}, ` +
        `failed ${JSON.stringify(this.#unexpected)}, lost to kills ${this.#lostToKills}`,
    );
  }

  /** The youngest worker is killed. What it held is lost with it, and nothing else may be. */
  async #killUnderLoad(control: ProxyControl, port: number): Promise<void> {
    const load = new OpenLoopLoad({ port, requestsPerSecond: this.#options.requestsPerSecond });
    await pause(1_000);
    const youngest = (await control.status()).workers.toSorted((a, b) => a.generation - b.generation).at(-1)?.pid ?? 0;
    process.kill(youngest, 'SIGKILL');
    this.#kills++;
    await untilGone(youngest);
    for (let status = await control.status(); !status.confirmed; status = await control.status()) await pause(20);
    await pause(1_000);
    this.#count(await load.stop(), true);
  }

  #count({ sent, failures }: LoadResult, hasKill: boolean): void {
    this.#requests += sent;
    for (const [kind, count] of Object.entries(failures)) {
      if (hasKill && /^(?:ECONNRESET|EPIPE|EOF) /.test(kind)) this.#lostToKills += count;
      else this.#unexpected[kind] = (this.#unexpected[kind] ?? 0) + count;
    }
  }

  async #sample(control: ProxyControl): Promise<void> {
    const at = this.#passed;
    const bytes = await residentBytes(control, workers).catch(() => null);
    if (bytes !== null) this.#samples.push({ at, bytes });
  }

  #report(deploys: Deploys): SoakReport {
    const between = (from: number, to: number) =>
      median(this.#samples.filter(({ at }) => at >= from && at < to).map(({ bytes }) => bytes));
    return {
      requests: this.#requests,
      deploys: deploys.count,
      kills: this.#kills,
      replacements: this.#replacements,
      lostToKills: this.#lostToKills,
      unexpected: this.#unexpected,
      earlyBytes: between(1 / 6, 1 / 2),
      lateBytes: between(2 / 3, 1),
      descriptors: this.#descriptors,
    };
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
