import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** Nothing stands out to the right, and axe finds nothing serious or critical. */
export async function checkPage(page: Page, what: string): Promise<void> {
  await settle(page);
  assert.deepEqual(await overflow(page), [], what);
  assert.deepEqual(await barriers(page), [], what);
}

/** Colours change over a moment; half-way they are those of neither light. */
async function settle(page: Page): Promise<void> {
  if (!(await page.evaluate(() => document.styleSheets.length > 0))) {
    // Seen once on a busy machine: the browser had given up the request for the styles.
    console.log(`${page.url()} had no style, and is loaded again`);
    await page.reload();
    await page.waitForFunction(() => document.styleSheets.length > 0);
  }
  await page.evaluate(async () => {
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    const ending = document.getAnimations().filter(({ effect }) => effect?.getComputedTiming().endTime !== Infinity);
    await Promise.allSettled(ending.map(({ finished }) => finished));
  });
}

/** What stands out of the page to the right. */
async function overflow(page: Page): Promise<readonly string[]> {
  return await page.evaluate(() => {
    const { clientWidth, scrollWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    return [...document.querySelectorAll('main *')]
      .filter((element) => element.getBoundingClientRect().right > clientWidth + 1)
      .map((element) => element.className.toString() || element.tagName);
  });
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string | null;
    readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
  }[];
}

/** Serious and critical findings of axe-core. It is evaluated, not inserted: the content security policy stays on. */
async function barriers(page: Page): Promise<readonly string[]> {
  await page.evaluate(readFileSync(axePath, 'utf8'));
  const result: AxeResult = await page.evaluate('axe.run(document, { resultTypes: ["violations"] })');
  return result.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}\n${node.failureSummary}`));
}

/** No barrier in both lights and both languages, and every control by keys alone. The page is in English. */
export async function checkForEverybody(page: Page, what: string): Promise<void> {
  assert.deepEqual(await unreachable(page), [], what);
  for (const language of ['Deutsch', 'English']) {
    await page.getByRole('button', { name: language }).click();
    await page.locator(`html[lang=${language === 'Deutsch' ? 'de' : 'en'}]`).waitFor();
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await checkPage(page, `${what} ${language} ${colorScheme}`);
    }
  }
}

/** Controls at which the Tab key never arrives, as their HTML begins. */
async function unreachable(page: Page): Promise<readonly string[]> {
  const controls = page.locator('a[href], button:not(:disabled), input, select, textarea, summary, [tabindex="0"]');
  await page.evaluate(() =>
    document.activeElement instanceof HTMLElement ? document.activeElement.blur() : undefined,
  );
  const missed = async (): Promise<readonly string[]> =>
    await controls.evaluateAll((elements) =>
      elements
        .filter((element) => element.checkVisibility() && !element.hasAttribute('data-reached'))
        .map((element) => element.outerHTML.slice(0, 120)),
    );
  // Once more around for those that have come while the others were passed.
  for (let round = 0; round === 0 || (round < 3 && (await missed()).length > 0); round += 1) {
    const count = await controls.count();
    for (let press = 0; press < count + 2; press += 1) {
      await page.keyboard.press('Tab');
      await page.evaluate(() => document.activeElement?.setAttribute('data-reached', ''));
    }
  }
  return await missed();
}
