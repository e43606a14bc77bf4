import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Route } from 'playwright-core';
import type { Shop } from '../harness/shop-app.ts';
import { temporaryLotse, type TemporaryLotse } from '../harness/temporary-lotse.ts';
import { DashboardPerson, signInLink } from './dashboard-person.ts';
import { noBrowser, openBrowser } from './user-browser.ts';

// Every page of a real server: while the answer that it is about is still on its way, when that is an error, and when it
// comes after all. Slow and wrong answers are made between browser and server.

interface Case {
  readonly name: string;
  readonly path: string;
  /** What is slow, and fails: an address below /api/v1. */
  readonly asks: string;
  /** Stands on the page once the answer is there. */
  readonly shows: string;
}

/** Skeleton and notice are the same everywhere: barriers are looked for where they stand beside other things. */
const closelyLookedAt: ReadonlySet<string> = new Set(['overview', 'config']);

const place = '/apps/shop/environments/production';
const generalCases: readonly Case[] = [
  { name: 'overview', path: '/apps/shop', asks: '/apps/shop/environments', shows: 'verified here' },
  { name: 'releases', path: '/apps/shop/releases', asks: '/apps/shop/releases', shows: 'Serves in' },
  { name: 'config', path: '/apps/shop/config', asks: `${place}/config`, shows: 'COLOUR' },
  { name: 'secrets', path: '/apps/shop/secrets', asks: `${place}/secrets`, shows: 'MAIL_KEY' },
  { name: 'flags', path: '/apps/shop/flags', asks: `${place}/flags`, shows: 'free-postage' },
  { name: 'jobs', path: '/apps/shop/jobs', asks: `${place}/jobs`, shows: 'sweep' },
  { name: 'notifications', path: '/apps/shop/notifications', asks: `${place}/notifications`, shows: 'Nobody is told' },
  { name: 'journal', path: '/apps/shop/journal', asks: '/apps/shop/journal', shows: 'Rollout ended: Settled' },
  { name: 'people', path: '/access/people', asks: '/people', shows: 'Owner' },
  { name: 'tokens', path: '/access/tokens', asks: '/tokens', shows: 'commands on this machine' },
  { name: 'pipelines', path: '/access/pipelines', asks: '/oidc/rules', shows: 'pipeline' },
];

/** Pages of one release, and of one rollout. */
function casesOf(release: string, rollout: string): readonly Case[] {
  return [
    {
      name: 'release',
      path: `/apps/shop/releases/${release}`,
      asks: '/apps/shop/releases',
      shows: 'What it consists of',
    },
    {
      name: 'rollout',
      path: `/apps/shop/rollouts/${rollout}`,
      asks: `/apps/shop/rollouts/${rollout}`,
      shows: 'Settled',
    },
  ];
}

const flags = { 'free-postage': { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'off' } };
const files = { 'flags.flagd.json': JSON.stringify({ flags }) };
const shop: Shop = {
  watch: '1s',
  config: { COLOUR: 'blue' },
  more: { secrets: ['MAIL_KEY'], jobs: { sweep: { run: 'node verify.mjs', schedule: '0 4 * * *' } } },
};
const failure = { detail: 'The disk of the control plane is full.', hint: 'Make room on it.', code: 'disk-full' };

test(
  'a page says that it loads, then what is wrong, then what it has got after all',
  { skip: noBrowser, timeout: 600_000 },
  async (t) => {
    const browser = await openBrowser();
    t.after(async () => await browser.close());
    const lotse = await temporaryLotse(t);
    const { server } = await lotse.start();
    const { client } = lotse;
    const release = (await client.release(shop, { files })).id;
    await client.ask(`PUT ${place}/secrets/MAIL_KEY`, { value: 'letters' });
    const rollout = (await client.deploy(release)).id;
    const person = await DashboardPerson.arrive(browser);
    await person.signIn(await signInLink(client));
    for (const each of [...generalCases, ...casesOf(release, rollout)])
      await t.test(each.name, async () => await loads(person, server, each));
    await t.test(
      'what was loaded stays when nobody answers, and that is said once: there, or by the banner',
      async () => {
        await staysWithoutAnswers(person, lotse);
      },
    );
    assert.deepEqual(person.complaints, []);
  },
);

/** First one answer does not come, then the control plane is killed. */
async function staysWithoutAnswers(person: DashboardPerson, lotse: TemporaryLotse): Promise<void> {
  const { server } = lotse.plane;
  const { page } = person;
  const isAsked = (url: URL): boolean => url.pathname === `/api/v1${place}/secrets`;
  await page.goto(`${server}/apps/shop/secrets`);
  const content = page.locator('main').getByText('MAIL_KEY').first();
  await content.waitFor();
  await person.untilLive();
  const cut = async (route: Route): Promise<void> => await route.abort('connectionrefused');
  await page.route(isAsked, cut);
  await lotse.client.ask(`PUT ${place}/secrets/MAIL_KEY`, { value: 'other letters' });
  const notice = page.locator('main').getByRole('alert').filter({ hasText: 'The control plane does not answer.' });
  await notice.waitFor();
  await content.waitFor();
  await person.look('an answer that does not come');
  await lotse.plane.end('SIGKILL');
  await page.locator('.live-banner').waitFor();
  await notice.waitFor({ state: 'detached' });
  await content.waitFor();
  await page.unroute(isAsked, cut);
  await lotse.start({ port: Number(new URL(server).port) });
  await person.untilLive();
  await content.waitFor();
  assert.equal(await notice.count(), 0);
}

async function loads(person: DashboardPerson, server: string, { name, path, asks, shows }: Case): Promise<void> {
  const { page } = person;
  const looksClosely = closelyLookedAt.has(name);
  const content = page.locator('main').getByText(shows, { exact: false }).first();
  const isAsked = (url: URL): boolean => url.pathname === `/api/v1${asks}`;
  const late = Promise.withResolvers<void>();
  const answer = async (route: Route): Promise<void> => {
    await late.promise;
    await route.fulfill({ status: 507, contentType: 'application/problem+json', body: JSON.stringify(failure) });
  };
  await page.route(isAsked, answer);
  try {
    await page.goto(`${server}${path}`);
    await page.locator('main .skeleton').getByText('Loading …').first().waitFor({ state: 'attached' });
    assert.equal(await content.count(), 0);
    await (looksClosely ? person.look(`${name} loads`) : person.takePicture(`${name} loads`));
  } finally {
    late.resolve();
  }
  const notice = page.getByRole('alert').filter({ hasText: failure.detail }).first();
  await notice.waitFor();
  await notice.getByText(failure.hint).waitFor();
  await (looksClosely ? person.look(`${name} has failed`) : person.takePicture(`${name} has failed`));
  await page.unroute(isAsked, answer);
  await notice.getByRole('button', { name: 'Try again' }).click();
  await content.waitFor();
  await notice.waitFor({ state: 'detached' });
}
