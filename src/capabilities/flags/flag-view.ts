import { LotseError } from '../../core/errors.ts';
import type { Scope } from '../../core/ids.ts';
import { hasRule } from '../../flags/compile-flag.ts';
import { asDefined, offBy } from '../../flags/live-state.ts';
import type { EnvironmentFlags, KnownFlag } from './environment-flags.ts';
import type { FlagParts } from './flag-parts.ts';
import { readUses, stateHistory } from './flag-rows.ts';
import type { FlagHistoryView, FlagListView, FlagView, LiveStateView } from './flags-api.ts';

export async function viewFlags(parts: FlagParts, scope: Scope, flags: EnvironmentFlags): Promise<FlagListView> {
  const uses = await readUses(parts.database.db, scope);
  const views = [...flags.known].map(([flag, known]) => view(parts.now(), flags, uses, flag, known));
  return {
    flags: views.toSorted((a, b) => (a.flag < b.flag ? -1 : 1)),
    allUsedAt: flags.usedAt('') ?? uses.get('') ?? null,
  };
}

/** Errors: `not-found`. */
export async function viewFlag(
  parts: FlagParts,
  scope: Scope,
  flags: EnvironmentFlags,
  flag: string,
): Promise<FlagHistoryView> {
  const known = flags.known.get(flag);
  if (known === undefined) {
    throw new LotseError('not-found', `${scope.environment} has no flag ${JSON.stringify(flag)}`, {
      hint: `\`lotse flag list ${scope.environment}\` shows them.`,
    });
  }
  const uses = await readUses(parts.database.db, scope);
  return {
    flag: view(parts.now(), flags, uses, flag, known),
    versions: await stateHistory(parts.database.db, scope, flag),
  };
}

function view(
  nowMs: number,
  flags: EnvironmentFlags,
  uses: ReadonlyMap<string, number>,
  flag: string,
  { release, definition }: KnownFlag,
): FlagView {
  const live = flags.live(flag);
  const by = offBy(definition, live ?? asDefined, nowMs);
  const variants = Object.keys(definition.variants);
  return {
    ...{ flag, release, live, variants, isOn: by === null, offBy: by },
    defaultVariant: flags.definition(flag)?.defaultVariant ?? null,
    offVariant: definition.additions.offVariant,
    hasRule: hasRule(definition.targeting),
    from: definition.additions.fromMs,
    until: definition.additions.untilMs,
    guard: [...definition.additions.guard],
    usedAt: flags.usedAt(flag) ?? uses.get(flag) ?? null,
    notes: notesOf(release, variants, live),
  };
}

/** What was said in this environment and does not hold with this release. */
function notesOf(release: string, variants: readonly string[], live: LiveStateView | null): string[] {
  const named = [live?.defaultVariant ?? null, ...(live?.percentages?.map(({ variant }) => variant) ?? [])];
  const unknown = new Set(named.filter((variant) => variant !== null && !variants.includes(variant)));
  return [...unknown].map((variant) => `${release} has no variant ${variant}, which was chosen here: it is read over`);
}
