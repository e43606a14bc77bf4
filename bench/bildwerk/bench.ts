import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startControlPlane } from '../control-plane.ts';
import { makeRelease } from '../make-release.ts';
import { markdownTable } from '../markdown-table.ts';
import { tell, type Goal } from '../outcome.ts';
import { RolloutCourse } from '../rollout-course.ts';
import { makeSource } from './make-source.ts';
import { measureCanary, type MeasuredCanary } from './measure-canary.ts';
import { badKinds, good, type Kind } from './troubles.ts';
import { Visitors } from './visitors.ts';

// Canaries of the reference app under the load of people who come back: releases with something wrong must be back before
// they have cost more than their manifest allows, good ones must settle.

const help = `npm run bench -- bildwerk [--quick] [--runs N] [--good N] [--kind TEXT]

  --quick      one bad release
  --runs N     so many releases of each bad kind (default 3)
  --good N     so many good ones (default 10)
  --kind TEXT  only kinds with this text in their name`;

const budget = 30;
const load = { people: 600, perSecond: 150, timeoutMs: 8_000 };
const withinMs = 240_000;

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    runs: { type: 'string', default: '3' },
    good: { type: 'string', default: '10' },
    kind: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) console.log(help);
else await bench(options.quick);

async function bench(isQuick: boolean): Promise<void> {
  const runs = isQuick ? quickRuns() : allRuns(Number(options.runs), Number(options.good));
  const measured = await measureAll(runs.filter(({ name }) => name.includes(options.kind)));
  console.log(`\n${table(measured)}\n`);
  tell({ bench: 'bildwerk', isQuick, musts: goalsOf(measured), aims: [], figures: measured });
}

function quickRuns(): readonly Kind[] {
  return badKinds.filter(({ trouble }) => trouble.failing === 0.2);
}

/** In turns, so that what disturbs the machine disturbs all kinds. */
function allRuns(bad: number, goods: number): readonly Kind[] {
  const rounds = Array.from({ length: bad }, () => badKinds).flat();
  return [...rounds, ...Array.from({ length: goods }, () => good)];
}

async function measureAll(kinds: readonly Kind[]): Promise<readonly MeasuredCanary[]> {
  const scratch = await mkdtemp(join(tmpdir(), 'lotse-bench-bildwerk-'));
  const running = await startControlPlane('bildwerk');
  const { plane, frontPort } = running;
  let visitors: Visitors | null = null;
  try {
    let number = 0;
    const release = async (kind: Kind) => {
      const folder = join(scratch, kind.name.replaceAll(/[^a-z0-9]/g, '-'));
      await makeSource(folder, kind.trouble);
      return (await makeRelease(plane, folder, ++number)).id;
    };
    const first = await RolloutCourse.start(plane, 'production', await release(good));
    await first.until(({ status }) => status === 'settled');
    visitors = new Visitors({ port: frontPort, hostName: 'bildwerk.localhost', ...load });
    const measured: MeasuredCanary[] = [];
    for (const kind of kinds) {
      const canary = await measureCanary(plane, visitors, kind, await release(kind));
      measured.push(canary);
      console.log(describe(canary));
      // A bad release that stays must not be what the next one is compared with.
      if (kind.wanted === 'returned' && canary.status === 'settled') {
        const back = await RolloutCourse.start(plane, 'production', await release(good));
        await back.until(({ status }) => status === 'settled');
      }
    }
    return measured;
  } finally {
    await visitors?.stop();
    await running.stop();
    await rm(scratch, { recursive: true, force: true });
  }
}

function describe(canary: MeasuredCanary): string {
  const { kind, status, tookMs, requests, failures, failuresInFlight, message } = canary;
  const cost = `${failures} of ${requests} requests failed, ${failuresInFlight} more were under way`;
  return `${kind}: ${status} after ${(tookMs / 1000).toFixed(1)} s, ${cost}${message === null ? '' : `; ${message}`}`;
}

function table(measured: readonly MeasuredCanary[]): string {
  return markdownTable(
    ['release', 'rollout', 'cause', 'after s', 'requests', 'failed', 'under way', 'p99 ms'],
    measured.map((canary) => [
      canary.kind,
      canary.status,
      canary.cause ?? '',
      (canary.tookMs / 1000).toFixed(1),
      String(canary.requests),
      String(canary.failures),
      String(canary.failuresInFlight),
      canary.p99Ms?.toFixed(0) ?? '',
    ]),
  );
}

function goalsOf(measured: readonly MeasuredCanary[]): readonly Goal[] {
  return [...badKinds, good].flatMap((kind): readonly Goal[] => {
    const own = measured.filter((canary) => canary.kind === kind.name);
    if (own.length === 0) return [];
    const ended = own.filter(({ status }) => status === kind.wanted).length;
    const end = { title: `${kind.name}: ${kind.wanted}`, figure: `${ended} of ${own.length}`, wanted: 'all' };
    const worst = kind.isBudgeted
      ? Math.max(...own.map(({ failures }) => failures))
      : Math.max(...own.map(({ tookMs }) => tookMs / 1000));
    const limit = kind.isBudgeted ? budget : withinMs / 1000;
    const what = kind.isBudgeted ? 'failed requests beside those under way' : 'seconds until it was back';
    const cost = {
      title: `${kind.name}: most ${what}`,
      figure: Number(worst.toFixed(1)),
      wanted: `≤ ${limit}`,
      holds: worst <= limit,
    };
    const isGood = kind.wanted === 'settled';
    return [{ ...end, holds: ended === own.length }, ...(isGood ? [] : [cost])];
  });
}
