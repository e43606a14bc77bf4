import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { JudgedView } from '../../../src/capabilities/releases/judgement-api.ts';
import { formatDuration } from '../language/format.ts';
import { useLocale } from '../language/use-locale.ts';
import { countedServices, intervalsOf, latestThreshold, lookOf, withLook, type Look } from './looks.ts';

const ComparisonCharts = lazy(async () => ({ default: (await import('./comparison-charts.tsx')).ComparisonCharts }));

/** Before that a line says nothing. */
const fewestIntervals = 2;

/** Both revisions side by side, from when the page began to look: requests, failures, and how many are late. */
export function Comparison({ judged }: { readonly judged: JudgedView }) {
  const [service = null, ...others] = countedServices(judged);
  if (service === null) return null;
  return [service, ...others].map((each) => (
    <ServiceComparison key={each} judged={judged} service={each} isOnly={others.length === 0} />
  ));
}

interface ServiceComparisonProps {
  readonly judged: JudgedView;
  readonly service: string;
  readonly isOnly: boolean;
}

function ServiceComparison({ judged, service, isOnly }: ServiceComparisonProps) {
  const { t } = useTranslation();
  const language = useLocale();
  const looks = useLooks(judged, service);
  const intervals = intervalsOf(looks);
  const threshold = latestThreshold(judged.findings.filter((finding) => finding.service === service))?.thresholdMs;
  const late = threshold == null ? null : t('judge.metrics.late', { after: formatDuration(threshold, language) });
  return (
    <section className="comparison" aria-label={t('compare.title', { service })}>
      {isOnly ? null : <h3 className="label">{service}</h3>}
      {intervals.length < fewestIntervals ? (
        <p className="quiet">{t('compare.soon')}</p>
      ) : (
        <Suspense fallback={<p className="quiet">{t('state.loading')}</p>}>
          <ComparisonCharts intervals={intervals} late={late} />
        </Suspense>
      )}
    </section>
  );
}

/** Each answer of the server is one look more. */
function useLooks(judged: JudgedView, service: string): readonly Look[] {
  const [looks, setLooks] = useState<readonly Look[]>([]);
  const look = lookOf(judged, service);
  const all = look === null ? looks : withLook(looks, look);
  if (all !== looks) setLooks(all);
  return all;
}
