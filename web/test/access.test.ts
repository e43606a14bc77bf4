import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test, type TestContext } from 'node:test';
import type { BrowserContext, CDPSession, Page } from 'playwright-core';
import { z } from 'zod';
import { route } from '../../src/api/route.ts';
import { builtPage, cannotRun, launchBrowser } from '../../test/fixtures/dashboard/open-dashboard.ts';
import { temporaryServer, type TemporaryServer } from '../../test/harness/temporary-server.ts';

const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const password = 'plum harbour seven lanterns';
const waitMs = 30_000;
const system = { kind: 'system', id: 'lotse' } as const;
const hostile = '<img src=x onerror="document.title=1">';
const noApps = route({
  at: 'GET /apps',
  summary: 'none',
  role: 'viewer',
  answer: z.array(z.unknown()),
  handle: () => [{ app: 'shop', environments: ['staging', 'production'], createdAt: 1 }],
});

interface Story {
  readonly server: TemporaryServer;
  /** With a name, as passkeys need it. */
  readonly address: string;
  newContext(): Promise<BrowserContext>;
  /** What the browser complained about: refused scripts and styles. */
  readonly complaints: string[];
}

async function openStory(t: TestContext): Promise<Story> {
  const server = await temporaryServer(t, { routes: [noApps], webFolder: builtPage });
  const browser = await launchBrowser();
  t.after(() => browser.close());
  const complaints: string[] = [];
  return {
    ...{ server, complaints, address: server.url.replace('127.0.0.1', 'localhost') },
    async newContext() {
      const context = await browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce' });
      context.setDefaultTimeout(waitMs);
      context.on('console', (message) => {
        const isRefusal = message.text().startsWith('Failed to load resource');
        if (message.type() === 'error' && !isRefusal) complaints.push(message.text());
      });
      context.on('weberror', (error) => complaints.push(String(error.error())));
      return context;
    },
  };
}

/** A page whose device makes passkeys and never asks anybody (WebDriver's virtual authenticator). */
async function pageWithAuthenticator(context: BrowserContext): Promise<{ page: Page; device: CDPSession; id: string }> {
  const page = await context.newPage();
  const device = await context.newCDPSession(page);
  await device.send('WebAuthn.enable');
  const { authenticatorId: id } = await device.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      ...{ protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true },
      ...{ isUserVerified: true, automaticPresenceSimulation: true },
    },
  });
  return { page, device, id };
}

async function signInByLink({ server, address }: Story, page: Page, person: string): Promise<void> {
  const { secret } = await server.accounts.sessions.createLink(person, system);
  await page.goto(`${address}/sign-in#${secret}`);
  await page.waitForURL(`${address}/`);
  assert.ok(!page.url().includes(secret), 'the secret has left the address');
}

async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
}

/** Serious and critical findings of axe-core, and what is wider than the page. */
async function assertFine(page: Page, what: string): Promise<void> {
  await page.evaluate(readFileSync(axePath, 'utf8'));
  const found: { violations: { id: string; impact: string; nodes: { html: string }[] }[] } = await page.evaluate(
    'axe.run(document, { resultTypes: ["violations"] })',
  );
  const serious = found.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  assert.deepEqual(
    serious.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`)),
    [],
    what,
  );
  const isWide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  assert.equal(isWide, false, `${what} is wider than the screen`);
}

test('people sign in, invite, and sign out everywhere', { skip: cannotRun, timeout: 170_000 }, async (t) => {
  const story = await openStory(t);
  const { server, address } = story;
  const owner = await server.accounts.people.ensureOwner();
  const context = await story.newContext();
  const { page, device, id } = await pageWithAuthenticator(context);

  await t.test('a link signs in, a passkey is made, and signs in the next time', async () => {
    const { secret } = await server.accounts.sessions.createLink(owner.id, system);
    await page.goto(`${server.url}/sign-in#${secret}`);
    await page.getByRole('link', { name: 'Your account: Owner' }).click();
    await page.getByText('A link signs you in once.', { exact: false }).waitFor();
    await page.getByRole('button', { name: `Go on at ${address}` }).click();
    await page.waitForURL(`${address}/`);
    await page.getByRole('link', { name: 'Your account: Owner' }).click();
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByText('never used', { exact: false }).waitFor();
    assert.equal((await device.send('WebAuthn.getCredentials', { authenticatorId: id })).credentials.length, 1);
    await signOut(page);
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await page.getByText('by passkey', { exact: true }).waitFor();
    assert.equal(page.url(), `${address}/access`, 'the page that was wanted');
    assert.equal((await server.accounts.passkeys.list(owner.id)).length, 1);
  });

  await t.test('a device that refuses is told about, and a passkey of nobody signs nobody in', async () => {
    await signOut(page);
    await device.send('WebAuthn.setUserVerified', { authenticatorId: id, isUserVerified: false });
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await page.getByRole('alert').waitFor();
    await device.send('WebAuthn.setUserVerified', { authenticatorId: id, isUserVerified: true });
    const [passkey] = await server.accounts.passkeys.list(owner.id);
    await server.accounts.passkeys.remove(owner.id, passkey?.id ?? '', system);
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await page.getByText('This passkey does not sign you in.').waitFor();
  });

  await t.test('a password is set by keyboard, and signs in; a wrong one says nothing about whom', async () => {
    await signInByLink(story, page, owner.id);
    await page.goto(`${address}/access`);
    await page.getByRole('button', { name: 'Set a password' }).press('Enter');
    const field = page.getByLabel('New password');
    await field.fill(password);
    await field.press('Enter');
    await page.getByRole('button', { name: 'Change it' }).waitFor();
    await signOut(page);
    for (const [who, text] of [
      ['owner', 'wrong'],
      ['nobody', password],
    ] as const) {
      await page.getByLabel('Mail address or name').fill(who);
      await page.getByLabel('Password').fill(text);
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await page.getByText('That name and password do not belong together.').waitFor();
    }
    await page.getByLabel('Mail address or name').fill('owner');
    await page.getByLabel('Password').fill(password);
    await page.getByLabel('Password').press('Enter');
    await page.getByText('by password', { exact: true }).waitFor();
  });

  await t.test('somebody is invited, whose name is text whatever stands in it, and disabled again', async () => {
    await page.getByRole('link', { name: 'People' }).click();
    await page.getByRole('button', { name: 'Invite somebody' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill(hostile);
    await dialog.getByRole('button', { name: 'Invite somebody' }).click();
    await page.getByText(`Send this link to ${hostile}`, { exact: false }).waitFor();
    const url = await page.locator('.notice code').innerText();
    const other = await story.newContext();
    const theirs = await other.newPage();
    await theirs.goto(url.replace('127.0.0.1', 'localhost'));
    await theirs.getByText(hostile).first().waitFor();
    await page.getByRole('button', { name: `Disable ${hostile}` }).click();
    await dialog.getByLabel('Reason').fill('left the company');
    await dialog.getByRole('button', { name: 'Disable' }).click();
    await page.getByText('disabled', { exact: true }).waitFor();
    await theirs.goto(`${address}/access`);
    await theirs.getByRole('heading', { name: 'Sign in' }).waitFor();
    assert.equal(await page.locator('img[src="x"]').count(), 0);
    await other.close();
  });

  await t.test('a token is made, shown once, and revoked', async () => {
    await page.getByRole('link', { name: 'Tokens' }).click();
    await page.getByRole('button', { name: 'Make a token' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name', { exact: true }).fill('jenkins');
    await dialog.getByLabel('Only for these environments').fill('staging, preview');
    await dialog.getByRole('button', { name: 'Make a token' }).click();
    const secret = await page.locator('.notice code').innerText();
    const caller = await server.accounts.tokens.authenticate(secret);
    assert.deepEqual(caller?.environments, ['staging', 'preview']);
    await page.reload();
    await page.getByText('jenkins').waitFor();
    assert.ok(!(await page.content()).includes(secret));
    await page.getByRole('button', { name: 'Revoke jenkins' }).click();
    await dialog.getByRole('button', { name: 'Revoke' }).click();
    await page.getByText('There is no token.').waitFor();
    assert.equal(await server.accounts.tokens.authenticate(secret), null);
  });

  await t.test('pipelines of a repository are let in by a form, named, and let in no longer', async () => {
    await page.getByRole('link', { name: 'Pipelines' }).click();
    await page.getByRole('button', { name: 'Let pipelines in' }).focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    const confirm = dialog.getByRole('button', { name: 'Let pipelines in' });
    await dialog.getByLabel('Repository').fill('*/shop');
    await dialog.getByText('name the owner', { exact: false }).waitFor();
    assert.equal(await confirm.isDisabled(), true);
    await dialog.getByLabel('Repository').fill(`acme/${hostile.replaceAll(/[\s/]/g, '')}`);
    await dialog.getByLabel('App', { exact: true }).selectOption('shop');
    await dialog.getByText('It has: staging, production').waitFor();
    await dialog.getByRole('textbox', { name: 'Environments' }).fill('staging');
    await assertFine(page, 'letting pipelines in');
    await confirm.click();
    await page.getByText('may act as developer in shop: staging', { exact: false }).waitFor();
    assert.equal(await page.locator('img[src="x"]').count(), 0);
    const [rule] = await server.accounts.oidc.list();
    assert.deepEqual([rule?.app, rule?.environments, rule?.claims.ref], ['shop', ['staging'], 'refs/heads/main']);
    await page.getByRole('button', { name: 'Remove the rule for', exact: false }).click();
    await dialog.getByRole('button', { name: 'Remove', exact: true }).click();
    await page.getByText('No pipeline is let in yet', { exact: false }).waitFor();
    assert.deepEqual(await server.accounts.oidc.list(), []);
  });

  await t.test('no page of it has a serious barrier, in both themes and languages, on a phone', async () => {
    await page.setViewportSize({ width: 375, height: 740 });
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      for (const path of ['', '/people', '/tokens', '/pipelines']) {
        await page.goto(`${address}/access${path}`);
        await page.locator('.access-panel, .access-board, .access-none').first().waitFor();
        await assertFine(page, `${path} ${colorScheme}`);
      }
      await page.getByRole('button', { name: colorScheme === 'light' ? 'Deutsch' : 'English' }).click();
    }
  });

  await t.test('signing out everywhere ends every session at once', async () => {
    const other = await story.newContext();
    const theirs = await other.newPage();
    await signInByLink(story, theirs, owner.id);
    await page.goto(`${address}/access`);
    await page.getByRole('button', { name: 'Sign out everywhere' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Sign out everywhere' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await assertFine(page, 'sign-in');
    await theirs.goto(`${address}/access`);
    await theirs.getByRole('heading', { name: 'Sign in' }).waitFor();
    await other.close();
  });

  assert.deepEqual(story.complaints, [], 'no failed script, no refused style');
});
