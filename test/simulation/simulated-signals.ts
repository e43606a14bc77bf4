import type { SignalQuery, SignalQuestion } from '../../src/ports/signals/signals.ts';
import type { SignalRule } from '../../src/rollout/judge/judge-rules.ts';
import type { Plan } from '../../src/rollout/plan.ts';
import type { World } from './world.ts';

/** What the simulated shop sells; less than the limit is less than any good release sells. */
export const sales = { rule: { signal: 'sales', better: 'higher' }, limit: 80 } as const satisfies {
  rule: SignalRule;
  limit: number;
};
const usual = { good: 100, bad: 60 } as const;
/** Each answer is off by this part at most: no good release is ever called worse than another one by that. */
const noise = 0.02;

interface Answers {
  heard: number;
  failed: number;
}

/** A number that somebody else measures, of each release. It follows from seed, release and moment. */
export class SimulatedSignals {
  readonly #world: World;
  /** By release, since somebody began to ask. */
  #answers = new Map<string, Answers>();

  constructor(world: World) {
    this.#world = world;
  }

  queries({ judge }: Plan): readonly SignalQuery[] {
    const { environment } = this.#world.scope;
    const query = `sales{environment="${environment}",release="$release"}`;
    const source = { kind: 'prometheus', url: 'http://127.0.0.1:9090', query } as const;
    return judge === null || judge.signals.length === 0 ? [] : [{ ...sales.rule, source }];
  }

  value(release: string): number {
    const { revisions, time } = this.#world;
    const revision = [...revisions.values()].find((each) => each.release === release);
    const isBad = revision !== undefined && this.#world.qualityOf(revision.id) === 'sells-less';
    const random = this.#world.chanceOf('sales', release, time.now);
    return (isBad ? usual.bad : usual.good) * (1 + noise * (2 * random.next() - 1));
  }

  /** Whoever asked has its answer, or has none. */
  answered(release: string, how: keyof Answers): void {
    this.#of(release)[how]++;
    this.#world.count(`readings of signals: ${how}`);
  }

  /** Somebody else asks from now on, or about another rollout. */
  forget(): void {
    this.#answers = new Map();
  }

  /** How often at least both releases of a rollout were heard of at once. */
  pairsHeard({ to, before }: Plan): number {
    if (before.kind !== 'revision') return 0;
    const [one, other] = [this.#of(to.release), this.#of(before.release)];
    return Math.min(one.heard, other.heard) - one.failed - other.failed;
  }

  #of(release: string): Answers {
    const answers = this.#answers.get(release) ?? { heard: 0, failed: 0 };
    this.#answers.set(release, answers);
    return answers;
  }
}

/** The release and the environment that a question is about. */
export function whatIsAsked(question: SignalQuestion): { readonly environment: string; readonly release: string } {
  const text = question.kind === 'prometheus' ? question.query : '';
  const [, environment = '', release = ''] = /environment="([^"]*)",release="([^"]*)"/.exec(text) ?? [];
  return { environment, release };
}
