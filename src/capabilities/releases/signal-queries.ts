import {
  queryForVariant,
  tellsVariantsApart,
  type SignalQuery,
  type SignalSource,
} from '../../ports/signals/signals.ts';
import type { SignalDefinition } from '../../manifest/app-manifest.ts';
import type { Plan } from '../../rollout/plan.ts';
import { acceptedDefinition } from './plan-rollout.ts';
import { sourced, strategyOfDeploy } from './release-gates.ts';
import { findRelease } from './release-rows.ts';
import type { ReleasesContext } from './releases-context.ts';

/** Where the signals of a plan's judge are read, as the strategy says that it was planned by. */
export async function signalQueries(context: ReleasesContext, plan: Plan): Promise<readonly SignalQuery[]> {
  const names = plan.judge?.signals.map(({ signal }) => signal) ?? [];
  if (names.length === 0) return [];
  const { app, environment } = plan;
  const coming = sourced(await findRelease(context.database.db, app, plan.to.release), environment);
  const accepted = await acceptedDefinition(context, { app, environment });
  const { strategy, prometheus } = strategyOfDeploy(accepted, coming);
  return strategy.signals.flatMap(({ signal, better, source }) => {
    const where = names.includes(signal) ? whereOf(source, prometheus) : null;
    if (where === null) return [];
    const query = { signal, better, source: where };
    // Only what tells variants of flags apart can be said to be a flag's doing.
    const isApart = source.kind === 'prometheus' && tellsVariantsApart(source.query);
    const hasOtherCause = () => context.hasOtherCause({ app, environment }, signal);
    return [isApart ? { ...query, hasOtherCause } : query];
  });
}

/** The manifest sees to it that a query has somebody to ask. Releases are judged by all variants together. */
function whereOf(source: SignalDefinition['source'], prometheus: string | null): SignalSource | null {
  if (source.kind === 'job') return source;
  return prometheus === null
    ? null
    : { kind: 'prometheus', url: prometheus, query: queryForVariant(source.query, null) };
}
