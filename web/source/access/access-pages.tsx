import { Redirect, Route, Switch } from 'wouter';
import { AccountPage } from './account-page.tsx';
import { PeoplePage } from './people-page.tsx';
import { PipelinesPage } from './pipelines-page.tsx';
import { TokensPage } from './tokens-page.tsx';

/** All below `/access`: loaded when somebody goes there. */
export function AccessPages() {
  return (
    <Switch>
      <Route path="/access">
        <AccountPage />
      </Route>
      <Route path="/access/people">
        <PeoplePage />
      </Route>
      <Route path="/access/tokens">
        <TokensPage />
      </Route>
      <Route path="/access/pipelines">
        <PipelinesPage />
      </Route>
      <Route>
        <Redirect to="/access" replace />
      </Route>
    </Switch>
  );
}
