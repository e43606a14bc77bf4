/** Of `tries`, so many `hits`: between which probabilities may it lie? Clopper and Pearson's exact interval, 0 … 1. */
export function clopperPearson(hits: number, tries: number, confidence: number): readonly [low: number, high: number] {
  const tail = (1 - confidence) / 2;
  const low = hits === 0 ? 0 : root((p) => 1 - atMost(hits - 1, tries, p) - tail);
  const high = hits === tries ? 1 : root((p) => tail - atMost(hits, tries, p));
  return [low, high];
}

/** The most hits that a probability of `p` gives with at least `confidence`: more of them speak against it. */
export function mostHits(tries: number, p: number, confidence: number): number {
  let hits = 0;
  while (atMost(hits, tries, p) < confidence) hits++;
  return hits;
}

/** Probability of at most `hits` among `tries`. */
function atMost(hits: number, tries: number, p: number): number {
  if (p <= 0 || hits >= tries) return 1;
  if (p >= 1) return 0;
  // By logarithms: a thousand tries underflow otherwise.
  let log = tries * Math.log1p(-p);
  let sum = Math.exp(log);
  for (let hit = 1; hit <= hits; hit++) {
    log += Math.log((tries - hit + 1) / hit) + Math.log(p / (1 - p));
    sum += Math.exp(log);
  }
  return Math.min(1, sum);
}

/** Where a rising function is 0. */
function root(of: (p: number) => number): number {
  let [low, high] = [0, 1];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (of(middle) < 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
