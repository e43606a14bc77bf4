import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';

const programs = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const program = programs.find((path) => existsSync(path));
const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'];
const waitMs = 60_000;

/** Why nobody can look at pages here; false: they can. */
export const noBrowser = program === undefined ? 'no Chromium on this machine' : false;

/** Every browser resolves *.localhost to this machine (RFC 6761, section 6.3). */
export async function openBrowser(): Promise<Browser> {
  if (program === undefined) throw new Error('no Chromium on this machine');
  const args = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', ...quiet];
  return await chromium.launch({ executablePath: program, args });
}

/** A page of somebody who was never here before. */
export async function newPage(browser: Browser): Promise<Page> {
  const context = await browser.newContext({ locale: 'en-GB' });
  context.setDefaultTimeout(waitMs);
  return await context.newPage();
}

/** Somebody who uses bildwerk. */
export class PictureOwner {
  readonly page: Page;
  readonly #address: string;

  constructor(page: Page, address: string) {
    this.page = page;
    this.#address = address;
  }

  async register(): Promise<void> {
    await this.page.goto(this.#address);
    await this.page.getByRole('navigation').getByRole('link', { name: 'Register' }).click();
    await this.page.getByLabel('Name').fill('Grace');
    await this.page.getByLabel('E-mail').fill('grace@pictures.example');
    await this.page.getByLabel('Password').fill('a long enough password');
    await this.page.getByRole('button', { name: 'Register' }).click();
    await this.page.waitForURL(`${this.#address}/pictures`);
  }

  /** Resolves when the page itself, without being loaded again, shows the picture as finished. */
  async uploadAndWatch(file: string): Promise<void> {
    const loads: string[] = [];
    this.page.on('load', () => loads.push(this.page.url()));
    await this.page.locator('input[type=file]').setInputFiles(file);
    await this.page.locator('article.picture.finished', { hasText: basename(file) }).waitFor();
    if (loads.length > 0) throw new Error('the gallery was loaded again, so nobody watched');
  }

  /** Opens the picture's own page and answers the width in pixels that the browser has decoded. */
  async widthOfFinished(file: string): Promise<number> {
    await this.page.goto(`${this.#address}/pictures`);
    await this.page.getByRole('link', { name: basename(file) }).click();
    await this.page.waitForURL(/\/pictures\/[^/]+$/);
    await this.page.getByRole('img', { name: basename(file) }).waitFor();
    const image = `document.querySelector(${JSON.stringify(`img[alt="${basename(file)}"]`)})`;
    return Number(await this.page.evaluate(`${image}.decode().then(() => ${image}.naturalWidth)`));
  }

  /** What stands at the foot of the page, e.g. `production · release r1-a1b2c3d`. */
  async servedBy(): Promise<string> {
    return await this.page.locator('footer .release').innerText();
  }
}
