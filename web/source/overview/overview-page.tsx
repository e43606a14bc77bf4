import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import type { EnvironmentViewModel } from '../../../src/capabilities/releases/releases-api.ts';
import { environmentsQuery, journalLength, journalQuery, releasesQuery } from '../api/queries.ts';
import { EventList } from '../journal/event-list.tsx';
import { isNotable, withoutRepeats } from '../journal/event-words.ts';
import { Loaded } from '../parts/loaded.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { Lane } from './lane.tsx';
import { NoEnvironment } from './no-app.tsx';
import { orderEnvironments } from './order-environments.ts';
import { WaitingPanel } from './waiting-panel.tsx';

/** Every environment of an app as a lane, what waits for a person, and what happened last. */
export function OverviewPage({ app }: { readonly app: string }) {
  const { t } = useTranslation();
  const environments = useQuery(environmentsQuery(app));
  return (
    <>
      <h1 className="only-read">{`${app}: ${t('overview.title')}`}</h1>
      <div className="overview">
        <div className="lanes">
          <Loaded query={environments} skeleton={<Skeleton lines={9} />}>
            {(list) => <Lanes app={app} environments={orderEnvironments(list)} />}
          </Loaded>
        </div>
        <LatestEvents app={app} />
      </div>
    </>
  );
}

interface LanesProps {
  readonly app: string;
  readonly environments: readonly EnvironmentViewModel[];
}

function Lanes({ app, environments }: LanesProps) {
  const releases = useQuery(releasesQuery(app)).data ?? [];
  if (environments.length === 0) return <NoEnvironment />;
  return (
    <>
      <WaitingPanel environments={environments} />
      {environments.map((environment) => (
        <Lane
          key={environment.environment}
          environment={environment}
          subject={releases.find((release) => release.id === environment.release)?.subject ?? null}
        />
      ))}
    </>
  );
}

const shownEvents = 9;

function LatestEvents({ app }: { readonly app: string }) {
  const { t } = useTranslation();
  const events = useQuery(journalQuery(app, null, journalLength.overview));
  return (
    <section className="latest" aria-labelledby="latest-title">
      <h2 id="latest-title" className="label">
        {t('overview.lastEvents')}
      </h2>
      <Loaded query={events} skeleton={<Skeleton lines={5} />}>
        {(list) => (
          <EventList app={app} events={withoutRepeats(list.filter(isNotable)).slice(-shownEvents)} isCompact />
        )}
      </Loaded>
      <Link href={`/apps/${app}/journal`} className="more">
        {t('overview.wholeJournal')}
      </Link>
    </section>
  );
}
