import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useLocation } from 'wouter';
import { appsQuery } from '../api/queries.ts';
import { BrandMark } from './brand-mark.tsx';
import { Boundary } from './boundary.tsx';
import { LiveBanner } from './live-banner.tsx';
import { LiveMark } from './live-mark.tsx';
import { LanguageSwitch, ThemeSwitch } from './switches.tsx';
import { Person } from './person.tsx';

/** What stands around every page. */
export function Frame({ children }: { readonly children: ReactNode }) {
  const { t } = useTranslation();
  const app = useAppInAddress();
  return (
    <>
      <a className="skip" href="#content">
        {t('nav.skip')}
      </a>
      <header className="top">
        <div className="top-row">
          <Link href="/" className="brand">
            <BrandMark />
            <span>Lotse</span>
          </Link>
          <AppChoice app={app} />
          <div className="top-tools">
            <LiveMark />
            <LanguageSwitch />
            <ThemeSwitch />
            <Person />
          </div>
        </div>
        {app === null ? null : <Pages app={app} />}
      </header>
      <LiveBanner />
      <main id="content" className="content" tabIndex={-1}>
        <Boundary>{children}</Boundary>
      </main>
    </>
  );
}

function useAppInAddress(): string | null {
  const [path] = useLocation();
  const name = /^\/apps\/([^/]+)/.exec(path)?.[1];
  return name === undefined ? null : decodeURIComponent(name);
}

/** With one app there is nothing to choose. */
function AppChoice({ app }: { readonly app: string | null }) {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const apps = useQuery(appsQuery).data ?? [];
  if (app === null) return null;
  if (apps.length < 2) return <span className="app-name">{app}</span>;
  return (
    <select
      className="app-name"
      aria-label={t('nav.apps')}
      value={app}
      onChange={(event) => navigate(`/apps/${event.target.value}`)}
    >
      {apps.map((each) => (
        <option key={each.app}>{each.app}</option>
      ))}
    </select>
  );
}

function Pages({ app }: { readonly app: string }) {
  const { t } = useTranslation();
  const [path] = useLocation();
  const base = `/apps/${app}`;
  const pages = [
    { href: base, label: t('nav.overview'), isHere: path === base || path.startsWith(`${base}/rollouts`) },
    { href: `${base}/releases`, label: t('nav.releases'), isHere: path === `${base}/releases` },
    { href: `${base}/journal`, label: t('nav.journal'), isHere: path === `${base}/journal` },
  ];
  return (
    <nav className="pages" aria-label={t('nav.main')}>
      {pages.map(({ href, label, isHere }) => (
        <Link key={href} href={href} aria-current={isHere ? 'page' : undefined}>
          {label}
        </Link>
      ))}
    </nav>
  );
}
