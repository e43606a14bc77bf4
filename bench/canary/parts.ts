import { markdownTable } from '../markdown-table.ts';
import type { Goal } from '../outcome.ts';
import { failureRates, healthyBound, slowerBound, twoSampleBound, usual } from './bounds.ts';
import type { Setting } from './bounds.ts';
import type { Wanted } from './draw-all.ts';
import type { Draw, Measured } from './draws.ts';
import { sigma } from './durations.ts';
import { otherRules } from './other-rules.ts';
import { polls } from './polled-judge.ts';
import { crowds } from './visitors.ts';

/** One table of the bench: what it draws, and what it makes of it. */
export interface Part {
  readonly title: string;
  readonly wanted: (isQuick: boolean) => readonly Wanted[];
  readonly tell: (measured: readonly Measured[]) => { readonly table: string; readonly goals: readonly Goal[] };
}

interface Way {
  readonly title: string;
  /** To the bound, for each failure rate; empty: no must. */
  readonly limits: readonly number[];
  /** For each failure rate: the nearer a limit, the more. */
  readonly runs: readonly number[];
  readonly draw: (rate: number) => Draw;
}

const ways: readonly Way[] = [
  {
    title: 'alone, per request',
    limits: [1.4, 1.4, 1.6],
    runs: [2_000, 6_000, 12_000],
    draw: (rate) => ({ kind: 'alone', unit: 'request', rate }),
  },
  {
    title: 'alone, sticky',
    limits: [1.8, 1.8, 1.8],
    runs: [2_000, 4_000, 4_000],
    draw: (rate) => ({ kind: 'alone', unit: 'bucket', rate }),
  },
  {
    title: 'as shipped, per request',
    limits: [2.4, 2.4, 2.4],
    runs: [2_000, 2_000, 2_000],
    draw: (rate) => byRequest(rate, usual),
  },
  {
    title: 'as shipped, sticky',
    limits: [2.9, 2.9, 2.9],
    runs: [2_000, 2_000, 2_000],
    draw: (rate) => byBucket(rate, usual),
  },
  ...otherRules.map(({ title }) => {
    return {
      title,
      limits: [],
      runs: [200, 200, 200],
      draw: (rate: number): Draw => ({ kind: 'other rule', title, rate }),
    };
  }),
];

function byRequest(rate: number, setting: Setting): Draw {
  return { kind: 'shipped by request', rate, setting };
}

function byBucket(rate: number, setting: Setting): Draw {
  return { kind: 'shipped by bucket', rate, setting, crowd: 'many' };
}

const detection: Part = {
  title: 'Canary requests until a bad release is found',
  wanted: (isQuick) =>
    ways.flatMap(({ runs, draw }) =>
      failureRates.map((rate, index) => ({
        what: draw(rate),
        runs: Math.ceil((runs[index] ?? 0) / (isQuick ? 10 : 1)),
      })),
    ),
  tell: (measured) => {
    const bounds = failureRates.map((rate) => twoSampleBound(rate, usual));
    const rows = ways.map(({ title }, row) => [title, ...cellsOf(measured.slice(row * 3, row * 3 + 3), bounds)]);
    const least = ['least that theory allows', ...bounds.map((bound) => bound.toFixed(1))];
    const goals = ways.flatMap(({ title, limits }, row) =>
      limits.map((limit, index) => {
        const ratio = meanOf(measured[row * 3 + index]) / (bounds[index] ?? NaN);
        return ratioGoal(`${title}, ${(failureRates[index] ?? 0) * 100} % fail`, ratio, limit);
      }),
    );
    return { table: markdownTable(['', '2 % fail', '5 %', '20 %'], [least, ...rows]), goals };
  },
};

const elsewhere: readonly { readonly title: string; readonly setting: Setting; readonly rates: readonly number[] }[] = [
  { title: 'share 1 %', setting: { ...usual, oldPerNew: 99 }, rates: [0.02, 0.05, 0.2] },
  { title: 'share 50 %', setting: { ...usual, oldPerNew: 1 }, rates: [0.02, 0.05, 0.2] },
  { title: 'nothing failed before', setting: { ...usual, baseline: 0 }, rates: [0.02, 0.05, 0.2] },
  { title: '5 % failed before', setting: { ...usual, baseline: 0.05 }, rates: [0.1, 0.2, 0.5] },
];

/** Printed, and held to nothing. */
const otherSettings: Part = {
  title: 'The same as shipped, elsewhere',
  wanted: (isQuick) =>
    elsewhere.flatMap(({ setting, rates }) =>
      [byRequest, byBucket].flatMap((by) =>
        rates.map((rate) => ({ what: by(rate, setting), runs: isQuick ? 20 : 400 })),
      ),
    ),
  tell: (measured) => {
    const rows = elsewhere.flatMap(({ title, setting, rates }, place) =>
      ['per request', 'sticky'].map((unit, way) => {
        const own = measured.slice(place * 6 + way * 3, place * 6 + way * 3 + 3);
        const cells = cellsOf(
          own,
          rates.map((rate) => twoSampleBound(rate, setting)),
        );
        return [`${title}, ${unit}`, ...cells.map((cell, index) => `${(rates[index] ?? 0) * 100} %: ${cell}`)];
      }),
    );
    return { table: markdownTable(['', 'little', 'much', 'most'], rows), goals: [] };
  },
};

const others: Part = {
  title: 'Slower, and healthy',
  wanted: (isQuick) => [
    { what: { kind: 'slower', factor: 1.5 }, runs: isQuick ? 400 : 4_000 },
    { what: { kind: 'healthy', rate: usual.baseline }, runs: isQuick ? 200 : 2_000 },
    { what: { kind: 'healthy', rate: 2 * usual.baseline }, runs: isQuick ? 200 : 4_000 },
  ],
  tell: ([slower, healthy, wronglyHealthy]) => {
    const goals = [
      ratioGoal('latency ×1.5, per request', meanOf(slower) / slowerBound(1.5, sigma), 1.6),
      ratioGoal('healthy at equal quality', meanOf(healthy) / healthyBound, 2),
      ...(wronglyHealthy === undefined ? [] : [rateGoal('healthy although twice as bad', wronglyHealthy, 0.05)]),
    ];
    return {
      table: markdownTable(
        ['', 'figure'],
        goals.map(({ title, figure }) => [title, String(figure)]),
      ),
      goals,
    };
  },
};

const nulls: readonly { readonly title: string; readonly what: Draw }[] = [
  { title: 'per request', what: byRequest(usual.baseline, usual) },
  ...crowds.map((crowd) => {
    const what: Draw = { kind: 'shipped by bucket', rate: usual.baseline, setting: usual, crowd };
    return { title: `sticky, ${crowd}`, what };
  }),
];

const accused: Part = {
  title: 'Harmful although equal, as shipped: an hour at 5 %',
  wanted: (isQuick) => nulls.map(({ what }) => ({ what, runs: isQuick ? 40 : 10_000 })),
  tell: (measured) => {
    const goals = nulls.flatMap(({ title }, index) => {
      const own = measured[index];
      return own === undefined ? [] : [rateGoal(`harmful although equal: ${title}`, own, 0.01)];
    });
    return {
      table: markdownTable(
        ['', 'accused'],
        goals.map(({ title, figure }) => [title, String(figure)]),
      ),
      goals,
    };
  },
};

const polledRates = [usual.baseline, 0.05, 0.2] as const;

/** Printed, and held to nothing. */
const polled: Part = {
  title: 'The whole judge on counters, 1 %, 5 % and 25 % for a minute each, everybody fails at each step',
  wanted: (isQuick) =>
    polls.flatMap((how) =>
      polledRates.map((rate) => ({ what: { kind: 'polled', rate, polls: how } as const, runs: isQuick ? 4 : 100 })),
    ),
  tell: (measured) => {
    const rows = polls.map((how, row) => [
      `looks: ${how}`,
      ...polledRates.map((_, index) => {
        const { alarms = 0, runs = 0, total = 0 } = measured[row * polledRates.length + index] ?? {};
        const found = `${alarms} of ${runs}`;
        return index === 0 ? found : `${found}, after ${(total / runs).toFixed(0)} failed requests`;
      }),
    ]);
    return { table: markdownTable(['accused', 'as good', '5 % fail', '20 % fail'], rows), goals: [] };
  },
};

const budgetShares = [50, 500, 950] as const;

/** Printed, and held to nothing. */
const budgets: Part = {
  title: 'A budget of 30 failed requests spent within an hour, although equal',
  wanted: (isQuick) =>
    crowds.flatMap((crowd) =>
      budgetShares.map((permille) => ({
        what: { kind: 'budget', crowd, permille } as const,
        runs: isQuick ? 20 : 500,
      })),
    ),
  tell: (measured) => {
    const rows = crowds.map((crowd, row) => [
      crowd,
      ...budgetShares.map((_, index) => {
        const { alarms = 0, runs = 0 } = measured[row * budgetShares.length + index] ?? {};
        return `${alarms} of ${runs}`;
      }),
    ]);
    return { table: markdownTable(['', 'share 5 %', '50 %', '95 %'], rows), goals: [] };
  },
};

export const parts: readonly Part[] = [detection, others, otherSettings, accused, polled, budgets];

function meanOf(measured: Measured | undefined): number {
  return measured === undefined ? NaN : measured.total / measured.runs;
}

function cellsOf(measured: readonly Measured[], bounds: readonly number[]): readonly string[] {
  return measured.map((each, index) => {
    const { alarms, runs } = each;
    const found = alarms === runs ? '' : `, found ${((100 * alarms) / runs).toFixed(0)} %`;
    return `${meanOf(each).toFixed(0)} (${(meanOf(each) / (bounds[index] ?? NaN)).toFixed(2)}×${found})`;
  });
}

function ratioGoal(title: string, ratio: number, limit: number): Goal {
  return { title, figure: `${ratio.toFixed(2)}× the bound`, wanted: `at most ${limit}×`, holds: ratio <= limit };
}

function rateGoal(title: string, { alarms, runs }: Measured, limit: number): Goal {
  const figure = `${((100 * alarms) / runs).toFixed(2)} % (${alarms} of ${runs})`;
  // Few runs tell a rate only roughly: what is held against the judge must be more than chance.
  const allowed = limit * runs + (runs < 1_000 ? 3 * Math.sqrt(limit * runs) : 0);
  return { title, figure, wanted: `at most ${limit * 100} %`, holds: alarms <= allowed };
}
