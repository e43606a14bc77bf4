import 'uplot/dist/uPlot.min.css';
import { useTranslation } from 'react-i18next';
import type { Interval } from './compared-traffic.ts';
import { SideChart } from './side-chart.tsx';
import { useTheme } from './use-theme.ts';

interface ComparisonChartsProps {
  readonly intervals: readonly Interval[];
}

export function ComparisonCharts({ intervals }: ComparisonChartsProps) {
  const { t } = useTranslation();
  const theme = useTheme();
  return (
    <>
      <p className="comparison-keys">
        <span className="comparison-key" data-of="new">
          {t('judge.new')}
        </span>
        <span className="comparison-key" data-of="old">
          {t('judge.old')}
        </span>
      </p>
      <div className="comparison-charts">
        <SideChart
          key={`requests/${theme}`}
          title={t('compare.requests')}
          intervals={intervals}
          valueOf={(traffic) => traffic.requestsPerS}
          unit="count"
        />
        <SideChart
          key={`failed/${theme}`}
          title={t('compare.failed')}
          intervals={intervals}
          valueOf={(traffic) => traffic.failed}
          unit="rate"
        />
        <SideChart
          key={`duration/${theme}`}
          title={t('compare.duration')}
          intervals={intervals}
          valueOf={(traffic) => traffic.p95Ms}
          unit="duration"
        />
      </div>
    </>
  );
}
