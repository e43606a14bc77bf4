import { useTranslation } from 'react-i18next';
import { Link, useLocation } from 'wouter';

const pages = ['account', 'people', 'tokens', 'pipelines'] as const;

/** Between the pages that belong to no app. */
export function AccessNav() {
  const { t } = useTranslation();
  const [path] = useLocation();
  if (!path.startsWith('/access')) return null;
  return (
    <nav className="pages" aria-label={t('access.nav.label')}>
      {pages.map((page) => {
        const href = page === 'account' ? '/access' : `/access/${page}`;
        return (
          <Link key={page} href={href} aria-current={path === href ? 'page' : undefined}>
            {t(`access.nav.${page}`)}
          </Link>
        );
      })}
    </nav>
  );
}
