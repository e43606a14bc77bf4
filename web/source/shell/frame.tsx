import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useLocation } from 'wouter';
import { AccessNav } from '../access/access-nav.tsx';
import { appsQuery } from '../api/queries.ts';
import { PaletteButton } from '../palette/palette-button.tsx';
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
            <PaletteButton app={app} />
            <LanguageSwitch />
            <ThemeSwitch />
            <Person />
          </div>
        </div>
        {app === null ? <AccessNav /> : <Pages app={app} />}
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

const appPages = ['releases', 'logs', 'config', 'secrets', 'flags', 'jobs', 'notifications', 'journal'] as const;

/** On a narrow screen the pages are a line that is pushed sideways. */
function showCurrent(nav: HTMLElement | null): void {
  const current = nav?.querySelector<HTMLElement>('[aria-current]') ?? null;
  if (nav !== null && current !== null)
    nav.scrollLeft = current.offsetLeft - (nav.clientWidth - current.offsetWidth) / 2;
}

function Pages({ app }: { readonly app: string }) {
  const { t } = useTranslation();
  const [path] = useLocation();
  const base = `/apps/${app}`;
  const isBelow = (page: string) => path === `${base}/${page}` || path.startsWith(`${base}/${page}/`);
  const pages = [
    { href: base, label: t('nav.overview'), isHere: path === base || isBelow('rollouts') },
    ...appPages.map((page) => ({
      href: `${base}/${page}`,
      label: t(`nav.${page}`),
      isHere: isBelow(page) || (page === 'config' && isBelow('compare')),
    })),
  ];
  return (
    <nav ref={(nav) => showCurrent(nav)} className="pages" aria-label={t('nav.main')}>
      {pages.map(({ href, label, isHere }) => (
        <Link key={href} href={href} aria-current={isHere ? 'page' : undefined}>
          {label}
        </Link>
      ))}
    </nav>
  );
}
