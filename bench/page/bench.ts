import { parseArgs } from 'node:util';
import type { Browser } from 'playwright-core';
import { copyBildwerk, startDeploy } from '../../test/e2e/bildwerk-repository.ts';
import { DashboardPerson, signInLink } from '../../test/e2e/dashboard-person.ts';
import { noBrowser, openBrowser } from '../../test/e2e/user-browser.ts';
import { LotseClient } from '../../test/harness/lotse-client.ts';
import { temporaryLotse, type TemporaryLotse } from '../../test/harness/temporary-lotse.ts';
import { until } from '../../test/harness/until.ts';
import { markdownTable } from '../markdown-table.ts';
import { tell, type Goal } from '../outcome.ts';
import { quantile } from '../quantile.ts';

// How soon the dashboard of a real control plane, on which the example app runs, is there, shows what has happened, and says
// that it is cut off.

const help = `npm run bench -- page [--quick]

  --quick    fewer repetitions`;

const limits = { scriptBytes: 150 * 1024, interactiveMs: 1_000, seenMs: 300, cutOffMs: 2_000 } as const;
const lane = '[data-environment=production]';

const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
});
if (options.help) console.log(help);
else if (noBrowser !== false) {
  console.log(`${noBrowser}; nothing was measured.`);
  process.exitCode = 1;
} else await bench(options.quick);

async function bench(isQuick: boolean): Promise<void> {
  const ends: (() => Promise<unknown>)[] = [];
  try {
    const browsers = [await openBrowser(), await openBrowser()] as const;
    ends.push(...browsers.map((browser) => async () => await browser.close()));
    const lotse = await temporaryLotse({ after: (end) => void ends.push(end) });
    await lotse.start();
    const client = new LotseClient(() => lotse.plane, 'bildwerk');
    const rollout = await watchedRollout(lotse, client);
    const people = await Promise.all(browsers.map(async (browser) => await arrive(browser, client)));
    const [first] = people;
    if (first === undefined) throw new Error('nobody has come');
    const loads = await repeat(isQuick ? 3 : 15, async () => await load(browsers[0], first));
    const seen = await repeat(isQuick ? 6 : 40, async (turn) => await pauseOrResume(client, rollout, people, turn));
    const cutOff = await repeat(isQuick ? 1 : 5, async () => await cut(lotse, first));
    report({ loads, seen, cutOff }, isQuick);
  } finally {
    for (const end of ends.toReversed()) await end();
  }
}

/** A release that is live and watched for long: it can be paused and resumed as often as one likes. */
async function watchedRollout({ folder, plane }: TemporaryLotse, client: LotseClient): Promise<string> {
  const repository = copyBildwerk(folder);
  repository.change({ file: 'lotse.yaml', find: 'after: staging', replace: '' });
  repository.change({ file: 'lotse.yaml', find: 'watch: 2m', replace: 'watch: 1h' });
  repository.begin();
  const { exitCode, said } = await startDeploy(repository, plane, 'production').end(300_000);
  const { rollout } = await client.environment();
  if (exitCode !== 0 || rollout === null) throw new Error(`bildwerk did not go live:\n${said}`);
  return rollout.id;
}

async function arrive(browser: Browser, client: LotseClient): Promise<DashboardPerson> {
  const person = await DashboardPerson.arrive(browser);
  await person.signIn(await signInLink(client));
  await person.lane().waitFor();
  return person;
}

interface Load {
  readonly scriptBytes: number;
  readonly interactiveMs: number;
}

/** With an empty cache, by somebody who is signed in: until the environment and its buttons stand there. */
async function load(browser: Browser, { page }: DashboardPerson): Promise<Load> {
  const visitor = await DashboardPerson.arrive(browser);
  await visitor.page.context().addCookies(await page.context().cookies());
  await visitor.page.goto(page.url(), { waitUntil: 'commit' });
  await visitor.record.watchFor('lane', `${lane} button`, 'Roll back');
  const seenAt = await shown(visitor, 'lane');
  const measured = await visitor.page.evaluate((at) => {
    const isBefore = (script: PerformanceResourceTiming) => script.responseEnd <= at - performance.timeOrigin;
    const bytes = performance
      .getEntriesByType('resource')
      .flatMap((script) => (script instanceof PerformanceResourceTiming && script.name.endsWith('.js') ? [script] : []))
      .map((script) => (isBefore(script) ? script.encodedBodySize : 0)); // What comes later is fetched ahead.
    return { scriptBytes: bytes.reduce((sum, each) => sum + each, 0), interactiveMs: at - performance.timeOrigin };
  }, seenAt);
  await visitor.leave();
  return measured;
}

/** Milliseconds from the call until both show it, by the clock of this machine. */
async function pauseOrResume(
  client: LotseClient,
  rollout: string,
  people: readonly DashboardPerson[],
  turn: number,
): Promise<number> {
  const command = turn % 2 === 0 ? 'pause' : 'resume';
  const words = command === 'pause' ? 'Paused' : 'Live, being watched';
  for (const { record } of people) await record.watchFor(`turn ${turn}`, `${lane} .chip`, words);
  const calledAt = Date.now();
  await client.command(rollout, command);
  const seen = await Promise.all(people.map(async (person) => await shown(person, `turn ${turn}`)));
  return Math.max(...seen) - calledAt;
}

/** Milliseconds from SIGKILL until the page says that it is cut off. Afterwards it is live again. */
async function cut(lotse: TemporaryLotse, person: DashboardPerson): Promise<number> {
  const { server } = lotse.plane;
  const name = `cut ${server} ${performance.now()}`;
  await person.untilLive();
  await person.record.watchFor(name, '.live-banner', 'Live updates lost');
  const killedAt = Date.now();
  await lotse.plane.end('SIGKILL');
  const seenAt = await shown(person, name);
  await lotse.start({ port: Number(new URL(server).port) });
  await person.untilLive();
  return seenAt - killedAt;
}

async function shown({ record }: DashboardPerson, name: string): Promise<number> {
  return await until(`the page shows ${name}`, async () => await record.seenAt(name));
}

async function repeat<Value>(times: number, act: (turn: number) => Promise<Value>): Promise<readonly Value[]> {
  const values: Value[] = [];
  for (let turn = 0; turn < times; turn += 1) values.push(await act(turn));
  return values;
}

interface Measured {
  readonly loads: readonly Load[];
  readonly seen: readonly number[];
  readonly cutOff: readonly number[];
}

function report({ loads, seen, cutOff }: Measured, isQuick: boolean): void {
  const scriptBytes = Math.max(...loads.map((each) => each.scriptBytes));
  const interactive = loads.map((each) => each.interactiveMs);
  const rows = [
    ['interactive, empty cache', interactive],
    ['a change seen by two browsers', seen],
    ['cut off after SIGKILL', cutOff],
  ] as const;
  const row = ([name, values]: (typeof rows)[number]) => [name, ...[0, 0.5, 0.95, 1].map((q) => ms(part(values, q)))];
  console.log(`\n${markdownTable(['ms', 'least', 'middle', '95 %', 'most'], rows.map(row))}\n`);
  const goal = (title: string, figure: number, limit: number, unit: string): Goal => ({
    ...{ title, figure: `${figure.toFixed(0)} ${unit}`, wanted: `≤ ${limit} ${unit}`, holds: figure <= limit },
  });
  const musts = [
    goal('scripts of the first load, as they are sent', scriptBytes / 1024, limits.scriptBytes / 1024, 'KB'),
    goal('interactive with an empty cache, middle', part(interactive, 0.5), limits.interactiveMs, 'ms'),
    goal('a change seen by two browsers after the call, 95 %', part(seen, 0.95), limits.seenMs, 'ms'),
    goal('cut off is said after SIGKILL, most', Math.max(...cutOff), limits.cutOffMs, 'ms'),
  ];
  tell({ bench: 'page', isQuick, musts, aims: [], figures: { loads, seen, cutOff } });
}

function ms(value: number): string {
  return value.toFixed(0);
}

/** Of nothing measured nothing holds. */
function part(values: readonly number[], q: number): number {
  return quantile(values, q) ?? Infinity;
}
