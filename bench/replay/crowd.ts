import type { Chance } from '../canary/chance.ts';
import type { Stretch } from './recording.ts';

/** Who comes beside, or among, the people of the recording. */
export const strangers = ['nobody', 'ten who always fail', 'a retrying bot'] as const;
export type Strangers = (typeof strangers)[number];

export interface Visitor {
  /** Like the value of the cookie by which a proxy knows a visitor. */
  readonly name: string;
  /** Fails whoever serves it. */
  readonly isFailing: boolean;
}

/** A part of a bot's requests fails whoever serves them. It sends them again at once, and they may fail again. */
const bot = { perSecond: 5, failing: 0.1, failingAgain: 0.5, tries: 4 };

/** When one of the people in the recording sent which request, in the order of time. */
interface Habit {
  readonly atMs: readonly number[];
  readonly paths: readonly string[];
}

interface Regular extends Visitor {
  readonly habit: Habit;
  next: number;
  /** When the recording began for this one, for the time that is under way. */
  lapMs: number;
}

type Arrive = (visitor: Visitor, path: string, atMs: number) => void;

/** As many people as in the recording, drawn from them with repetition; each is somewhere else in it. */
export class Crowd {
  readonly #lengthMs: number;
  readonly #regulars: readonly Regular[];
  readonly #bot: boolean;
  readonly #chance: Chance;
  #botAtMs: number;

  constructor(habits: Habits, strange: Strangers, startMs: number, chance: Chance) {
    this.#lengthMs = habits.lengthMs;
    this.#chance = chance;
    this.#bot = strange === 'a retrying bot';
    this.#botAtMs = startMs + chance.exponential(bot.perSecond / 1_000);
    const failing = strange === 'ten who always fail' ? 10 : 0;
    this.#regulars = habits.people.map((_, person): Regular => {
      const habit = habits.people[chance.below(habits.people.length)] ?? { atMs: [], paths: [] };
      const aheadMs = chance.uniform() * habits.lengthMs;
      const next = habit.atMs.findIndex((atMs) => atMs >= aheadMs);
      const lapMs = startMs - aheadMs + (next < 0 ? habits.lengthMs : 0);
      const name = `${Math.floor(chance.uniform() * 2 ** 40)}-${person}`;
      return { name, isFailing: person < failing, habit, next: Math.max(0, next), lapMs };
    });
  }

  /** All requests from where it was asked last up to `toMs`, of one visitor after the other. */
  arrivals(toMs: number, arrive: Arrive): void {
    for (const regular of this.#regulars) this.#come(regular, toMs, arrive);
    while (this.#bot && this.#botAtMs < toMs) {
      this.#botComes(this.#botAtMs, arrive);
      this.#botAtMs += this.#chance.exponential(bot.perSecond / 1_000);
    }
  }

  #come(regular: Regular, toMs: number, arrive: Arrive): void {
    const { atMs, paths } = regular.habit;
    if (atMs.length === 0) return;
    for (;;) {
      const at = regular.lapMs + (atMs[regular.next] ?? 0);
      if (at >= toMs) return;
      arrive(regular, paths[regular.next] ?? '/', at);
      if (++regular.next < atMs.length) continue;
      regular.next = 0;
      regular.lapMs += this.#lengthMs;
    }
  }

  #botComes(atMs: number, arrive: Arrive): void {
    let isFailing = this.#chance.happens(bot.failing);
    for (let tries = bot.tries; tries > 0; tries--) {
      arrive({ name: 'bot', isFailing }, '/login', atMs);
      if (!isFailing) return;
      isFailing = this.#chance.happens(bot.failingAgain);
    }
  }
}

/** What the people of a recording did. */
export interface Habits {
  readonly lengthMs: number;
  readonly people: readonly Habit[];
}

export function habitsOf({ lengthMs, requests }: Stretch): Habits {
  const byPerson = Map.groupBy(requests, ({ person }) => person);
  const people = [...byPerson.values()].map((own) => ({
    atMs: own.map(({ atMs }) => atMs),
    paths: own.map(({ path }) => path),
  }));
  return { lengthMs, people };
}
