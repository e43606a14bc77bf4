import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';

export function NotFound() {
  const { t } = useTranslation();
  return (
    <div className="notice">
      <p className="notice-title">{t('state.notFound')}</p>
      <Link href="/">{t('state.toOverview')}</Link>
    </div>
  );
}
