import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { RolloutView } from '../../../src/capabilities/releases/releases-api.ts';
import { environmentsQuery, longestSeriesMs, seriesQuery } from '../api/queries.ts';
import { useNow } from '../parts/use-now.ts';
import { intervalsOf } from './compared-traffic.ts';
import { hasEnded } from './step-progress.ts';
import { later } from '../parts/later.ts';

const ComparisonCharts = lazy(async () => ({ default: (await later.comparisonCharts()).ComparisonCharts }));

/** Before that a line says nothing. */
const fewestIntervals = 2;
/** Of more services the others are a click away. */
const openServices = 3;
/** What was before a rollout, and after it, is shown for so long, in milliseconds. */
const besideMs = 300_000;

interface ComparisonProps {
  readonly rollout: RolloutView;
}

/** Both revisions side by side: requests, failures and how long they take, from before the rollout began until now. */
export function Comparison({ rollout }: ComparisonProps) {
  const services = useServices(rollout);
  const now = useNow(null);
  if (services.length === 0 || !isKept(rollout, now)) return null;
  const shown = services.slice(0, openServices);
  const others = services.slice(openServices);
  return (
    <>
      {shown.map((service) => (
        <ServiceComparison key={service} rollout={rollout} service={service} isOnly={services.length === 1} />
      ))}
      {others.map((service) => (
        <OtherService key={service} rollout={rollout} service={service} />
      ))}
    </>
  );
}

/** Is anything of its time still kept? */
export function isKept({ endedAt }: RolloutView, now: number): boolean {
  return endedAt === null || now - endedAt < longestSeriesMs;
}

/** What the judge counts, else every web service. */
function useServices({ app, environment, judged }: RolloutView): readonly string[] {
  const environments = useQuery(environmentsQuery(app)).data ?? [];
  const counted = (judged?.findings ?? []).flatMap(({ metric, service }) =>
    metric === 'failures' && service !== null ? [service] : [],
  );
  if (counted.length > 0) return [...new Set(counted)];
  const services = environments.find((each) => each.environment === environment)?.services ?? [];
  return services.filter(({ kind }) => kind === 'web').map(({ service }) => service);
}

interface ServiceProps {
  readonly rollout: RolloutView;
  readonly service: string;
}

function OtherService({ rollout, service }: ServiceProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details className="comparison-other" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{service}</summary>
      {isOpen ? <ServiceComparison rollout={rollout} service={service} isOnly /> : null}
    </details>
  );
}

function ServiceComparison({ rollout, service, isOnly }: ServiceProps & { readonly isOnly: boolean }) {
  const { t } = useTranslation();
  const { app, environment, startedAt, endedAt } = rollout;
  const query = useQuery(seriesQuery({ app, environment }, service, startedAt - besideMs));
  const span = { from: startedAt - besideMs, to: (endedAt ?? Infinity) + besideMs };
  const intervals = query.data === undefined ? [] : intervalsOf(query.data, service, rollout.revision, span);
  return (
    <section className="comparison" aria-label={t('compare.title', { service })}>
      {isOnly ? null : <h3 className="label">{service}</h3>}
      {intervals.length < fewestIntervals ? (
        <p className="quiet">{t(hasEnded(rollout) ? 'compare.gone' : 'compare.soon')}</p>
      ) : (
        <Suspense fallback={<p className="quiet">{t('state.loading')}</p>}>
          <ComparisonCharts intervals={intervals} />
        </Suspense>
      )}
    </section>
  );
}
