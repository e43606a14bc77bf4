import type { EpochCounters } from '../core/routing-document.ts';
import type { UnixMs } from '../core/ids.ts';
import type { JudgeRules } from '../rollout/judge/judge-rules.ts';

interface Sample {
  readonly at: UnixMs;
  readonly requests: number;
}

const minuteMs = 60_000;

/** How many requests users send to the judged services of the new release, by what the proxy counts. */
export class RequestRate {
  readonly #rules: JudgeRules;
  /** By epoch; what closed epochs had counted stays in the sum when the proxy forgets them. */
  #counted: ReadonlyMap<string, number> = new Map();
  #requests = 0;
  #samples: readonly Sample[] = [];

  constructor(rules: JudgeRules) {
    this.#rules = rules;
  }

  record(at: UnixMs, epochs: readonly EpochCounters[]): void {
    const counted = new Map(epochs.map((epoch) => [`${epoch.proxyStart} ${epoch.epoch}`, this.#startedIn(epoch)]));
    for (const [epoch, started] of counted) this.#requests += started - (this.#counted.get(epoch) ?? 0);
    this.#counted = counted;
    const isBack = at < (this.#samples.at(-1)?.at ?? at);
    const all = [...(isBack ? [] : this.#samples), { at, requests: this.#requests }];
    // The newest of those that are a minute old is where the last minute begins.
    const begin = all.findLastIndex((sample) => sample.at <= at - minuteMs);
    this.#samples = all.slice(Math.max(0, begin));
  }

  /** Over the last minute; null while it is not known for so long. */
  get perSecond(): number | null {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (first === undefined || last === undefined || last.at - first.at < minuteMs) return null;
    return ((last.requests - first.requests) / (last.at - first.at)) * 1_000;
  }

  #startedIn({ counts }: EpochCounters): number {
    const { newRevision, services } = this.#rules;
    const sticky = new Map(services.map(({ service, isSticky }) => [service, isSticky]));
    return counts
      .filter(({ service, revision }) => revision === newRevision && sticky.has(service))
      .filter(({ service, bucket }) => bucket >= 0 || sticky.get(service) === false)
      .reduce((sum, { started }) => sum + started, 0);
  }
}
