import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useEffect } from 'react';
import { Redirect, Route, Switch } from 'wouter';
import { problemOf } from '../api/api-error.ts';
import { appsQuery, meQuery } from '../api/queries.ts';
import { NoApp } from '../overview/no-app.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { AppPages } from './app-pages.tsx';
import { fetchAhead } from './fetch-ahead.ts';
import { Frame } from './frame.tsx';
import { NotFound } from './not-found.tsx';
import { later } from '../parts/later.ts';

const SignInPage = lazy(async () => ({ default: (await import('../sign-in/sign-in-page.tsx')).SignInPage }));
const AccessPages = lazy(async () => ({ default: (await later.accessPages()).AccessPages }));

/** Everything but signing in needs somebody who is signed in. */
export function App() {
  return (
    <Switch>
      <Route path="/sign-in">
        <SignIn />
      </Route>
      <Route>
        <SignedIn />
      </Route>
    </Switch>
  );
}

function SignIn() {
  return (
    <Suspense fallback={null}>
      <SignInPage />
    </Suspense>
  );
}

function SignedIn() {
  const me = useQuery(meQuery);
  const isRefused = me.error !== null && problemOf(me.error).status === 401;
  if (isRefused) return <SignIn />;
  return (
    <Frame>
      <Loaded query={me} skeleton={<Skeleton lines={6} />}>
        {() => <Pages />}
      </Loaded>
    </Frame>
  );
}

function Pages() {
  useEffect(fetchAhead, []);
  return (
    <Switch>
      <Route path="/">
        <FirstApp />
      </Route>
      <Route path="/apps/:app/*?">{({ app }) => <AppPages key={app} app={app} />}</Route>
      <Route path="/access/*?">
        <Suspense fallback={<Skeleton lines={6} />}>
          <AccessPages />
        </Suspense>
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
