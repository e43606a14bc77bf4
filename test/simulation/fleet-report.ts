/** What became of many voyages. */
export interface FleetReport {
  readonly voyages: number;
  readonly rollouts: number;
  readonly counts: ReadonlyMap<string, number>;
  readonly failure: Failure | null;
}

export interface Failure {
  readonly seed: number;
  readonly violations: readonly string[];
}

/** The command that sails one voyage again. */
export function replayOf(seed: number): string {
  return `npm run simulate -- --voyage ${seed}`;
}

export const noVoyages: FleetReport = { voyages: 0, rollouts: 0, counts: new Map(), failure: null };

/** Of two parts, the first one sailed first. */
export function together(one: FleetReport, other: FleetReport): FleetReport {
  const counts = new Map(one.counts);
  for (const [what, times] of other.counts) counts.set(what, (counts.get(what) ?? 0) + times);
  const rollouts = one.rollouts + other.rollouts;
  return { voyages: one.voyages + other.voyages, rollouts, counts, failure: one.failure ?? other.failure };
}

/** How many of each kind there were, a line each. */
export function countLines({ counts }: FleetReport): readonly string[] {
  return [...counts].toSorted(([one], [other]) => one.localeCompare(other)).map(([what, times]) => `${what}: ${times}`);
}

/** How often a judge was wrong in all voyages together, against how often it may be. */
export interface JudgeBound {
  readonly what: string;
  readonly wrong: number;
  readonly of: number;
  readonly mostRate: number;
  /** How likely so many or more would be if it were wrong exactly as often as it may. */
  readonly probability: number;
}

/** The error that the judge promises: 1 % of harmful, 5 % of healthy. */
export function judgeBounds({ counts }: FleetReport): readonly JudgeBound[] {
  const bound = (what: string, all: string, wrongly: string, mostRate: number): JudgeBound => {
    const of = counts.get(all) ?? 0;
    const wrong = counts.get(`${all}, ${wrongly}`) ?? 0;
    return { what, wrong, of, mostRate, probability: atLeast(wrong, of, mostRate) };
  };
  return [
    bound('releases as good as the old one, found harmful', 'canaries of an equal release', 'found harmful', 0.01),
    bound('releases that fail, settled', 'canaries of a release that fails', 'settled', 0.05),
    bound('releases that hang, settled', 'canaries of a release that hangs', 'settled', 0.05),
  ];
}

/** So many successes or more in so many independent trials (the binomial distribution's upper tail). */
function atLeast(successes: number, trials: number, rate: number): number {
  let term = Math.exp(trials * Math.log1p(-rate));
  let below = 0;
  for (let count = 0; count < successes; count++) {
    below += term;
    term *= ((trials - count) / (count + 1)) * (rate / (1 - rate));
  }
  return Math.max(0, 1 - below);
}
