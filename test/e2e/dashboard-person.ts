import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { z } from 'zod';
import { shownSteps } from '../../web/source/rollout/step-progress.ts';
import { checkPage } from '../../web/test/check-page.ts';
import type { LotseClient } from '../harness/lotse-client.ts';
import { patienceMs, until } from '../harness/until.ts';
import { PageRecord } from './dashboard-record.ts';

/** Where pictures of what the tests see are put, for whoever wants to look at them too. */
const pictures = process.env['TEST_PICTURES'];

/** A link, made by this admin, that signs in whoever `person` speaks for; left out: the admin. */
export async function signInLink(admin: LotseClient, person: LotseClient = admin): Promise<string> {
  const { id } = z.object({ id: z.string() }).parse(await person.ask('GET /me'));
  return z.object({ url: z.string() }).parse(await admin.ask('POST /sign-in-links', { person: id })).url;
}

/** Somebody at the dashboard of a real control plane. */
export class DashboardPerson {
  readonly page: Page;
  readonly record: PageRecord;
  /** Every address that the browser has asked for. */
  readonly asked: string[] = [];
  /** What the browser complained about: failed scripts, refused styles. */
  readonly complaints: string[] = [];
  readonly #context: BrowserContext;
  /** Something of the page is missing: Chromium drops requests when this machine gets or loses a network (Docker's). */
  #isTorn = false;

  private constructor(context: BrowserContext, page: Page, record: PageRecord) {
    this.#context = context;
    this.page = page;
    this.record = record;
    page.on('request', (request) => this.asked.push(request.url()));
    page.on('requestfailed', (request) => {
      this.#isTorn ||= request.failure()?.errorText === 'net::ERR_NETWORK_CHANGED';
    });
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('console', (message) => {
      const isAboutNetwork = /Failed to load resource|net::ERR_/.test(message.text());
      // Taking a picture puts a style into the page, which the page refuses.
      const isAboutPicture = pictures !== undefined && message.text().startsWith('Applying inline style');
      if (message.type() === 'error' && !isAboutNetwork && !isAboutPicture) this.complaints.push(message.text());
    });
  }

  /** In a browser profile of its own; nobody is signed in. */
  static async arrive(browser: Browser): Promise<DashboardPerson> {
    const options = { locale: 'en-GB', timezoneId: 'Europe/Berlin', viewport: { width: 1280, height: 900 } } as const;
    const context = await browser.newContext(options);
    context.setDefaultTimeout(patienceMs);
    const page = await context.newPage();
    return new DashboardPerson(context, page, await PageRecord.of(page));
  }

  /** Opens the link, and waits until the page is whole, knows whom it shows things to and is live. */
  async signIn(link: string): Promise<void> {
    await this.page.goto(link);
    await this.page.waitForURL((url) => url.pathname !== '/sign-in');
    await this.untilLive();
    while (this.#isTorn) {
      this.#isTorn = false;
      await this.page.reload();
      await this.untilLive();
    }
  }

  async untilLive(): Promise<void> {
    await this.page.locator('.live-mark[data-kind=live]').waitFor();
  }

  lane(environment = 'production'): Locator {
    return this.page.locator(`[data-environment="${environment}"]`);
  }

  /** Follows a link of the page's own navigation: nothing is loaded anew. */
  async goTo(name: string): Promise<void> {
    await this.page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name, exact: true }).click();
  }

  /** Presses what asks before it does anything. */
  async ask(button: Locator): Promise<Confirmation> {
    await button.click();
    return await Confirmation.shown(this.page);
  }

  /** By the Tab key alone, as far around as there are controls; then Enter. */
  async pressByKeys(control: Locator): Promise<void> {
    await control.waitFor();
    const count = await this.page.locator('a[href], button, input, select, textarea, summary').count();
    const isReached = async () => await control.evaluate((element) => element === document.activeElement);
    for (let press = 0; !(await isReached()); press += 1) {
      assert.ok(press <= 2 * count, `the Tab key never arrives at ${String(control)}`);
      await this.page.keyboard.press('Tab');
    }
    await this.page.keyboard.press('Enter');
  }

  /** The rollout that the page shows. */
  get shownRollout(): string {
    const [, id] = /\/rollouts\/([^/]+)$/.exec(new URL(this.page.url()).pathname) ?? [];
    assert.ok(id, `${this.page.url()} shows no rollout`);
    return id;
  }

  /** The status in the head of the rollout that is shown, e.g. `Under way`. */
  async untilStatus(words: string): Promise<void> {
    await this.page.locator('.hero .chip', { hasText: words }).waitFor();
  }

  /** The states of the steps in the list of the rollout that is shown, in its order. */
  async shownSteps(): Promise<readonly string[]> {
    const steps = this.page.locator('.steps .step');
    return await steps.evaluateAll((all) => all.map((step) => step.getAttribute('data-state') ?? ''));
  }

  /** Waits until the list of the rollout that is shown has its steps as the server says. */
  async untilStepsAsSaid(client: LotseClient): Promise<void> {
    const wanted = shownSteps(await client.rollout(this.shownRollout)).map(({ state }) => state);
    await until('the steps are those of the server', async () => String(await this.shownSteps()) === String(wanted));
  }

  /** Waits until production's lane has release and instances as the server says. */
  async untilLaneAsSaid(client: LotseClient): Promise<void> {
    const lane = this.lane();
    await until('all is as the API says', async () => {
      const { release, services } = await client.environment();
      const slots = services.flatMap((service) => service.slots.map(({ state }) => state));
      const shown = await lane
        .locator('.slot')
        .evaluateAll((all) => all.map((slot) => slot.getAttribute('data-state')));
      const served = await lane.locator('.serving-release').innerText();
      return served === release && String(shown) === String(slots);
    });
  }

  /** Nothing in it is a serious barrier, and nothing stands out to the right. */
  async look(what: string): Promise<void> {
    await this.takePicture(what);
    await checkPage(this.page, what);
  }

  async takePicture(what: string): Promise<void> {
    if (pictures === undefined) return;
    mkdirSync(pictures, { recursive: true });
    await this.page.screenshot({ path: join(pictures, `${what.replaceAll(/\W+/g, '-')}.png`) });
  }

  async leave(): Promise<void> {
    await this.#context.close();
  }
}

/** The dialog that says what will happen, before it does. */
export class Confirmation {
  readonly dialog: Locator;
  readonly title: string;
  /** One sentence each. */
  readonly says: readonly string[];

  private constructor(dialog: Locator, title: string, says: readonly string[]) {
    this.dialog = dialog;
    this.title = title;
    this.says = says;
  }

  static async shown(page: Page): Promise<Confirmation> {
    const dialog = page.getByRole('dialog');
    await dialog.waitFor();
    const title = await dialog.getByRole('heading', { level: 2 }).innerText();
    const says = await dialog.locator('.dialog-what li').allInnerTexts();
    assert.ok(title !== '' && says.length > 0, 'a dialog says what will happen');
    return new Confirmation(dialog, title, says);
  }

  /** Does it; resolves when the dialog has closed, which it does when the server has taken it. */
  async confirm(button: string, reason?: string): Promise<void> {
    if (reason !== undefined) await this.dialog.getByLabel('Reason').fill(reason);
    await this.dialog.getByRole('button', { name: button, exact: true }).click();
    await this.dialog.waitFor({ state: 'detached' });
  }
}
