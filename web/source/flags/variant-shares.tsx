import { useTranslation } from 'react-i18next';
import { formatPermille } from '../language/format.ts';
import { useLocale } from '../language/use-locale.ts';
import { cssVariables } from '../parts/css-variables.ts';
import type { VariantShare } from './flag-shares.ts';

/** Which variant goes to which part of the users; patterns tell them apart where colours do not. */
export function VariantShares({ shares }: { readonly shares: readonly VariantShare[] }) {
  const { t } = useTranslation();
  const language = useLocale();
  if (shares.length === 0) return <p className="quiet">{t('flags.codeDecides')}</p>;
  return (
    <div className="shares variant-shares">
      <div className="share-bar" aria-hidden="true">
        {shares.map(({ variant, percent }, index) => (
          <span key={variant} data-rank={index % 3} ref={cssVariables({ '--share': percent })} />
        ))}
      </div>
      <ul className="share-words">
        {shares.map(({ variant, percent }, index) => (
          <li key={variant} data-rank={index % 3}>
            <span className="share-key" aria-hidden="true" />
            <b>{formatPermille(percent * 10, language)}</b> <code>{variant}</code>
          </li>
        ))}
      </ul>
    </div>
  );
}
