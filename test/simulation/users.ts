import { randomOf, type Random } from './random.ts';
import type { Ending } from './simulated-counters.ts';

/** How much longer than usual a request takes, by equally likely parts: log-normal. */
const spread = Float64Array.from({ length: 256 }, (_, index) => Math.exp(0.5 * normalQuantile((index + 0.5) / 256)));
const turns = 4_096;
/** No answer about an interval costs more than so many requests, however long it was. */
const mostRequests = 3_000;
const windowMs = 7_000;
/** The proxy waits no longer for an answer, in milliseconds. */
const longestWaitMs = 60_000;

/** Visitors of one environment: few who come often and many who come seldom, and some that are machines. */
export class Users {
  readonly count: number;
  /** Of all requests, the part that fails whatever serves it; and of these users all do. */
  readonly failureRate: number;
  readonly #failing: Uint8Array;
  readonly #bots: Uint8Array;
  /** Who comes next: a user has as many turns as requests. */
  readonly #turns = new Uint16Array(turns);
  readonly #seed: number;
  readonly #environment: string;
  readonly #perS: number;
  readonly #usualMs: number;
  /** Of all requests, the part that waits for news. */
  readonly #longPolls: number;
  readonly #random: Random;

  constructor(seed: number, environment: string) {
    const random = randomOf(seed, 'users', environment);
    this.#seed = seed;
    this.#environment = environment;
    this.#random = random;
    this.count = random.pick([40, 120, 300, 300]);
    this.failureRate = random.pick([0, 0.002, 0.01, 0.03]);
    this.#perS = random.pick([2, 40, 100, 200, 200]);
    this.#usualMs = random.pick([8, 40, 120]);
    const clustered = random.pick([0, 0, 0.01, 0.05]);
    const botPart = random.pick([0, 0, 0.005, 0.02]);
    const weights = Array.from({ length: this.count }, () => Math.exp(normalQuantile(random.next() * 0.998 + 0.001)));
    this.#bots = Uint8Array.from(weights, () => Number(random.chance(botPart)));
    this.#failing = Uint8Array.from(weights, () => Number(random.chance(clustered)));
    this.#bots.forEach((isBot, user) => (weights[user] = (weights[user] ?? 0) * (isBot === 1 ? 20 : 1)));
    this.#fillTurns(weights);
    this.#longPolls = random.pick([0, 0, 0, 0.05, 0.3]);
  }

  #fillTurns(weights: readonly number[]): void {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    let turn = 0;
    let sum = 0;
    weights.forEach((weight, user) => {
      sum += weight;
      for (const end = Math.round((turns * sum) / total); turn < end; turn++) this.#turns[turn] = user;
    });
  }

  chance(): number {
    return this.#random.next();
  }

  next(): number {
    return this.#turns[Math.floor(this.#random.next() * turns)] ?? 0;
  }

  /** It comes again at once when it failed. */
  retries(user: number): boolean {
    return this.#bots[user] === 1;
  }

  alwaysFails(user: number): boolean {
    return this.#failing[user] === 1;
  }

  /** Is it among the first `part` of users? Which those are has to do with nothing else. */
  isAmong(user: number, part: number): boolean {
    return part >= 1 || (user * 0.618_034) % 1 < part;
  }

  /** How a request ends that is never answered: some give up before the proxy does. */
  patience(at: number): Ending {
    const isPatient = this.#random.chance(0.5);
    return isPatient
      ? { atMs: at + longestWaitMs, as: 'failed' }
      : { atMs: at + this.#random.between(1_000, 20_000), as: 'clientGone' };
  }

  /** Null: it is an ordinary request. */
  longPoll(at: number): Ending | null {
    if (this.#longPolls === 0 || !this.#random.chance(this.#longPolls)) return null;
    return { atMs: at + this.#random.between(1_000, 8_000), as: 'ok' };
  }

  durationMs(): number {
    return this.#usualMs * (spread[Math.floor(this.#random.next() * spread.length)] ?? 1);
  }

  /** A threshold that few requests pass. */
  get slowMs(): number {
    return Math.round(this.#usualMs * 3);
  }

  get perS(): number {
    return this.#perS;
  }

  /** How many requests come between two moments: there are bursts and droughts. */
  arrivals(fromMs: number, toMs: number): number {
    let expected = 0;
    for (let from = fromMs; from < toMs && expected < mostRequests;) {
      const window = Math.floor(from / windowMs);
      const to = Math.min(toMs, (window + 1) * windowMs);
      const rush = randomOf(this.#seed, this.#environment, 'rush', window).pick([0, 0.1, 1, 1, 1, 1, 1, 4]);
      expected += ((to - from) / 1_000) * this.#perS * rush;
      from = to;
    }
    return Math.min(mostRequests, poisson(this.#random, expected));
  }

  /** The bucket of each user under a salt. */
  buckets(salt: string): Uint16Array {
    const start = randomOf(this.#seed, this.#environment, 'salt', salt);
    const mixed = Math.floor(start.next() * 4_294_967_296);
    return Uint16Array.from({ length: this.count }, (_, user) => {
      let hash = Math.imul(mixed ^ user, 0x9e3779b1);
      hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
      return ((hash ^ (hash >>> 13)) >>> 0) % 1_000;
    });
  }
}

function poisson(random: Random, mean: number): number {
  if (mean <= 0) return 0;
  if (mean > 30) {
    const deviate = normalQuantile(Math.min(0.999_999, Math.max(0.000_001, random.next())));
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * deviate));
  }
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random.next(); product > limit; product *= random.next()) count++;
  return count;
}

/** Within 0.0005 of the true one (M. Abramowitz, I. A. Stegun, Handbook of Mathematical Functions, 26.2.23). */
function normalQuantile(probability: number): number {
  if (probability > 0.5) return -normalQuantile(1 - probability);
  const t = Math.sqrt(-2 * Math.log(probability));
  const above = 2.515517 + 0.802853 * t + 0.010328 * t * t;
  const below = 1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t * t * t;
  return above / below - t;
}
