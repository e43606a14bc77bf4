import { createHash } from 'node:crypto';
import type { ReleaseId, UnixMs } from '../../core/ids.ts';
import { compileFlag, type CompiledFlag } from '../../flags/compile-flag.ts';
import type { EvaluationContext, FlagDefinition, FlagMetadata, Resolution } from '../../flags/definitions.ts';
import { asDefined, inForce, nextTurnMs, offBy } from '../../flags/live-state.ts';
import type { LiveStateView } from './flags-api.ts';

/** A definition with the release that it comes from. */
export interface KnownFlag {
  readonly release: ReleaseId;
  readonly definition: FlagDefinition;
  readonly setMetadata: FlagMetadata;
}

interface FlagInForce {
  readonly compiled: CompiledFlag;
  readonly definition: FlagDefinition;
  readonly setMetadata: FlagMetadata;
  /** Of what holds, so that a change of one flag costs no more than that. */
  readonly hash: string;
  /** What it was made of. */
  readonly known: KnownFlag;
  readonly live: LiveStateView | null;
  readonly isOff: boolean;
}

/** A timer cannot wait longer, in milliseconds. */
const longestWaitMs = 2 ** 31 - 1;

/** The flags of one environment as they hold now, ready to be asked. */
export class EnvironmentFlags {
  readonly #now: () => UnixMs;
  #known: ReadonlyMap<string, KnownFlag> = new Map();
  readonly #live = new Map<string, LiveStateView>();
  readonly #inForce = new Map<string, FlagInForce>();
  readonly #listeners = new Set<() => void>();
  readonly #uses = new Map<string, number>();
  #etag = '';
  #turn: NodeJS.Timeout | null = null;

  constructor(now: () => UnixMs) {
    this.#now = now;
  }

  /** Changes with everything that could change an answer. */
  get etag(): string {
    return this.#etag;
  }

  get known(): ReadonlyMap<string, KnownFlag> {
    return this.#known;
  }

  live(flag: string): LiveStateView | null {
    return this.#live.get(flag) ?? null;
  }

  /** As it holds now; null: no release here defines it. */
  definition(flag: string): FlagDefinition | null {
    return this.#inForce.get(flag)?.definition ?? null;
  }

  get all(): ReadonlyMap<string, Pick<FlagInForce, 'definition' | 'setMetadata'>> {
    return this.#inForce;
  }

  /** Null: there is no such flag. */
  evaluate(flag: string, context: EvaluationContext): Resolution | null {
    const found = this.#inForce.get(flag);
    if (found === undefined) return null;
    const nowMs = this.#now();
    this.#uses.set(flag, nowMs);
    return found.compiled(context, nowMs);
  }

  *evaluateAll(context: EvaluationContext): Generator<readonly [string, Resolution]> {
    const nowMs = this.#now();
    this.noteAllUsed();
    for (const [flag, { compiled }] of this.#inForce) yield [flag, compiled(context, nowMs)];
  }

  noteAllUsed(): void {
    this.#uses.set('', this.#now());
  }

  /** What was asked for since it was taken last. */
  takeUses(): ReadonlyMap<string, number> {
    const uses = new Map(this.#uses);
    this.#uses.clear();
    return uses;
  }

  /** What was not taken yet. */
  usedAt(flag: string): number | null {
    return this.#uses.get(flag) ?? null;
  }

  /** Other releases run here now, or everything is read anew. */
  replace(known: ReadonlyMap<string, KnownFlag>, live: ReadonlyMap<string, LiveStateView>): void {
    this.#known = known;
    for (const [flag, state] of live) this.#keep(flag, state);
    this.#refresh();
  }

  /** One flag was changed. */
  change(flag: string, state: LiveStateView): void {
    this.#keep(flag, state);
    this.#put(flag);
    this.#told();
  }

  /** Called after each change. Gives back how to stop listening. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close(): void {
    if (this.#turn !== null) clearTimeout(this.#turn);
    this.#turn = null;
  }

  /** What was read may be older than what was said meanwhile. */
  #keep(flag: string, state: LiveStateView): void {
    if ((this.#live.get(flag)?.version ?? 0) < state.version) this.#live.set(flag, state);
  }

  #refresh(): void {
    for (const flag of this.#inForce.keys()) if (!this.#known.has(flag)) this.#inForce.delete(flag);
    for (const flag of this.#known.keys()) this.#put(flag);
    this.#told();
    this.#awaitTurn();
  }

  /** Compiled anew only where something of it is another one: rollouts ask often, and change seldom. */
  #put(flag: string): void {
    const known = this.#known.get(flag);
    if (known === undefined) return;
    const live = this.#live.get(flag) ?? null;
    const isOff = offBy(known.definition, live ?? asDefined, this.#now()) !== null;
    const before = this.#inForce.get(flag);
    if (before?.known.definition === known.definition && before.live === live && before.isOff === isOff) return;
    const definition = inForce(known.definition, live ?? asDefined, this.#now());
    const { setMetadata } = known;
    const hash = createHash('sha256')
      .update(JSON.stringify([flag, definition, setMetadata]))
      .digest('base64url');
    const compiled = compileFlag(flag, definition, setMetadata);
    this.#inForce.set(flag, { compiled, definition, setMetadata, hash, known, live, isOff });
  }

  #told(): void {
    const all = createHash('sha256');
    for (const flag of this.#known.keys()) all.update(this.#inForce.get(flag)?.hash ?? '');
    const etag = all.digest('base64url').slice(0, 22);
    if (etag === this.#etag) return;
    this.#etag = etag;
    for (const listener of this.#listeners) listener();
  }

  /** Schedules take hold in the moment that they name. */
  #awaitTurn(): void {
    this.close();
    const nowMs = this.#now();
    const turns = [...this.#known.values()].map(({ definition }) => nextTurnMs(definition, nowMs) ?? Infinity);
    const next = turns.reduce((soonest, turn) => Math.min(soonest, turn), Infinity);
    if (next === Infinity) return;
    this.#turn = setTimeout(() => this.#refresh(), Math.min(longestWaitMs, next - nowMs));
    this.#turn.unref();
  }
}
