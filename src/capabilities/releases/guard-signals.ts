import { chainOf, type ChainName, type Scope } from '../../core/ids.ts';
import type { EnvironmentDefinition } from '../../manifest/app-manifest.ts';
import { tellsVariantsApart, type VariantSignal } from '../../ports/signals/signals.ts';
import { acceptedText } from './accepted-text.ts';
import { findEnvironmentRow } from './environment-rows.ts';
import { environmentOf } from './release-manifest.ts';
import type { ReleasesContext } from './releases-context.ts';

/** Those of the definition that was accepted last; read once for each definition. */
export function guardSignals(context: () => ReleasesContext): (scope: Scope) => Promise<readonly VariantSignal[]> {
  const known = new Map<ChainName, { readonly hash: string; readonly signals: readonly VariantSignal[] }>();
  return async (scope) => {
    const { db } = context().database;
    const row = await findEnvironmentRow(db, scope);
    if (row === null) return [];
    const read = known.get(chainOf(scope));
    if (read?.hash === row.hash) return read.signals;
    const signals = signalsOf(environmentOf(await acceptedText(db, row), scope.environment));
    known.set(chainOf(scope), { hash: row.hash, signals });
    return signals;
  };
}

function signalsOf({ strategy, prometheus }: EnvironmentDefinition): readonly VariantSignal[] {
  const { limits, margin } = strategy;
  return strategy.signals.flatMap(({ signal, better, source }) => {
    if (source.kind === 'job' || prometheus === null || !tellsVariantsApart(source.query)) return [];
    const own = limits.flatMap((limit) => (limit.kind === 'signal' && limit.signal === signal ? [limit.value] : []));
    return [{ signal, better, url: prometheus, query: source.query, limits: own, margin }];
  });
}
