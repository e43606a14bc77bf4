import { toLotseError } from '../../core/errors.ts';
import { systemActor } from '../../core/events.ts';
import { chainOf, type ChainName, type ReleaseId, type Scope, type UnixMs } from '../../core/ids.ts';
import type { FlagDefinition } from '../../flags/definitions.ts';
import { asDefined, offBy } from '../../flags/live-state.ts';
import {
  lookBackMs,
  namesRelease,
  queryFor,
  queryForVariant,
  type MetricQuestion,
  type VariantSignal,
} from '../../ports/signals/signals.ts';
import type { EnvironmentFlags } from './environment-flags.ts';
import type { FlagBook } from './flag-book.ts';
import type { FlagParts } from './flag-parts.ts';
import { judgeVariant, type VariantReading, type VariantStreaks } from './variant-streaks.ts';

/** What guarding asks of others. */
export interface GuardSources {
  /** Of the definition in force: those whose query tells variants apart. */
  readonly signals: (scope: Scope) => Promise<readonly VariantSignal[]>;
  /** Errors: as of the port of signals. */
  readonly readMetric: (question: MetricQuestion, signal: AbortSignal) => Promise<number | null>;
}

interface GuardParts extends GuardSources, Pick<FlagParts, 'definitions' | 'now' | 'log'> {
  readonly book: FlagBook;
  readonly scopes: () => Promise<readonly Scope[]>;
}

/** How often variants are looked at, as often as a rollout reads its signals, in milliseconds. */
const lookEveryMs = 15_000;
/** A look that is so young is not repeated for a rollout that asks, in milliseconds. */
const youngMs = 7_000;
const tickMs = 5_000;
/** Until what users do now is in the numbers, beside how far back a query looks, in milliseconds. */
const scrapeMs = 30_000;

interface Guarded {
  looking: Promise<void> | null;
  lookedAt: UnixMs | null;
  /** By flag, version of its state, signal, release and variant. */
  streaks: ReadonlyMap<string, VariantStreaks>;
  /** Signals that are bad for a variant alone. */
  suspects: ReadonlySet<string>;
}

/** A flag that is guarded, and on. */
interface GuardedFlag {
  readonly flag: string;
  readonly definition: FlagDefinition;
  readonly offVariant: string;
  readonly version: number;
}

interface Question {
  readonly flag: GuardedFlag;
  readonly rule: VariantSignal;
  /** Of those that run; null: the query is about all of them. */
  readonly release: ReleaseId | null;
}

/**
 * Turns flags off whose variants do harm by the signals that they are guarded by. It looks by itself, and a rollout asks it
 * before it holds such a signal against a release: so the flag goes first.
 */
export class FlagGuard {
  readonly #parts: GuardParts;
  readonly #environments = new Map<ChainName, Guarded>();
  readonly #closing = new AbortController();
  /** By what was read: the last problem, which is told once. */
  readonly #problems = new Map<string, string>();
  #timer: NodeJS.Timeout | null = null;

  constructor(parts: GuardParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.lookAtAll(), tickMs);
    this.#timer.unref();
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#closing.abort();
    for (const { looking } of this.#environments.values()) await looking;
  }

  /** Looks wherever it is time to. */
  async lookAtAll(): Promise<void> {
    try {
      const scopes = await this.#parts.scopes();
      await Promise.all(scopes.map((scope) => this.#look(scope, lookEveryMs)));
    } catch (error) {
      this.#parts.log({ during: 'guarding flags', error: toLotseError(error).message });
    }
  }

  /**
   * Is a flag the likely cause of what a signal says now: because one of its variants is suspected, or because it was turned
   * off so lately that the number does not show it yet? Looks first. Rejects never.
   */
  async isCauseOf(scope: Scope, signal: string): Promise<boolean> {
    try {
      const flags = await this.#parts.book.of(scope);
      const named = [...flags.known].filter(([, { definition }]) => definition.additions.guard.includes(signal));
      if (named.length === 0) return false;
      await this.#look(scope, youngMs);
      if (this.#environments.get(chainOf(scope))?.suspects.has(signal) === true) return true;
      const query = (await this.#parts.signals(scope)).find((each) => each.signal === signal)?.query;
      return query !== undefined && named.some(([flag]) => this.#isSettling(flags, flag, query));
    } catch (error) {
      this.#tell(`${chainOf(scope)}: the flags behind ${signal}`, error);
      return false;
    }
  }

  #isSettling(flags: EnvironmentFlags, flag: string, query: string): boolean {
    const live = flags.live(flag);
    const ageMs = live?.switched === 'off' ? this.#parts.now() - live.changedAt : Infinity;
    return ageMs >= 0 && ageMs < lookBackMs(query) + scrapeMs;
  }

  /** One look at a time in each environment; whoever wants one meanwhile waits for that one. */
  async #look(scope: Scope, notYoungerMs: number): Promise<void> {
    const chain = chainOf(scope);
    const guarded = this.#environments.get(chain) ?? notLooked();
    this.#environments.set(chain, guarded);
    if (guarded.looking !== null) return await guarded.looking;
    const now = this.#parts.now();
    const ageMs = guarded.lookedAt === null ? Infinity : now - guarded.lookedAt;
    if (this.#closing.signal.aborted || (ageMs >= 0 && ageMs < notYoungerMs)) return;
    guarded.lookedAt = now;
    guarded.looking = this.#lookAt(scope, guarded)
      .catch((error: unknown) => this.#tell(`${chain}: what guards flags`, error))
      .finally(() => (guarded.looking = null));
    await guarded.looking;
  }

  async #lookAt(scope: Scope, guarded: Guarded): Promise<void> {
    const before = guarded.streaks;
    const [streaks, suspects] = [new Map<string, VariantStreaks>(), new Set<string>()];
    // Where a look fails nothing is suspected: releases are judged as if there were no flags.
    Object.assign(guarded, { streaks, suspects } satisfies Partial<Guarded>);
    const flags = await this.#parts.book.of(scope);
    const questions = await this.#questions(scope, guardedFlags(flags, this.#parts.now()));
    const answers = questions.map(async (question) => ({ ...question, readings: await this.#read(scope, question) }));
    for (const { flag, rule, release, readings } of await Promise.all(answers)) {
      for (const reading of readings) {
        const key = JSON.stringify([flag.flag, flag.version, rule.signal, release, reading.variant]);
        const finding = judgeVariant(before.get(key) ?? {}, reading, rule);
        streaks.set(key, finding.streaks);
        if (finding.isSuspect) suspects.add(rule.signal);
        if (finding.harm !== null) await this.#turnOff(scope, flag, flags, finding.harm);
      }
    }
  }

  async #questions(scope: Scope, flags: readonly GuardedFlag[]): Promise<readonly Question[]> {
    if (flags.length === 0) return [];
    const [signals, defined] = [await this.#parts.signals(scope), await this.#parts.definitions(scope)];
    return flags.flatMap((flag) =>
      signals
        .filter(({ signal }) => flag.definition.additions.guard.includes(signal))
        .flatMap((rule): readonly Question[] =>
          namesRelease({ kind: 'prometheus', ...rule })
            ? defined.map(({ release }) => ({ flag, rule, release }))
            : [{ flag, rule, release: null }],
        ),
    );
  }

  /** Whoever has said something about the flag meanwhile knows better. */
  async #turnOff(scope: Scope, { flag, version }: GuardedFlag, flags: EnvironmentFlags, harm: string): Promise<void> {
    if ((flags.live(flag)?.version ?? 0) !== version || this.#closing.signal.aborted) return;
    const reason = `its guard: ${harm}`.slice(0, 500);
    await this.#parts.book.change(scope, flag, { switched: 'off', reason }, systemActor);
  }

  async #read(scope: Scope, { flag, rule, release }: Question): Promise<readonly VariantReading[]> {
    const { offVariant, definition } = flag;
    const ask = async (variant: string) => {
      const name = `${chainOf(scope)}: ${rule.signal} for ${variant} of ${flag.flag}`;
      const query = queryForVariant(release === null ? rule.query : queryFor(rule.query, release), variant);
      return await this.#ask(name, { kind: 'prometheus', url: rule.url, query });
    };
    const others = Object.keys(definition.variants).filter((variant) => variant !== offVariant);
    const [offValue = null, ...values] = await Promise.all([offVariant, ...others].map(ask));
    const at = this.#parts.now();
    return others.map((variant, index) => ({ at, variant, offVariant, value: values[index] ?? null, offValue }));
  }

  /** A problem is no verdict: it reads as no number. */
  async #ask(name: string, question: MetricQuestion): Promise<number | null> {
    try {
      const value = await this.#parts.readMetric(question, this.#closing.signal);
      this.#problems.delete(name);
      return value;
    } catch (error) {
      this.#tell(name, error);
      return null;
    }
  }

  #tell(about: string, error: unknown): void {
    const { message } = toLotseError(error);
    if (this.#closing.signal.aborted || this.#problems.get(about) === message) return;
    this.#problems.set(about, message);
    this.#parts.log({ during: `reading ${about}`, error: message });
  }
}

function notLooked(): Guarded {
  return { looking: null, lookedAt: null, streaks: new Map(), suspects: new Set() };
}

function guardedFlags(flags: EnvironmentFlags, nowMs: UnixMs): readonly GuardedFlag[] {
  return [...flags.known].flatMap(([flag, { definition }]) => {
    const { guard, offVariant } = definition.additions;
    const live = flags.live(flag);
    const isOn = offBy(definition, live ?? asDefined, nowMs) === null;
    return guard.length === 0 || offVariant === null || !isOn
      ? []
      : [{ flag, definition, offVariant, version: live?.version ?? 0 }];
  });
}
