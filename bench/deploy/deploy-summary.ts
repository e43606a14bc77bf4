import { markdownTable } from '../markdown-table.ts';
import { quantile } from '../quantile.ts';
import { spread } from '../spread.ts';
import type { MeasuredDeploy } from './measure-deploy.ts';

/** How many lost requests of a deploy are shown one by one. */
const shownLost = 12;

/** All deploys of one method, those beside a busy process apart. Times in milliseconds; medians are over deploys. */
export interface MethodSummary {
  readonly method: string;
  /** Another process kept a core busy. */
  readonly isBusy: boolean;
  readonly deploys: number;
  /** Deploys that did not do what they should. */
  readonly problems: readonly string[];
  readonly requests: number;
  readonly failed: number;
  readonly deploysWithoutFailure: number;
  readonly failures: Readonly<Record<string, number>>;
  readonly oldAfterDone: number;
  /** Medians. */
  readonly p99BeforeMs: number | null;
  readonly p99DuringMs: number | null;
  readonly firstNewMs: number | null;
  readonly overheadMs: number | null;
  readonly switchMs: number | null;
  readonly firstAnswerMs: number | null;
  /** The longest that a request took which is not slow by itself. */
  readonly longestMs: number | null;
  readonly cells: readonly string[];
}

const head = [
  ...['method', 'deploys', 'requests', 'failed', 'failed a deploy', 'deploys with 0 failed'],
  ...[
    'p50 ms',
    'p99 ms',
    'p99 ms before',
    'longest ms',
    'first new ms',
    '100 % new ms',
    'over the boots ms',
    'switch ms',
    'first answer ms',
    'command ms',
  ],
];

/** `bootsMs`: what the app's own boots take that a deploy cannot do without. */
export function summarize(
  deploys: readonly MeasuredDeploy[],
  bootsMs: (deploy: MeasuredDeploy) => number,
): readonly MethodSummary[] {
  const methods = [...new Set(deploys.map((deploy) => deploy.method))];
  return methods.flatMap((method) =>
    [false, true].flatMap((isBusy) => {
      const own = deploys.filter((deploy) => deploy.method === method && deploy.isBusy === isBusy);
      return own.length === 0 ? [] : [summaryOf(method, isBusy, own, bootsMs)];
    }),
  );
}

function summaryOf(
  method: string,
  isBusy: boolean,
  own: readonly MeasuredDeploy[],
  bootsMs: (deploy: MeasuredDeploy) => number,
): MethodSummary {
  const failed = own.map((deploy) => deploy.whole.failed);
  const overheads = own.map((deploy) => (deploy.allNewMs === null ? null : deploy.allNewMs - bootsMs(deploy)));
  const requests = sum(own.map((deploy) => deploy.whole.sent));
  const deploysWithoutFailure = failed.filter((count) => count === 0).length;
  return {
    method,
    isBusy,
    deploys: own.length,
    problems: own.flatMap(({ problem }) => (problem === null ? [] : [problem])),
    requests,
    failed: sum(failed),
    deploysWithoutFailure,
    failures: failuresOfAll(own),
    oldAfterDone: sum(own.map((deploy) => deploy.oldAfterDone)),
    p99BeforeMs: middle(own.map((deploy) => deploy.before.p99Ms)),
    p99DuringMs: middle(own.map((deploy) => deploy.during.p99Ms)),
    firstNewMs: middle(own.map((deploy) => deploy.firstNewMs)),
    overheadMs: middle(overheads),
    switchMs: middle(own.map((deploy) => deploy.switchMs)),
    firstAnswerMs: middle(own.map((deploy) => deploy.firstAnswerMs)),
    longestMs: middle(own.map((deploy) => deploy.during.maxMs)),
    cells: [
      ...[
        `${method}${isBusy ? ', a core busy' : ''}`,
        `${own.length}`,
        `${requests}`,
        `${sum(failed)}`,
        spread(failed),
      ],
      `${deploysWithoutFailure}/${own.length}`,
      spread(own.map((deploy) => deploy.during.p50Ms)),
      spread(own.map((deploy) => deploy.during.p99Ms)),
      spread(own.map((deploy) => deploy.before.p99Ms)),
      spread(own.map((deploy) => deploy.during.maxMs)),
      spread(own.map((deploy) => deploy.firstNewMs)),
      spread(own.map((deploy) => deploy.allNewMs)),
      spread(overheads),
      spread(
        own.map((deploy) => deploy.switchMs),
        1,
      ),
      spread(
        own.map((deploy) => deploy.firstAnswerMs),
        1,
      ),
      spread(own.map((deploy) => deploy.commandMs)),
    ],
  };
}

function failuresOfAll(deploys: readonly MeasuredDeploy[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const deploy of deploys) {
    for (const [kind, count] of Object.entries(deploy.whole.failures)) counts[kind] = (counts[kind] ?? 0) + count;
  }
  return counts;
}

/** A cell with three numbers: the median over all deploys, the smallest and the largest. */
export function deployTable(summaries: readonly MethodSummary[]): string {
  return markdownTable(
    head,
    summaries.map((summary) => summary.cells),
  );
}

export function failureTable(summaries: readonly MethodSummary[]): string {
  const rows = summaries.flatMap(({ method, failures, problems }) => [
    ...Object.entries(failures).map(([kind, count]) => [method, kind, `${count}`]),
    ...problems.map((problem) => [method, `the deploy itself: ${problem}`, '1']),
  ]);
  return rows.length === 0 ? 'No request failed, and no deploy.' : markdownTable(['method', 'failure', 'count'], rows);
}

/** One deploy as a line, with what was lost below it. */
export function describeDeploy(deploy: MeasuredDeploy): string {
  const { method, problem, whole, before, during, allNewMs, commandMs, milestones, lost } = deploy;
  const figures = [
    `${whole.failed} of ${whole.sent} failed`,
    `p99 ${rounded(during.p99Ms)} ms (before ${rounded(before.p99Ms)})`,
    `longest ${rounded(during.maxMs)}`,
    `100 % new ${rounded(allNewMs)}`,
    ...(deploy.switchMs === null
      ? []
      : [`switch ${deploy.switchMs.toFixed(1)} (answered ${deploy.firstAnswerMs?.toFixed(1) ?? '–'})`]),
    `done ${rounded(commandMs)}`,
    ...(deploy.oldAfterDone > 0 ? [`${deploy.oldAfterDone} old answers after that`] : []),
    ...(problem === null ? [] : [`PROBLEM: ${problem}`]),
  ];
  const lines = lost
    .slice(0, shownLost)
    .map(({ what, dueMs, endedMs }) => `       ${what}: due ${rounded(dueMs)}, lost ${rounded(endedMs)}`);
  const steps = milestones.map(({ title, ms }) => `${title} ${rounded(ms)}`).join(', ');
  const more = lost.length > shownLost ? [`       … ${lost.length} in all`] : [];
  return [
    `${(deploy.isBusy ? `${method}, busy` : method).padEnd(26)}${figures.join(', ')}`,
    ...(lost.length > 0 ? [...lines, ...more, `       ${steps}`] : []),
  ].join('\n');
}

function rounded(ms: number | null): string {
  return ms === null ? '–' : ms.toFixed(0);
}

function middle(values: readonly (number | null)[]): number | null {
  return quantile(
    values.filter((value) => value !== null),
    0.5,
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
