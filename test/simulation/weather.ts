import { randomOf } from './random.ts';

/** What may go wrong around a control plane. */
export const faultKinds = [
  /** The process dies: at a write, or right before or after a call that changes something. */
  'crash',
  /** A call fails, and nothing has happened. */
  'failing',
  /** One port does not answer at all for a while. */
  'outage',
  /** It has happened, and nobody says so. */
  'lost reply',
  /** What is asked, or the answer, takes up to 400 ms. */
  'slow request',
  'slow reply',
  /** A call to target or proxy takes up to a minute, and often fails then. */
  'hang',
  /** Target, proxy, gates or signals say nothing, once or for up to two minutes: what they are told happens then, before, or never. */
  'silence',
  /** The same order arrives twice. */
  'duplicate',
  /** The target starts some of what was ordered at first, and the rest when it comes round to it. */
  'half start',
  /** The target says ready of what is not, or the reverse. */
  'lie',
  /** The journal cannot be written for a while. */
  'full disk',
  /** The clock of the control plane is put forward or back. */
  'clock jump',
  /** What a dead control plane knew beside its journal is gone. */
  'lost checkpoint',
  /** The proxy starts again, with its document and with closed counters. */
  'proxy restart',
] as const;
export type FaultKind = (typeof faultKinds)[number];

/** How bad it gets: chances per opportunity. */
export type Climate = Readonly<Partial<Record<FaultKind, number>>>;

export const calm: Climate = {};

/** One fault that struck: `crash 512` is the crash at its 512th opportunity. */
export type FaultId = `${FaultKind} ${number}`;

export interface WeatherOptions {
  /** A crash at one point, and nothing else. */
  readonly killAt?: number | null;
  /** Only these of all faults that the seed has drawn strike. */
  readonly only?: ReadonlySet<FaultId> | null;
}

/** So often at most in one world. */
const most: Readonly<Partial<Record<FaultKind, number>>> = { crash: 12, 'clock jump': 8, hang: 6, silence: 8 };
const outageMs = 3_000;

interface Draw {
  opportunities: number;
  struck: number;
  /** The opportunity at which it strikes next. */
  next: number;
}

/** What happens to the control plane's calls. Each kind of fault has chances of its own, so that one can be left out. */
export class Weather {
  readonly #seed: number;
  readonly #climate: Climate;
  readonly #killAt: number | null;
  readonly #only: ReadonlySet<FaultId> | null;
  readonly #draws = new Map<FaultKind, Draw>();
  readonly #outages = new Map<string, number>();
  readonly #calm = new Set<string>();
  readonly struck: FaultId[] = [];
  #crashes = 0;
  #points = 0;
  isOn = true;
  /** Ports that do not answer at all (`target`), or to no change (`changes of target`), whatever the weather. */
  readonly down = new Set<string>();

  constructor(seed: number, climate: Climate, { killAt = null, only = null }: WeatherOptions = {}) {
    this.#seed = seed;
    this.#climate = climate;
    this.#killAt = killAt;
    this.#only = only;
  }

  /** Points passed while it was on. */
  get points(): number {
    return this.#points;
  }

  /** Nothing more happens to calls about this environment, and no process dies, until it is stirred up again. */
  becalm(place: string): void {
    this.#calm.add(place);
  }

  stir(place: string): void {
    this.#calm.delete(place);
  }

  isCalm(place: string): boolean {
    return !this.isOn || this.#calm.has(place);
  }

  /** Is this the moment for it? `place`: the environment that the call is about; null: all of them. */
  strikes(kind: FaultKind, place: string | null = null): FaultId | null {
    if (!this.isOn || (place === null ? this.#calm.size > 0 : this.#calm.has(place))) return null;
    const chance = this.#climate[kind] ?? 0;
    if (chance === 0) return null;
    const draw = this.#draws.get(kind) ?? { opportunities: 0, struck: 0, next: this.#gap(kind, -1, chance) };
    this.#draws.set(kind, draw);
    const opportunity = draw.opportunities++;
    if (opportunity < draw.next || draw.struck >= (most[kind] ?? Infinity)) return null;
    draw.next = opportunity + 1 + this.#gap(kind, opportunity, chance);
    const fault: FaultId = `${kind} ${opportunity}`;
    if (this.#only !== null && !this.#only.has(fault)) return null;
    draw.struck++;
    this.struck.push(fault);
    return fault;
  }

  /** How many opportunities pass without it. */
  #gap(kind: FaultKind, after: number, chance: number): number {
    return Math.floor(Math.log(1 - randomOf(this.#seed, kind, after).next()) / Math.log(1 - chance));
  }

  /** A number that belongs to the fault, and so stays the same when others are left out. */
  howMuch(fault: FaultId, low: number, high: number): number {
    return randomOf(this.#seed, fault).between(low, high);
  }

  isLikely(fault: FaultId, probability: number): boolean {
    return randomOf(this.#seed, 'likely', fault).chance(probability);
  }

  kills(): boolean {
    if (!this.isOn || this.#calm.size > 0) return false;
    const point = this.#points++;
    if (this.#killAt !== null) return point === this.#killAt;
    if (this.strikes('crash') === null) return false;
    this.#crashes++;
    return true;
  }

  /** Why the call fails, or null. */
  fails(port: string, kind: string, place: string, now: number): FaultKind | 'down' | null {
    if (this.down.has(port) || this.down.has(kind)) return 'down';
    if (!this.isOn || this.#calm.has(place)) return null;
    if (now < (this.#outages.get(port) ?? 0)) return 'outage';
    if (now < (this.#outages.get(kind) ?? 0)) return 'full disk';
    const outage = this.strikes('outage', place);
    if (outage !== null) {
      this.#outages.set(port, now + this.howMuch(outage, 200, outageMs));
      return 'outage';
    }
    const disk = kind === 'changes of journal' ? this.strikes('full disk', place) : null;
    if (disk !== null) {
      this.#outages.set(kind, now + this.howMuch(disk, 2_000, 40_000));
      return 'full disk';
    }
    return this.strikes('failing', place) === null ? null : 'failing';
  }

  downtimeMs(): number {
    if (this.#killAt !== null) return 300;
    const random = randomOf(this.#seed, 'downtime', this.#crashes);
    return random.chance(0.1) ? random.between(20_000, 90_000) : random.between(50, 3_000);
  }
}
