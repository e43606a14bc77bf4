import { useTranslation } from 'react-i18next';
import type { EnvironmentViewModel } from '../../../src/capabilities/releases/releases-api.ts';
import { formatPermille } from '../language/format.ts';
import { useLocale } from '../language/use-locale.ts';
import { cssVariables } from '../parts/css-variables.ts';
import { ReleaseName } from '../parts/release-name.tsx';

/** Who gets which share of the requests; the largest share is the darkest and comes first. */
export function TrafficShares({ shares }: { readonly shares: EnvironmentViewModel['shares'] }) {
  const { t } = useTranslation();
  const language = useLocale();
  const sorted = [...shares].sort((left, right) => right.permille - left.permille);
  if (sorted.length === 0) return null;
  return (
    <div className="shares">
      <h3 className="label">{t('overview.shares')}</h3>
      <div className="share-bar" aria-hidden="true">
        {sorted.map(({ revision, permille }, index) => (
          <span key={revision} data-rank={index} ref={cssVariables({ '--share': permille })} />
        ))}
      </div>
      <ul className="share-words">
        {sorted.map(({ revision, release, permille }, index) => (
          <li key={revision} data-rank={index}>
            <span className="share-key" aria-hidden="true" />
            <b>{formatPermille(permille, language)}</b> <ReleaseName id={release} />
          </li>
        ))}
      </ul>
    </div>
  );
}
