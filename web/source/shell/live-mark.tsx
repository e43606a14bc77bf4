import { useTranslation } from 'react-i18next';
import { useLive } from './live-provider.tsx';

/** Says in a corner whether the page is live; the banner says it loudly when it is not. */
export function LiveMark() {
  const { t } = useTranslation();
  const { kind } = useLive().state;
  const label = kind === 'lost' ? '' : t(`live.${kind}`);
  if (kind === 'lost') return null;
  return (
    <span className="live-mark" data-kind={kind}>
      <span className="live-dot" aria-hidden="true" />
      {label}
    </span>
  );
}
