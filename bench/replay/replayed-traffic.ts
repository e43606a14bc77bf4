import type { RoutedEnvironment, Share } from '../../src/core/routing-document.ts';
import type { TrafficRouter } from '../../src/ports/traffic/traffic.ts';
import { CounterBook } from '../../src/proxy/counting/counter-book.ts';
import type { CountTable } from '../../src/proxy/counting/count-table.ts';
import { TrafficCounters, type Epoch } from '../../src/proxy/counting/traffic-counters.ts';
import { defaultLimits } from '../../src/proxy/limits.ts';
import { bucketOf, chooseShare, saltHash } from '../../src/proxy/routing/choose-share.ts';
import type { VirtualTime } from '../../test/simulation/virtual-time.ts';
import type { Chance } from '../canary/chance.ts';
import type { Crowd, Visitor } from './crowd.ts';
import type { RecordedRelease } from './recorded-release.ts';
import type { Outcome } from './recording.ts';

/** A release that people meet, and where in its recording they are when time begins. */
export interface Met {
  readonly release: RecordedRelease;
  readonly fromMs: number;
}

interface Open {
  readonly atMs: number;
  readonly endMs: number;
  readonly outcome: Outcome;
  /** It would have failed with any release. */
  readonly isTheirs: boolean;
  readonly bucket: number;
  readonly table: CountTable;
  /** Its instance was warming up: it is late only after this time, in milliseconds; 0: it was not. */
  readonly excusedMs: number;
  passed: number;
}

/** What a release has met so far. */
export interface Tally {
  readonly requests: number;
  /** Requests that failed, or were given up, because of the release. */
  readonly failures: number;
}

/** How long a document takes until it is in force, in milliseconds. */
const publishMs = 20;
const service = 'dashboard';

/**
 * The proxy, but for sockets: its own buckets, shares and counters. Requests are drawn when somebody asks for counters,
 * or something changes, and not one by one in time.
 */
export class ReplayedTraffic implements TrafficRouter {
  readonly #time: VirtualTime;
  readonly #startMs: number;
  readonly #crowd: Crowd;
  readonly #chance: Chance;
  readonly #met: (revision: string) => Met;
  readonly #book = new CounterBook('start');
  readonly #counters: TrafficCounters;
  readonly #worker = {};
  readonly #buckets = new Map<string, number>();
  #routing: RoutedEnvironment | null = null;
  #epoch: Epoch | null = null;
  #open: Open[] = [];
  /** By revision: requests that its instances still need to be warm. Who serves from the start is. */
  readonly #cold = new Map<string, number>();
  readonly #tallies = new Map<string, { requests: number; failures: number }>();

  constructor(time: VirtualTime, crowd: Crowd, chance: Chance, met: (revision: string) => Met) {
    this.#time = time;
    this.#startMs = time.now;
    this.#crowd = crowd;
    this.#chance = chance;
    this.#met = met;
    const { epochLingerMs } = defaultLimits;
    this.#counters = new TrafficCounters(epochLingerMs, (report) => this.#book.record(this.#worker, report));
  }

  /** Of the requests that have ended by now. */
  tally(revision: string): Tally {
    this.catchUp();
    return { ...this.#tallyOf(revision) };
  }

  async publish([routing]: readonly RoutedEnvironment[]): Promise<void> {
    await this.#time.sleep(publishMs);
    if (routing === undefined) return;
    this.catchUp();
    this.#meet(routing);
    const { now } = this.#time;
    const { app, environment, epoch, salt, shares } = routing;
    if (this.#routing?.salt !== salt) this.#buckets.clear();
    this.#routing = routing;
    const scope = `${app}/${environment}`;
    this.#epoch = this.#counters.epoch(scope, epoch, salt, now);
    this.#book.enter(this.#worker, [{ scope, epoch, salt, part: this.#epoch.part, shares }], now);
  }

  async withdraw(): Promise<void> {}

  async status(): ReturnType<TrafficRouter['status']> {
    const status = { pid: 1, proxyStart: 'start', build: '', controlProtocol: 1, fence: 1, version: 1 } as const;
    const more = { confirmed: true, workers: [], drainingWorkers: 0, heldRequests: 0, addresses: [] };
    return { ...status, ...more, overrides: [], problems: [], journalHeads: {} };
  }

  async environments(): ReturnType<TrafficRouter['environments']> {
    return this.#routing === null ? [] : [this.#routing];
  }

  async counters(): ReturnType<TrafficRouter['counters']> {
    this.catchUp();
    this.#counters.checkLinger(this.#time.now);
    for (const report of this.#counters.report()) this.#book.record(this.#worker, report);
    return this.#book.all();
  }

  async acknowledge(epochs: Parameters<TrafficRouter['acknowledge']>[0]): Promise<void> {
    this.#book.acknowledge(epochs.map(({ scope, epoch, proxyStart }) => ({ ...scope, epoch, proxyStart })));
  }

  async prove({ revision, times }: Parameters<TrafficRouter['prove']>[0]): ReturnType<TrafficRouter['prove']> {
    const answering = chooseShare(this.#shares, 0)?.revision;
    return { revision, inARow: answering === revision ? times : 0, problem: null };
  }

  async keepJournalHeads(): Promise<void> {}

  get #shares(): readonly Share[] {
    return this.#routing?.mode.kind === 'serving' ? this.#routing.shares : [];
  }

  /** Everything that has come and ended since the last time, under what was in force meanwhile. */
  catchUp(): void {
    const { now } = this.#time;
    const shares = this.#shares;
    this.#crowd.arrivals(now, (visitor, path, atMs) => {
      if (shares.length > 0) this.#arrive(shares, visitor, path, atMs);
    });
    this.#open = this.#open.filter((request) => !this.#passes(request, now));
  }

  #meet({ revisions }: RoutedEnvironment): void {
    for (const { revision, services } of revisions) {
      const instances = services.find((each) => each.service === service)?.instances.length ?? 0;
      const needed = this.#routing === null ? 0 : instances * defaultLimits.warmUpRequests;
      if (!this.#cold.has(revision) && instances > 0) this.#cold.set(revision, needed);
    }
  }

  #excusedMs(revision: string): number {
    const cold = this.#cold.get(revision) ?? 0;
    this.#cold.set(revision, cold - 1);
    return cold > 0 ? defaultLimits.warmUpMs : 0;
  }

  #arrive(shares: readonly Share[], visitor: Visitor, path: string, atMs: number): void {
    const bucket = this.#bucketOf(visitor.name);
    const revision = chooseShare(shares, bucket)?.revision;
    const table = revision === undefined ? null : this.#tableOf(revision);
    if (revision === undefined || table === null) return;
    const { release, fromMs } = this.#met(revision);
    const { tookMs, outcome } = release.fate(path, fromMs + atMs - this.#startMs, this.#chance);
    const isTheirs = visitor.isFailing && outcome === 'ok';
    const end = { endMs: atMs + tookMs, outcome: isTheirs ? ('server error' as const) : outcome };
    table.start(bucket);
    this.#open.push({ atMs, ...end, isTheirs, bucket, table, excusedMs: this.#excusedMs(revision), passed: 0 });
    this.#tallyOf(revision).requests++;
  }

  /** Is it over by now? */
  #passes(request: Open, now: number): boolean {
    const { atMs, endMs, bucket, table, outcome, excusedMs } = request;
    const tookMs = Math.min(now, endMs) - atMs;
    while (tookMs >= Math.max(excusedMs, table.lateAfterMs[request.passed] ?? Infinity))
      table.late(bucket, request.passed++);
    if (endMs > now) return false;
    if (outcome !== 'no answer' && excusedMs === 0) table.took(endMs - atMs);
    if (outcome !== 'no answer' && excusedMs > 0 && request.passed === 0) table.untimed(bucket);
    table.finish(bucket, ends[outcome]);
    if (outcome !== 'ok' && !request.isTheirs) this.#tallyOf(table.revision).failures++;
    return true;
  }

  #bucketOf(name: string): number {
    const known = this.#buckets.get(name);
    if (known !== undefined) return known;
    const bucket = bucketOf(saltHash(this.#routing?.salt ?? ''), name);
    this.#buckets.set(name, bucket);
    return bucket;
  }

  #tableOf(revision: string): CountTable | null {
    const routed = this.#routing?.revisions.find((each) => each.revision === revision);
    const found = routed?.services.find((each) => each.service === service);
    if (found === undefined || this.#epoch === null) return null;
    return this.#epoch.table(service, revision, found.lateAfterMs);
  }

  #tallyOf(revision: string) {
    const tally = this.#tallies.get(revision) ?? { requests: 0, failures: 0 };
    this.#tallies.set(revision, tally);
    return tally;
  }
}

/** Who gets no answer goes away at last. */
const ends = {
  ok: 'ok',
  'server error': 'serverError',
  'no instance': 'failed',
  'no answer': 'clientGone',
} as const satisfies Record<Outcome, string>;
