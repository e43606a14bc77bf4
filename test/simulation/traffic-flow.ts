import type {
  EpochCounters,
  RoutedEnvironment,
  RoutedRevision,
  RoutedService,
} from '../../src/core/routing-document.ts';
import { defaultLimits } from '../../src/proxy/limits.ts';
import { mannersOf, type Manners } from './behaviour.ts';
import { CountedEpoch, type CountedService } from './simulated-counters.ts';
import { Users } from './users.ts';
import type { World } from './world.ts';

/** How long an epoch that is over waits for what hangs, in milliseconds. */
const lingerMs = 5_000;
/** While one revision gets everything, at most so many of its requests are counted: they only must be kept apart. */
const mostAlone = 60;
const mostRetries = 4;
/** Closed epochs that are kept when nobody acknowledges them: fewer than the proxy keeps, so that it matters at times. */
const keptEpochs = 12;

/** One service of one revision, as users meet it. */
interface Side {
  readonly routed: RoutedService;
  readonly revision: string;
  readonly manners: Manners;
  readonly counted: CountedService;
  readonly warmth: Warmth;
  isUp: boolean;
}

/** How many requests the instances of one service of one revision still need until this proxy counts how long they take. */
interface Warmth {
  coldRequests: number;
}

/** Requests of users through the proxy of one environment. They are drawn when somebody asks, or something changes. */
export class TrafficFlow {
  readonly users: Users;
  readonly #world: World;
  #epochs: CountedEpoch[] = [];
  /** Of the salt in force: what was never acknowledged and is not told any more. A judge may have seen it. */
  #forgotten: CountedEpoch[] = [];
  #proxyStarts = 1;
  #until: number;
  #routing: RoutedEnvironment | null = null;
  #buckets: Uint16Array = new Uint16Array(0);
  /** By revision and service. */
  #warmths = new Map<string, Warmth>();
  /** By revision, the newest share last. */
  #sides: readonly (readonly Side[])[] = [];

  constructor(world: World) {
    this.#world = world;
    this.users = new Users(world.seed, world.scope.environment);
    this.#until = world.time.now;
  }

  /** Do two revisions have users now? */
  get isShared(): boolean {
    return this.#sides.length > 1;
  }

  /** What is in force from now on. */
  follow(routing: RoutedEnvironment): void {
    this.catchUp();
    const before = this.#routing;
    this.#routing = routing;
    if (before?.salt !== routing.salt) this.#buckets = this.users.buckets(routing.salt);
    if (before?.salt !== routing.salt || before.epoch !== routing.epoch) this.#open(routing);
    this.#meet(routing);
  }

  /** The proxy starts again; what it had counted is kept. */
  restart(): void {
    this.catchUp();
    this.#proxyStarts++;
    this.#warmths.clear();
    if (this.#routing === null) return;
    this.#open(this.#routing);
    this.#meet(this.#routing);
  }

  get proxyStart(): string {
    return `start-${this.#proxyStarts}`;
  }

  #open(routing: RoutedEnvironment): void {
    const { now } = this.#world.time;
    const last = this.#epochs.at(-1);
    if (last !== undefined) last.endedAtMs = now;
    this.#epochs.push(new CountedEpoch(routing, this.proxyStart, now));
    const [oldest, ...closed] = this.#epochs.filter(({ closedAtMs }) => closedAtMs !== null);
    if (oldest !== undefined && closed.length >= keptEpochs) this.#forget(oldest);
    this.#forgotten = this.#forgotten.filter(({ salt }) => salt === routing.salt);
  }

  #forget(epoch: CountedEpoch): void {
    this.#epochs = this.#epochs.filter((each) => each !== epoch);
    this.#forgotten.push(epoch);
  }

  #meet(routing: RoutedEnvironment): void {
    const epoch = this.#epochs.at(-1);
    const shares = routing.mode.kind === 'serving' ? routing.shares.filter((share) => share.permille > 0) : [];
    this.#sides = shares.flatMap(({ revision }) => {
      const routed = routing.revisions.find((each) => each.revision === revision);
      if (routed === undefined || epoch === undefined || routed.services.length === 0) return [];
      return [this.#sidesOf(routed, epoch)];
    });
  }

  #sidesOf({ revision, services }: RoutedRevision, epoch: CountedEpoch): readonly Side[] {
    const manners = mannersOf(this.#world.seed, this.#world.qualityOf(revision), revision);
    return services.map((routed) => {
      const counted = epoch.service(routed.service, revision, routed.lateAfterMs);
      const warmth = this.#warmthOf(`${revision} ${routed.service}`, routed.instances.length);
      return { routed, revision, manners, counted, warmth, isUp: this.#world.traffic.hasUp(routed) };
    });
  }

  #warmthOf(name: string, instances: number): Warmth {
    const known = this.#warmths.get(name) ?? { coldRequests: instances * defaultLimits.warmUpRequests };
    this.#warmths.set(name, known);
    return known;
  }

  /** Draws what has come since it was asked before, under what was in force meanwhile. */
  catchUp(): void {
    const { now } = this.#world.time;
    const from = this.#until;
    this.#until = now;
    for (const epoch of this.#epochs) epoch.tick(now, lingerMs);
    if (this.#sides.length === 0 || now <= from) return;
    const isAlone = this.#sides.length === 1;
    const start = isAlone ? Math.max(from, now - 2_000) : from;
    const arrivals = this.users.arrivals(start, now);
    const count = isAlone ? Math.min(mostAlone, arrivals) : arrivals;
    this.#world.shore.count('requests', count);
    for (let index = 0; index < count; index++) this.#arrive(start + ((now - start) * index) / count);
    for (const sides of this.#sides) for (const side of sides) side.isUp = this.#world.traffic.hasUp(side.routed);
  }

  #arrive(at: number): void {
    const { users } = this;
    const user = users.next();
    const [first, second] = this.#sides;
    if (first === undefined) return;
    const number = Math.floor(users.chance() * first.length);
    const asked = first[number]?.routed;
    const isSticky = asked?.stickiness.kind !== 'none';
    const bucket = this.#buckets[user] ?? 0;
    const place = isSticky ? bucket : users.chance() * 1_000;
    const isNew = second !== undefined && place < (this.#routing?.shares.at(-1)?.permille ?? 0);
    // What only one of the two has is asked of that one alone.
    const side = isNew ? second.find(({ routed }) => routed.service === asked?.service) : first[number];
    if (side === undefined) return;
    let tries = users.retries(user) ? mostRetries : 1;
    while (tries-- > 0 && !this.#serve(side, user, isSticky ? bucket : -1, at));
  }

  /** One request; false when it failed. */
  #serve({ manners, counted, warmth, isUp }: Side, user: number, bucket: number, at: number): boolean {
    const { users } = this;
    const row = counted.row(bucket);
    row.started++;
    if (!isUp) {
      row.failed++;
      return false;
    }
    const excusedMs = warmth.coldRequests-- > 0 ? defaultLimits.warmUpMs : 0;
    const meets = users.isAmong(user, manners.meets);
    const chance = users.chance();
    const waiting = meets && chance < manners.hanging ? users.patience(at) : users.longPoll(at);
    if (waiting !== null) {
      this.#epochs.at(-1)?.waits(at, row, counted, waiting, excusedMs);
      return true;
    }
    counted.took(row, users.durationMs() * (meets ? manners.slower : 1), excusedMs);
    if (users.alwaysFails(user) || chance < users.failureRate + (meets ? manners.failing : 0)) {
      row.serverError++;
      return false;
    }
    if (chance > 0.998) row.clientGone++;
    else if (chance > 0.98) row.clientError++;
    else row.ok++;
    return true;
  }

  /** Epochs of this salt, as they really were. */
  ofSalt(salt: string): readonly CountedEpoch[] {
    return [...this.#forgotten, ...this.#epochs].filter((epoch) => epoch.salt === salt);
  }

  read(): readonly EpochCounters[] {
    this.catchUp();
    return this.#epochs.map((epoch) => epoch.report(this.#world.scope));
  }

  acknowledge(epoch: number, proxyStart: string): CountedEpoch | null {
    const known = this.#epochs.find((each) => each.epoch === epoch && each.proxyStart === proxyStart) ?? null;
    if (known === null || known.closedAtMs === null) return null;
    this.#epochs = this.#epochs.filter((each) => each !== known);
    return known;
  }
}
