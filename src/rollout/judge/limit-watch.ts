import type { ServiceName } from '../../core/ids.ts';
import { percent } from './figures.ts';
import type { JudgedService, JudgeRules, Limit } from './judge-rules.ts';
import { countArms } from './metric-test.ts';
import type { ServiceInterval } from './metric-test.ts';
import { RateLimit } from './rate-limit.ts';
import type { RateLimitState } from './rate-limit.ts';

export interface LimitState {
  readonly limit: RateLimitState;
  readonly requests: number;
  readonly events: number;
}

interface Wanted {
  readonly service: ServiceName;
  /** Of `late`; null: failures. */
  readonly threshold: { readonly ms: number; readonly index: number } | null;
  readonly most: number;
}

interface Watched extends Wanted {
  readonly limit: RateLimit;
  requests: number;
  events: number;
}

/** Limits on failures and durations, for each judged service; only requests of the new release count. */
export class LimitWatch {
  readonly #watched: readonly Watched[];

  constructor(rules: JudgeRules, states: readonly LimitState[] | null) {
    const all = rules.limits.flatMap((limit) => rules.services.flatMap((service) => whatToWatch(limit, service)));
    this.#watched = all.map((each, index) => ({
      ...each,
      limit: new RateLimit(each.most, states?.[index]?.limit ?? null),
      requests: states?.[index]?.requests ?? 0,
      events: states?.[index]?.events ?? 0,
    }));
  }

  get state(): readonly LimitState[] {
    return this.#watched.map(({ limit, requests, events }) => ({ limit: limit.state, requests, events }));
  }

  take(service: ServiceName, interval: ServiceInterval): void {
    for (const watched of this.#watched) {
      if (watched.service !== service || watched.limit.isBroken) continue;
      const { threshold } = watched;
      const { new: fresh } = countArms(
        interval,
        (row) => (threshold === null ? row.failures : (row.late[threshold.index] ?? 0)),
        (row) => (threshold === null ? row.requests : row.timed),
      );
      watched.requests += fresh.requests;
      watched.events += fresh.events;
      watched.limit.look(fresh.requests, fresh.events);
    }
  }

  /** One sentence for each that is broken, with the figures of then. */
  get broken(): readonly string[] {
    return this.#watched.filter(({ limit }) => limit.isBroken).map(sentenceOf);
  }
}

/** A limit on durations needs its time among the thresholds that the proxy counts by. */
function whatToWatch(limit: Limit, { service, lateAfterMs }: JudgedService): readonly Wanted[] {
  if (limit.kind === 'failures') return [{ service, threshold: null, most: limit.mostRate }];
  if (limit.kind === 'signal') return [];
  const index = lateAfterMs.indexOf(limit.mostMs);
  return index === -1 ? [] : [{ service, threshold: { ms: limit.mostMs, index }, most: 1 - limit.part }];
}

function sentenceOf({ service, threshold, most, requests, events }: Watched): string {
  const rate = percent(events / requests);
  const allowed = most <= 0 ? 'none may' : `at most ${percent(most)} may`;
  return threshold === null
    ? `${service} of the new release fails ${rate} of requests; ${allowed}.`
    : `${service} of the new release takes longer than ${threshold.ms} ms for ${rate} of requests; ${allowed}.`;
}
