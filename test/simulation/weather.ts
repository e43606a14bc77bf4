import { Random } from './random.ts';

/** How bad it gets. All chances are per call or point. */
export interface Climate {
  readonly failing: number;
  readonly losingReplies: number;
  readonly delays: number;
  readonly crashes: number;
  /** Times during which one port does not answer at all, a share of all time. */
  readonly outages: number;
}

export const calm: Climate = { failing: 0, losingReplies: 0, delays: 0, crashes: 0, outages: 0 };

const outageMs = 3_000;
const maxCrashes = 12;

/** What happens to the control plane's calls: drawn one after the other, or a single kill at one point. */
export class Weather {
  readonly #random: Random;
  readonly #climate: Climate;
  readonly #outages = new Map<string, number>();
  #crashes = 0;
  #points = 0;
  #killAt: number | null;
  isOn = true;
  /** Ports that do not answer at all (`target`), or to no change (`changes of target`), whatever the weather. */
  readonly down = new Set<string>();

  constructor(seed: number, climate: Climate, killAt: number | null = null) {
    this.#random = new Random(seed);
    this.#climate = climate;
    this.#killAt = killAt;
  }

  /** Points passed while it was on. */
  get points(): number {
    return this.#points;
  }

  killsAt(_point: string): boolean {
    if (!this.isOn) return false;
    const point = this.#points++;
    if (this.#killAt !== null) return point === this.#killAt;
    if (this.#crashes >= maxCrashes || !this.#random.chance(this.#climate.crashes)) return false;
    this.#crashes++;
    return true;
  }

  fails(port: string, kind: string, now: number): boolean {
    if (this.down.has(port) || this.down.has(kind)) return true;
    if (!this.isOn) return false;
    if (now < (this.#outages.get(port) ?? 0)) return true;
    if (this.#random.chance(this.#climate.outages)) {
      this.#outages.set(port, now + this.#random.between(200, outageMs));
      return true;
    }
    return this.#random.chance(this.#climate.failing);
  }

  losesReply(): boolean {
    return this.isOn && this.#random.chance(this.#climate.losingReplies);
  }

  delayMs(): number {
    return this.isOn && this.#random.chance(this.#climate.delays) ? this.#random.between(1, 400) : 0;
  }

  downtimeMs(): number {
    if (this.#killAt !== null) return 300;
    return this.#random.chance(0.1) ? this.#random.between(20_000, 90_000) : this.#random.between(50, 3_000);
  }
}
