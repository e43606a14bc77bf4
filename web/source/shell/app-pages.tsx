import { lazy, Suspense } from 'react';
import { Route, Switch } from 'wouter';
import { OverviewPage } from '../overview/overview-page.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { NotFound } from './not-found.tsx';
import { later } from '../parts/later.ts';

// The overview comes with the first load; every other page comes when it is asked for.
const ComparePage = lazy(async () => ({ default: (await later.comparePage()).ComparePage }));
const ConfigPage = lazy(async () => ({ default: (await later.configPage()).ConfigPage }));
const FlagsPage = lazy(async () => ({ default: (await later.flagsPage()).FlagsPage }));
const JobsPage = lazy(async () => ({ default: (await later.jobsPage()).JobsPage }));
const JournalPage = lazy(async () => ({ default: (await later.journalPage()).JournalPage }));
const LogsPage = lazy(async () => ({ default: (await later.logsPage()).LogsPage }));
const NotificationsPage = lazy(async () => ({
  default: (await later.notificationsPage()).NotificationsPage,
}));
const ReleasePage = lazy(async () => ({ default: (await later.releasePage()).ReleasePage }));
const ReleasesPage = lazy(async () => ({ default: (await later.releasesPage()).ReleasesPage }));
const RolloutPage = lazy(async () => ({ default: (await later.rolloutPage()).RolloutPage }));
const SecretsPage = lazy(async () => ({ default: (await later.secretsPage()).SecretsPage }));

/** Every page about one app. */
export function AppPages({ app }: { readonly app: string }) {
  return (
    <Suspense fallback={<Skeleton lines={9} />}>
      <Switch>
        <Route path="/apps/:app">
          <OverviewPage app={app} />
        </Route>
        <Route path="/apps/:app/releases">
          <ReleasesPage app={app} />
        </Route>
        <Route path="/apps/:app/releases/:release">
          {({ release }) => <ReleasePage key={release} app={app} release={release} />}
        </Route>
        <Route path="/apps/:app/rollouts/:rollout">
          {({ rollout }) => <RolloutPage key={rollout} app={app} rollout={rollout} />}
        </Route>
        <Route path="/apps/:app/journal">
          <JournalPage app={app} />
        </Route>
        <Route path="/apps/:app/logs/:place?">{({ place }) => <LogsPage app={app} wanted={place ?? null} />}</Route>
        <Route path="/apps/:app/compare/:place?">
          {({ place }) => <ComparePage app={app} wanted={place ?? null} />}
        </Route>
        <Route path="/apps/:app/config/:place?">{({ place }) => <ConfigPage app={app} wanted={place ?? null} />}</Route>
        <Route path="/apps/:app/secrets/:place?">
          {({ place }) => <SecretsPage app={app} wanted={place ?? null} />}
        </Route>
        <Route path="/apps/:app/flags/:place?">{({ place }) => <FlagsPage app={app} wanted={place ?? null} />}</Route>
        <Route path="/apps/:app/jobs/:place?">{({ place }) => <JobsPage app={app} wanted={place ?? null} />}</Route>
        <Route path="/apps/:app/notifications/:place?">
          {({ place }) => <NotificationsPage app={app} wanted={place ?? null} />}
        </Route>
        <Route>
          <NotFound />
        </Route>
      </Switch>
    </Suspense>
  );
}
