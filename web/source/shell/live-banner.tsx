import { RefreshCw, Unplug } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { formatRelative, formatRunning } from '../language/format.ts';
import { useLocale } from '../language/use-locale.ts';
import { useNow } from '../parts/use-now.ts';
import { useLive } from './live-provider.tsx';

/** The page never looks live when it is not. */
export function LiveBanner() {
  const { state, connectNow } = useLive();
  const { t } = useTranslation();
  const language = useLocale();
  const now = useNow(state.kind === 'lost' ? 1_000 : null);
  if (state.kind !== 'lost') return null;
  const { lastSeenAt, nextTryAt } = state;
  const ago = lastSeenAt === null ? null : formatRelative(Math.min(lastSeenAt, now), now, language);
  return (
    <div className="live-banner">
      <Unplug aria-hidden="true" />
      <p>
        <strong>{ago === null ? t('live.never') : t('live.lost', { ago })}</strong>
        {/* Read aloud once: the rest changes every second. */}
        <output>{t('live.stale')}</output>
        <span className="quiet">{t('live.nextTry', { in: formatRunning(nextTryAt - now, language) })}</span>
      </p>
      <button type="button" className="button" onClick={connectNow}>
        <RefreshCw aria-hidden="true" />
        {t('live.tryNow')}
      </button>
    </div>
  );
}
