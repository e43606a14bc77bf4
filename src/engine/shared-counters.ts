import { LotseError } from '../core/errors.ts';
import type { EpochCounters } from '../core/routing-document.ts';
import { chainOf, type ChainName, type Scope } from '../core/ids.ts';
import type { EngineParts } from './parts.ts';

interface CountersParts {
  readonly traffic: Pick<EngineParts['traffic'], 'counters' | 'acknowledge'>;
  readonly clock: EngineParts['clock'];
}
type ByChain = ReadonlyMap<ChainName, readonly EpochCounters[]>;

/** How long a look waits for the proxy, in milliseconds: decisions wait with it. */
const patienceMs = 2_000;
/** An answer that was long in coming serves ten times as long, but no longer than this, in milliseconds. */
const longestUseMs = 1_000;
/** A question that is open for so long is asked again, in milliseconds. */
const abandonedMs = 10_000;

/**
 * What the proxy has counted. It always tells of all environments, so one answer serves all who ask at about the same
 * time: many rollouts under way cost hardly more than one.
 */
export class SharedCounters {
  readonly #parts: CountersParts;
  /** Since the start of this process: a question does not grow old when somebody sets the clock. */
  #askedAtMs = 0;
  #answer: Promise<ByChain> | null = null;
  #isAnswered = false;
  #tookMs = 0;
  readonly #heard: (counters: readonly EpochCounters[]) => void;

  /** `heard` is told each answer. */
  constructor(parts: CountersParts, heard: (counters: readonly EpochCounters[]) => void = () => undefined) {
    this.#parts = parts;
    this.#heard = heard;
  }

  /** Counters of one environment, asked for about `oldestMs` ago at most. Errors: those of the router, and `timeout`. */
  async of(scope: Scope, oldestMs: number): Promise<readonly EpochCounters[]> {
    return (await this.all(oldestMs)).get(chainOf(scope)) ?? [];
  }

  /** The same of all environments. */
  async all(oldestMs: number): Promise<ByChain> {
    const ageMs = this.#parts.clock.uptime() - this.#askedAtMs;
    const useMs = Math.max(oldestMs, Math.min(longestUseMs, this.#tookMs * 10));
    const known = ageMs <= (this.#isAnswered ? useMs : abandonedMs) ? this.#answer : null;
    // Nobody waits for a question beyond the time when another one is asked: their answers may come in any order.
    const withinMs = known === null ? patienceMs : Math.min(patienceMs, abandonedMs - ageMs);
    return await this.#inTime(known ?? this.#ask(), withinMs);
  }

  /** The proxy may forget these; open ones stay. */
  async acknowledge(scope: Scope, epochs: readonly EpochCounters[]): Promise<void> {
    await this.#parts.traffic.acknowledge(epochs.map(({ epoch, proxyStart }) => ({ scope, epoch, proxyStart })));
  }

  /** One question at a time, so that no answer is older than one that was used before; one that was given up counts no more. */
  #ask(): Promise<ByChain> {
    this.#askedAtMs = this.#parts.clock.uptime();
    this.#isAnswered = false;
    const answer = this.#parts.traffic.counters().then((counters) => {
      this.#heard(counters);
      return byChain(counters);
    });
    this.#answer = answer;
    const isLatest = () => this.#answer === answer;
    answer.then(
      () => {
        if (!isLatest()) return;
        this.#isAnswered = true;
        this.#tookMs = this.#parts.clock.uptime() - this.#askedAtMs;
      },
      () => {
        if (isLatest()) this.#answer = null;
      },
    );
    return answer;
  }

  async #inTime<Value>(answer: Promise<Value>, withinMs: number): Promise<Value> {
    const answered = new AbortController();
    const late = this.#parts.clock.sleep(withinMs, answered.signal).then(() => {
      throw new LotseError('timeout', `the proxy's counters took longer than ${withinMs / 1_000} s`, {
        retriable: true,
      });
    });
    late.catch(() => undefined);
    try {
      return await Promise.race([answer, late]);
    } finally {
      answered.abort();
    }
  }
}

function byChain(counters: readonly EpochCounters[]): ByChain {
  return Map.groupBy(counters, chainOf);
}
