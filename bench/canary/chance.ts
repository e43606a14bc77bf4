/** Draws from one seed: the same seed gives the same bench. Small Fast Counter (C. Doty-Humphrey), 128 bits of state. */
export class Chance {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** `part` draws another stream from the same seed. */
  constructor(seed: number, part = 0) {
    this.#a = seed | 0;
    this.#b = part | 0;
    this.#c = 0x9e3779b9;
    for (let i = 0; i < 15; i++) this.#next();
  }

  /** 32 bits. */
  #next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return sum >>> 0;
  }

  /** In (0, 1): never 0. */
  uniform(): number {
    return (this.#next() + 0.5) / 4_294_967_296;
  }

  happens(probability: number): boolean {
    return this.uniform() < probability;
  }

  below(count: number): number {
    return Math.floor(this.uniform() * count);
  }

  exponential(rate: number): number {
    return -Math.log(this.uniform()) / rate;
  }

  normal(): number {
    return Math.sqrt(-2 * Math.log(this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  /** By the gaps between hits, so that rare hits among many cost little. */
  binomial(count: number, probability: number): number {
    if (probability <= 0) return 0;
    if (probability >= 1) return count;
    const rate = -Math.log1p(-probability);
    let hits = 0;
    for (let at = Math.floor(this.exponential(rate)); at < count; at += 1 + Math.floor(this.exponential(rate))) hits++;
    return hits;
  }

  /** Small means by the gaps between events, large ones by the normal approximation. */
  poisson(mean: number): number {
    if (mean > 100) return Math.max(0, Math.round(mean + Math.sqrt(mean) * this.normal()));
    let events = -1;
    for (let passed = 0; passed <= mean; passed += this.exponential(1)) events++;
    return Math.max(0, events);
  }
}
