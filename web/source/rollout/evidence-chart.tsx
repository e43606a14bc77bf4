import { useTranslation } from 'react-i18next';
import type { JudgedView } from '../../../src/capabilities/releases/judgement-api.ts';
import { formatClock } from '../language/format.ts';
import { useLocale } from '../language/use-locale.ts';

type Points = JudgedView['points'];

const size = { width: 640, height: 150, top: 12, bottom: 4 };
/** Evidence is shown from none to a little more than what is needed. */
const most = 1.15;

/** How the evidence for harm and for health grew, each to the line at which it decides. */
export function EvidenceChart({ points }: { readonly points: Points }) {
  const { t } = useTranslation();
  const language = useLocale();
  const [first, last] = [points[0]?.at ?? 0, points.at(-1)?.at ?? 0];
  const x = (at: number) => (size.width * (at - first)) / Math.max(1, last - first);
  const y = (part: number) => {
    const shown = Math.min(most, Math.max(0, part)) / most;
    return size.height - size.bottom - shown * (size.height - size.top - size.bottom);
  };
  const line = (of: 'harm' | 'health') =>
    points.map((point) => `${x(point.at).toFixed(1)},${y(point[of]).toFixed(1)}`).join(' ');
  const now = points.at(-1);
  const percent = (part: number) => new Intl.NumberFormat(language, { style: 'percent' }).format(Math.max(0, part));
  const words = t('judge.chart', { harm: percent(now?.harm ?? 0), health: percent(now?.health ?? 0) });
  return (
    <figure className="evidence">
      <p className="only-read">{words}</p>
      <svg viewBox={`0 0 ${size.width} ${size.height}`} preserveAspectRatio="none" aria-hidden="true">
        <line className="evidence-floor" x1="0" x2={size.width} y1={y(0)} y2={y(0)} />
        <line className="evidence-enough" x1="0" x2={size.width} y1={y(1)} y2={y(1)} />
        <polyline className="evidence-health" points={line('health')} />
        <polyline className="evidence-harm" points={line('harm')} />
      </svg>
      <p className="evidence-times" aria-hidden="true">
        <time>{formatClock(first, language)}</time>
        <time>{formatClock(last, language)}</time>
      </p>
      <figcaption>
        <span className="evidence-key" data-of="harm">
          {t('judge.harmKey', { part: percent(now?.harm ?? 0) })}
        </span>
        <span className="evidence-key" data-of="health">
          {t('judge.healthKey', { part: percent(now?.health ?? 0) })}
        </span>
        <span className="evidence-key" data-of="enough">
          {t('judge.enoughKey')}
        </span>
      </figcaption>
    </figure>
  );
}
