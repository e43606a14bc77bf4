import { setTimeout as sleep } from 'node:timers/promises';
import type { Actor } from '../../core/events.ts';
import { LotseError, toLotseError } from '../../core/errors.ts';
import { chainOf, scopeOf, type ChainName, type Scope } from '../../core/ids.ts';
import type { FlagSet } from '../../flags/definitions.ts';
import { asDefined, type LiveState } from '../../flags/live-state.ts';
import { parseDefinitions } from '../../flags/parse-definitions.ts';
import { EnvironmentFlags, type KnownFlag } from './environment-flags.ts';
import type { DefinedFlags, FlagParts } from './flag-parts.ts';
import { liveStates, writeState, writeUses } from './flag-rows.ts';
import type { FlagChange } from './flags-api.ts';

/** How often what was asked for is written down, in milliseconds. */
const flushEveryMs = 60_000;

/** By then the engine knows what it has written, in milliseconds. */
const settleMs = 50;

/** The flags of all environments. What is read once stays in memory, and follows releases and changes. */
export class FlagBook {
  readonly #parts: FlagParts;
  readonly #environments = new Map<ChainName, Promise<EnvironmentFlags>>();
  /** By text: releases seldom change their flags. */
  readonly #parsed = new Map<string, FlagSet>();
  readonly #flush: NodeJS.Timeout;
  /** Those that are about to be read again. */
  readonly #due = new Set<ChainName>();
  #reading: Promise<void> = Promise.resolve();
  readonly #stopListening: () => void;

  constructor(parts: FlagParts) {
    this.#parts = parts;
    this.#flush = setInterval(() => void this.flush(), flushEveryMs);
    this.#flush.unref();
    this.#stopListening = parts.journal.onAppend((events) => {
      const moved = events.filter(({ type }) => type.startsWith('rollout-') || type.startsWith('step-'));
      for (const chain of new Set(moved.map((event) => event.chain))) this.#follow(chain);
    });
  }

  of(scope: Scope): Promise<EnvironmentFlags> {
    const chain = chainOf(scope);
    const known = this.#environments.get(chain);
    if (known !== undefined) return known;
    const opening = this.#read(scope, new EnvironmentFlags(this.#parts.now)).catch((error: unknown) => {
      this.#environments.delete(chain);
      throw error;
    });
    this.#environments.set(chain, opening);
    return opening;
  }

  /** Errors: `not-found` for a flag that no release here defines, `bad-input` for a variant that it does not have. */
  async change(scope: Scope, flag: string, change: FlagChange, actor: Actor): Promise<void> {
    const flags = await this.of(scope);
    const { reason, ...wanted } = change;
    const definition = flags.known.get(flag)?.definition;
    if (definition === undefined) throw unknownFlag(scope, flag, flags);
    refuseUnknown(flag, Object.keys(definition.variants), wanted, definition.defaultVariant);
    const state = await writeState(this.#parts, scope, flag, { actor, reason }, (before) => merge(before, wanted));
    flags.change(flag, state);
  }

  /** Back to what releases say, also for a flag that none defines any more. */
  async reset(scope: Scope, flag: string, actor: Actor, reason: string | null): Promise<void> {
    const flags = await this.of(scope);
    if (flags.live(flag) === null) {
      if (!flags.known.has(flag)) throw unknownFlag(scope, flag, flags);
      return;
    }
    flags.change(flag, await writeState(this.#parts, scope, flag, { actor, reason }, () => asDefined));
  }

  /** Writes down what was asked for. */
  async flush(): Promise<void> {
    for (const [chain, opening] of this.#environments) {
      const scope = scopeOf(chain);
      const flags = await opening.catch(() => null);
      const uses = flags?.takeUses() ?? new Map<string, number>();
      if (scope === null || uses.size === 0) continue;
      await this.#parts.journal
        .transact(({ trx }) => writeUses(trx, scope, uses))
        .catch((error: unknown) => {
          const { message } = toLotseError(error);
          this.#parts.log({ during: 'writing down which flags are used', error: message });
        });
    }
  }

  async close(): Promise<void> {
    this.#stopListening();
    clearInterval(this.#flush);
    await this.#reading;
    await this.flush();
    for (const opening of this.#environments.values()) (await opening.catch(() => null))?.close();
  }

  /** A rollout has moved: other definitions may hold. They are read one after another, and not for each step alone. */
  #follow(chain: ChainName): void {
    const scope = scopeOf(chain);
    const opening = this.#environments.get(chain);
    if (scope === null || opening === undefined || this.#due.has(chain)) return;
    this.#due.add(chain);
    const reading = async (): Promise<void> => {
      await sleep(settleMs);
      this.#due.delete(chain);
      await this.#read(scope, await opening);
    };
    const failed = (error: unknown) => {
      const { message } = toLotseError(error);
      this.#parts.log({ during: `reading the flags of ${chain}`, error: message });
    };
    this.#reading = this.#reading.then(reading).catch(failed);
  }

  async #read(scope: Scope, flags: EnvironmentFlags): Promise<EnvironmentFlags> {
    const defined = await this.#parts.definitions(scope);
    const live = await liveStates(this.#parts.database.db, scope);
    flags.replace(this.#union(defined), live);
    return flags;
  }

  /** Old and new instances find all their flags while both run. Where both define one, the first one's holds. */
  #union(defined: readonly DefinedFlags[]): ReadonlyMap<string, KnownFlag> {
    const known = new Map<string, KnownFlag>();
    for (const { release, text } of defined) {
      const { flags, metadata: setMetadata } = this.#parse(text);
      for (const [flag, definition] of flags) {
        if (!known.has(flag)) known.set(flag, { release, definition, setMetadata });
      }
    }
    return known;
  }

  #parse(text: string): FlagSet {
    const set = this.#parsed.get(text) ?? parseDefinitions(text);
    this.#parsed.delete(text);
    this.#parsed.set(text, set);
    const [oldest] = this.#parsed.keys();
    if (this.#parsed.size > 20 && oldest !== undefined) this.#parsed.delete(oldest);
    return set;
  }
}

type Wanted = Omit<FlagChange, 'reason'>;

function merge(before: LiveState | null, wanted: Wanted): LiveState {
  const { switched, defaultVariant, percentages } = before ?? asDefined;
  return { switched, defaultVariant, percentages, ...wanted };
}

function refuseUnknown(flag: string, variants: readonly string[], wanted: Wanted, own: string | null): void {
  const { percentages, defaultVariant } = wanted;
  const named = [defaultVariant ?? null, ...(percentages?.map(({ variant }) => variant) ?? [])];
  const unknown = named.find((variant) => variant !== null && !variants.includes(variant));
  if (unknown != null) {
    const hint = `It has ${variants.join(', ')}.`;
    throw new LotseError('bad-input', `${flag} has no variant ${JSON.stringify(unknown)}`, { hint });
  }
  if (percentages == null) return;
  const sum = percentages.reduce((total, { percent }) => total + percent, 0);
  if (new Set(percentages.map(({ variant }) => variant)).size < percentages.length) {
    throw new LotseError('bad-input', 'a variant is named twice');
  }
  if (sum > 100.0005) throw new LotseError('bad-input', `the percentages sum to ${sum}, which is more than 100`);
  if (sum < 99.9995 && own === null && defaultVariant == null) {
    throw new LotseError('bad-input', `the percentages sum to ${sum}, and ${flag} has no default variant for the rest`);
  }
}

function unknownFlag({ environment }: Scope, flag: string, { known }: EnvironmentFlags): LotseError {
  const names = [...known.keys()];
  const hint =
    names.length === 0
      ? 'Flags stand in flags.flagd.json and come with a release.'
      : `It has ${names.slice(0, 20).join(', ')}${names.length > 20 ? ', …' : ''}.`;
  return new LotseError('not-found', `${environment} has no flag ${JSON.stringify(flag)}`, { hint });
}
