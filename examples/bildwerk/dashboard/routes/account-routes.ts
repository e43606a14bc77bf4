import { pictures } from '../../model/picture.ts';
import { readForm } from '../http/form.ts';
import { HttpProblem } from '../http/problem.ts';
import { redirect, sendJson, sendPage, wantsJson } from '../http/reply.ts';
import type { Route } from '../http/router.ts';
import { requireSignedIn } from '../http/visit.ts';
import type { Visit } from '../http/visit.ts';
import { layout } from '../pages/layout.ts';
import { accountPage, loginPage, registerPage, welcomePage } from '../pages/sign-in-pages.ts';
import type { Entered } from '../pages/sign-in-pages.ts';
import type { Html } from '../pages/html.ts';

const nothing: Entered = { email: '', name: '' };

export const accountRoutes: readonly Route[] = [
  { method: 'GET', path: '/', answer: welcome },
  {
    method: 'GET',
    path: '/register',
    answer: (visit) => sendPage(visit, layout(visit, 'Register', registerPage(nothing, undefined))),
  },
  { method: 'POST', path: '/register', answer: register },
  {
    method: 'GET',
    path: '/login',
    answer: (visit) => sendPage(visit, layout(visit, 'Sign in', loginPage(nothing, undefined))),
  },
  { method: 'POST', path: '/login', answer: login },
  { method: 'POST', path: '/logout', answer: logout },
  { method: 'GET', path: '/account', answer: (visit) => showAccount(visit, undefined, 200) },
  { method: 'POST', path: '/account/delete', answer: deleteAccount },
];

function welcome(visit: Visit): void {
  if (visit.signedIn !== undefined) return redirect(visit, '/pictures');
  sendPage(visit, layout(visit, 'Welcome', welcomePage));
}

/** `verification=yes` marks all that this account uploads as work of a verification. */
async function register(visit: Visit): Promise<void> {
  const form = await readForm(visit.request);
  const entered = { email: field(form, 'email'), name: field(form, 'name') };
  const registration = {
    ...entered,
    password: form.get('password') ?? '',
    verification: form.get('verification') === 'yes',
  };
  await orAgain(
    visit,
    'Register',
    (problem) => registerPage(entered, problem),
    async () => {
      await begin(visit, await visit.app.accounts.register(registration), 201);
    },
  );
}

async function login(visit: Visit): Promise<void> {
  const form = await readForm(visit.request);
  const entered = { email: field(form, 'email'), name: '' };
  await orAgain(
    visit,
    'Sign in',
    (problem) => loginPage(entered, problem),
    async () => {
      await begin(visit, await visit.app.accounts.signIn(entered.email, form.get('password') ?? ''), 200);
    },
  );
}

async function logout(visit: Visit): Promise<void> {
  if (visit.signedIn !== undefined) {
    visit.response.setHeader('set-cookie', await visit.app.sessions.end(visit.signedIn.sessionId, visit.request));
  }
  if (wantsJson(visit)) sendJson(visit, { signedIn: false });
  else redirect(visit, '/');
}

async function deleteAccount(visit: Visit): Promise<void> {
  const { accountId, sessionId } = requireSignedIn(visit);
  const form = await readForm(visit.request);
  try {
    await visit.app.accounts.remove(accountId, form.get('password') ?? '');
  } catch (error) {
    if (!(error instanceof HttpProblem) || wantsJson(visit)) throw error;
    return showAccount(visit, error.message, error.status);
  }
  visit.response.setHeader('set-cookie', await visit.app.sessions.end(sessionId, visit.request));
  if (wantsJson(visit)) sendJson(visit, { deleted: true });
  else redirect(visit, '/');
}

async function showAccount(visit: Visit, problem: string | undefined, status: number): Promise<void> {
  const { accountId, account } = requireSignedIn(visit);
  const count = (await pictures(visit.app.stores.documents).where('owner', '==', accountId).get()).length;
  sendPage(visit, layout(visit, 'Account', accountPage(account.name, account.email, count, problem)), status);
}

async function begin(visit: Visit, accountId: string, status: number): Promise<void> {
  visit.response.setHeader('set-cookie', await visit.app.sessions.begin(accountId, visit.request));
  if (wantsJson(visit)) sendJson(visit, { signedIn: true }, status);
  else redirect(visit, '/pictures');
}

/** People get their form back with the reason above it. */
async function orAgain(
  visit: Visit,
  title: string,
  page: (problem: string) => Html,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof HttpProblem) || wantsJson(visit)) throw error;
    sendPage(visit, layout(visit, title, page(error.message)), error.status);
  }
}

function field(form: URLSearchParams, name: string): string {
  return (form.get(name) ?? '').trim();
}
