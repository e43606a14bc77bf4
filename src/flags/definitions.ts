import type { JsonValue } from '../core/events.ts';

/** Flags as an app defines them: flagd's schema (https://flagd.dev/schema/v0/flags.json), references written out. */
export interface FlagSet {
  /** In the order of the file. */
  readonly flags: ReadonlyMap<string, FlagDefinition>;
  readonly metadata: FlagMetadata;
}

export type FlagMetadata = Readonly<Record<string, string | number | boolean>>;

export interface FlagDefinition {
  readonly state: 'ENABLED' | 'DISABLED';
  readonly variants: Readonly<Record<string, JsonValue>>;
  /** Null: the code's own default. */
  readonly defaultVariant: string | null;
  /** A rule in JsonLogic with flagd's operators; null: none. */
  readonly targeting: JsonValue;
  /** Its own; that of the set is added when it is compiled. */
  readonly metadata: FlagMetadata;
  readonly additions: FlagAdditions;
}

/** What Lotse knows beyond flagd; it stands under `lotse` in a flag, where flagd reads over it. */
export interface FlagAdditions {
  /** What everybody gets while the flag is off; null: it is disabled, and the code's own default holds. */
  readonly offVariant: string | null;
  /** Before it the flag is off, in Unix milliseconds; null: from ever. */
  readonly fromMs: number | null;
  /** From then on the flag is off, in Unix milliseconds; null: for ever. */
  readonly untilMs: number | null;
  /** Signals by whose numbers it is turned off, when they are worse with another variant than with the one of off. */
  readonly guard: readonly string[];
}

/** Whom a flag is asked for: what rules read with `var`. */
export type EvaluationContext = Readonly<Record<string, unknown>>;

/** Reasons and error codes as OpenFeature names them. */
export interface Resolution {
  /** Missing: the code's own default holds. */
  readonly value?: JsonValue;
  readonly variant?: string;
  readonly reason: 'STATIC' | 'DEFAULT' | 'TARGETING_MATCH' | 'DISABLED' | 'ERROR';
  readonly flagMetadata: FlagMetadata;
  readonly errorCode?: 'GENERAL' | 'PARSE_ERROR' | 'FLAG_NOT_FOUND';
  readonly errorMessage?: string;
}
