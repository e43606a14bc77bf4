import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import type { EnvironmentViewModel } from '../../../src/capabilities/releases/releases-api.ts';
import { environmentsQuery } from '../api/queries.ts';
import { NoEnvironment } from '../overview/no-app.tsx';
import { orderEnvironments } from '../overview/order-environments.ts';
import { Loaded } from './loaded.tsx';
import { Skeleton } from './skeleton.tsx';

export type PageName = 'config' | 'secrets' | 'flags' | 'jobs' | 'notifications' | 'logs' | 'compare';

interface InEnvironmentProps {
  readonly app: string;
  readonly page: PageName;
  /** As in the address; null: the last in the order, which is what matters most. */
  readonly wanted: string | null;
  readonly children: (environment: EnvironmentViewModel) => ReactNode;
}

/** A page about one environment: its head, the choice of another one, and what is to be seen there. */
export function InEnvironment({ app, page, wanted, children }: InEnvironmentProps) {
  const { t } = useTranslation();
  const query = useQuery(environmentsQuery(app));
  const ordered = orderEnvironments(query.data ?? []);
  const chosen = wanted === null ? ordered.at(-1) : ordered.find((each) => each.environment === wanted);
  return (
    <>
      <header className="page-head page-head-wide">
        <div>
          <h1>{t(`nav.${page}`)}</h1>
          <p className="quiet">{t(`intro.${page}`)}</p>
        </div>
        {ordered.length < 2 ? null : (
          <EnvironmentLinks base={`/apps/${app}/${page}`} all={ordered} chosen={chosen?.environment ?? null} />
        )}
      </header>
      <Loaded query={query} skeleton={<Skeleton lines={9} />}>
        {() => {
          if (ordered.length === 0) return <NoEnvironment />;
          if (chosen === undefined)
            return <p className="quiet">{t('state.noSuchEnvironment', { name: wanted ?? '' })}</p>;
          return children(chosen);
        }}
      </Loaded>
    </>
  );
}

interface EnvironmentLinksProps {
  readonly base: string;
  readonly all: readonly EnvironmentViewModel[];
  readonly chosen: string | null;
}

function EnvironmentLinks({ base, all, chosen }: EnvironmentLinksProps) {
  const { t } = useTranslation();
  return (
    <nav className="segments" aria-label={t('journal.environment')}>
      {all.map(({ environment }) => (
        <Link
          key={environment}
          href={`${base}/${encodeURIComponent(environment)}`}
          aria-current={environment === chosen ? 'page' : undefined}
        >
          {environment}
        </Link>
      ))}
    </nav>
  );
}
