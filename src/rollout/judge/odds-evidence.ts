/**
 * Fisher's noncentral hypergeometric distribution: of `units` in two arms, `events` had the event; how many of those lie
 * in the new arm, when the odds of the event there are `odds` times those in the old arm? It depends on nothing else,
 * whatever the rate is and however it drifts, which is why evidence is built on it.
 * Source: A. Agresti, Categorical Data Analysis, section 3.5; conditional on both margins.
 */
export interface TwoArms {
  /** Units at risk in the new and in the old arm. */
  readonly newUnits: number;
  readonly oldUnits: number;
  /** Of those, the ones that had the event. */
  readonly newEvents: number;
  readonly oldEvents: number;
}

/**
 * Natural logarithm of the likelihood ratio of each of `alternatives` against `nullOdds`. Zero for every alternative when
 * there is no event, nobody without one, or an empty arm: such an interval tells nothing.
 */
export function logRatios(seen: TwoArms, nullOdds: number, alternatives: readonly number[]): readonly number[] {
  const { newUnits, oldUnits, newEvents } = seen;
  const events = newEvents + seen.oldEvents;
  const least = Math.max(0, events - oldUnits);
  const most = Math.min(newUnits, events);
  if (least >= most) return alternatives.map(() => 0);
  if (events === 1) return ofOneEvent(seen, nullOdds, alternatives);
  const weights = logWeights(seen, events, least, most);
  const underNull = logSum(weights, Math.log(nullOdds));
  return alternatives.map((odds) => {
    const slope = Math.log(odds);
    return (newEvents - least) * (slope - Math.log(nullOdds)) + underNull - logSum(weights, slope);
  });
}

/** Most looks with an event have one: no sums are needed then. */
function ofOneEvent({ newUnits, oldUnits, newEvents }: TwoArms, nullOdds: number, alternatives: readonly number[]) {
  const underNull = newUnits * nullOdds + oldUnits;
  const logs: number[] = [];
  for (const odds of alternatives) {
    const likelihood = newEvents === 1 ? odds / nullOdds : 1;
    logs.push(Math.log((likelihood * underNull) / (newUnits * odds + oldUnits)));
  }
  return logs;
}

/** Logarithms of how many ways there are to have `least`, `least + 1`, … `most` of the events in the new arm, up to one factor. */
function logWeights({ newUnits, oldUnits }: TwoArms, events: number, least: number, most: number): readonly number[] {
  const weights = [0];
  let log = 0;
  for (let k = least; k < most; k++) {
    log += Math.log(((newUnits - k) / (k + 1)) * ((events - k) / (oldUnits - events + k + 1)));
    weights.push(log);
  }
  return weights;
}

/** log Σ exp(weight + index · slope). */
function logSum(weights: readonly number[], slope: number): number {
  let highest = -Infinity;
  for (const [index, weight] of weights.entries()) highest = Math.max(highest, weight + index * slope);
  let sum = 0;
  for (const [index, weight] of weights.entries()) sum += Math.exp(weight + index * slope - highest);
  return highest + Math.log(sum);
}
