import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link, Redirect, Route, Switch } from 'wouter';
import { problemOf } from '../api/api-error.ts';
import { appsQuery, meQuery } from '../api/queries.ts';
import { JournalPage } from '../journal/journal-page.tsx';
import { NoApp } from '../overview/no-app.tsx';
import { OverviewPage } from '../overview/overview-page.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { ReleasesPage } from '../releases/releases-page.tsx';
import { RolloutPage } from '../rollout/rollout-page.tsx';
import { SignInPage } from '../sign-in/sign-in-page.tsx';
import { Frame } from './frame.tsx';

/** Everything but signing in needs somebody who is signed in. */
export function App() {
  return (
    <Switch>
      <Route path="/sign-in">
        <SignInPage />
      </Route>
      <Route>
        <SignedIn />
      </Route>
    </Switch>
  );
}

function SignedIn() {
  const me = useQuery(meQuery);
  const isRefused = me.error !== null && problemOf(me.error).status === 401;
  if (isRefused) return <SignInPage />;
  return (
    <Frame>
      <Loaded query={me} skeleton={<Skeleton lines={6} />}>
        {() => <Pages />}
      </Loaded>
    </Frame>
  );
}

function Pages() {
  return (
    <Switch>
      <Route path="/">
        <FirstApp />
      </Route>
      <Route path="/apps/:app">{({ app }) => <OverviewPage key={app} app={app} />}</Route>
      <Route path="/apps/:app/releases">{({ app }) => <ReleasesPage key={app} app={app} />}</Route>
      <Route path="/apps/:app/journal">{({ app }) => <JournalPage key={app} app={app} />}</Route>
      <Route path="/apps/:app/rollouts/:rollout">
        {({ app, rollout }) => <RolloutPage key={rollout} app={app} rollout={rollout} />}
      </Route>
      <Route>
        <NotFound />
      </Route>
    </Switch>
  );
}

function FirstApp() {
  const apps = useQuery(appsQuery);
  return (
    <Loaded query={apps} skeleton={<Skeleton lines={6} />}>
      {([first]) => (first === undefined ? <NoApp /> : <Redirect to={`/apps/${first.app}`} replace />)}
    </Loaded>
  );
}

function NotFound() {
  const { t } = useTranslation();
  return (
    <div className="notice">
      <p className="notice-title">{t('state.notFound')}</p>
      <Link href="/">{t('state.toOverview')}</Link>
    </div>
  );
}
