import { after, before, describe, test } from 'node:test';
import { checkForEverybody } from './check-page.ts';
import { app } from '../../test/fixtures/dashboard/harbour-data.ts';
import { cannotRun, Dashboard } from '../../test/fixtures/dashboard/open-dashboard.ts';

describe('everybody can use the page that compares', { skip: cannotRun, timeout: 175_000 }, () => {
  const dashboard = new Dashboard();
  before(async () => dashboard.start());
  after(async () => dashboard.stop());

  test('no barrier on a phone, in both lights and both languages; every control by keys alone', async () => {
    const path = `/apps/${app}/compare/production`;
    const page = await dashboard.open(path, { viewport: { width: 375, height: 740 }, reducedMotion: 'reduce' });
    await page.locator('.differences table').nth(1).waitFor();
    await checkForEverybody(page, 'compare');
  });
});
