import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkManifest } from '../parse-manifest.ts';
import { formatProblem } from '../problem.ts';

interface More {
  readonly app?: string;
  readonly environment?: string;
}

function check(strategy: string, { app = '', environment = '' }: More = {}) {
  const text = `app: shop\n${app}services: { web: { port: 3000 } }\nenvironments:\n  production: { ${environment}strategy: ${strategy} }\n`;
  return checkManifest(text, { file: 'f', hasDockerfile: false });
}

function strategyOf(written: string, more?: More) {
  const { manifest, problems } = check(written, more);
  assert.deepEqual(problems.map(formatProblem), []);
  return manifest?.environments.find((each) => each.environment === 'production')?.strategy;
}

function assertProblem(written: string, place: string, words: RegExp, more?: More): void {
  const problems = check(written, more).problems.map(formatProblem);
  assert.equal(problems.length, 1, problems.join('\n'));
  assert.ok(problems[0]?.startsWith(place), `${problems[0]} does not start with ${place}`);
  assert.match(problems[0] ?? '', words);
}

const plain = {
  ...{ canary: null, everyMs: 0, withinMs: 7_200_000, watchMs: 900_000, holdbackPermille: 0 },
  ...{ margin: 1.1, tolerance: 2, limits: [], signals: [] },
};

test('shares make a canary, with a holdback of 5 % and the judge’s defaults', () => {
  const shares = { kind: 'shares', permille: [1, 50, 255, 500] };
  const canary = { ...plain, name: 'canary', canary: shares, holdbackPermille: 50 };
  assert.deepEqual(strategyOf('{ canary: [0.1%, 5%, 25.5%, 50%] }'), canary);
  assert.deepEqual(strategyOf('{ name: canary, canary: [0.1%, 5%, 25.5%, 50%] }'), canary);
});

test('a budget of failed requests makes one too', () => {
  assert.deepEqual(strategyOf('{ canary: 30 failed requests }')?.canary, { kind: 'budget', failures: 30 });
  assert.deepEqual(strategyOf('{ canary: 1 failed request }')?.canary, { kind: 'budget', failures: 1 });
  assertProblem('{ canary: 0 failed requests }', 'f:4:37 ', /a list of percentages, or a budget/);
});

test('blue-green holds back nothing unless it is asked to, and can be judged then', () => {
  assert.deepEqual(strategyOf('blue-green'), { ...plain, name: 'blue-green' });
  const judged = strategyOf('{ holdback: 10%, margin: 1.5, tolerance: 3, limits: { failures: 1% } }');
  assert.deepEqual(judged, {
    ...{ ...plain, name: 'blue-green', holdbackPermille: 100, margin: 1.5, tolerance: 3 },
    limits: [{ kind: 'failures', mostRate: 0.01 }],
  });
});

test('times, limits and signals are read', () => {
  const text = `{ canary: [1%, 50%], every: 10m, within: 3h, watch: 1h, holdback: 0%,
    limits: { failures: 0.5%, p50: 100ms, p99: 2s, queue_age: 2m, hit_rate: 90%, depth: 17 },
    signals: { queue_age: { prometheus: 'max(age{release="$release"})' }, hit_rate: { prometheus: avg(hits), better: higher },
      depth: { run: node jobs/depth.ts, root: jobs } } }`;
  assert.deepEqual(strategyOf(text, { environment: 'prometheus: http://127.0.0.1:9090, ' }), {
    name: 'canary',
    canary: { kind: 'shares', permille: [10, 500] },
    ...{ everyMs: 600_000, withinMs: 10_800_000, watchMs: 3_600_000, holdbackPermille: 0, margin: 1.1, tolerance: 2 },
    limits: [
      { kind: 'failures', mostRate: 0.005 },
      { kind: 'duration', part: 0.5, mostMs: 100 },
      { kind: 'duration', part: 0.99, mostMs: 2_000 },
      { kind: 'signal', signal: 'queue_age', value: 120 },
      { kind: 'signal', signal: 'hit_rate', value: 0.9 },
      { kind: 'signal', signal: 'depth', value: 17 },
    ],
    signals: [
      {
        ...{ signal: 'queue_age', better: 'lower' },
        source: { kind: 'prometheus', query: 'max(age{release="$release"})' },
      },
      { signal: 'hit_rate', better: 'higher', source: { kind: 'prometheus', query: 'avg(hits)' } },
      { signal: 'depth', better: 'lower', source: { kind: 'job', argv: ['node', 'jobs/depth.ts'], root: 'jobs' } },
    ],
  });
});

test('a name beside `canary` must be canary, and canary needs its shares', () => {
  assertProblem('{ name: rolling, canary: [1%] }', 'f:4:35 environments.production.strategy.name:', /not rolling/);
  assertProblem('{ name: canary }', 'f:4:35 environments.production.strategy.name:', /says its shares, or what it may/);
  assertProblem('canary', 'f:4:27 environments.production.strategy:', /says its shares, or what it may cost/);
});

test('shares ascend, in steps of 0.1 %, up to what is not held back', () => {
  const at = (index: number, column: number) => `f:4:${column} environments.production.strategy.canary[${index}]:`;
  assertProblem('{ canary: [0%] }', at(0, 38), /more than 0%/);
  assertProblem('{ canary: [5%, 5%] }', at(1, 42), /more than the one before it, and that is 5%/);
  assertProblem('{ canary: [5%, 1%] }', at(1, 42), /more than the one before it/);
  assertProblem('{ canary: [0.15%] }', at(0, 38), /steps of 0\.1%; 0\.15% lies between two/);
  assertProblem('{ canary: [96%] }', at(0, 38), /at most 95%: 5% stay on the old release/);
  assertProblem('{ canary: [1], every: 1m }', at(0, 38), /expected a percentage/);
  strategyOf('{ canary: [95%] }');
  strategyOf('{ canary: [100%], holdback: 0% }');
});

test('the holdback is the smaller part, and of 0.1 % steps', () => {
  const at = 'f:4:39 environments.production.strategy.holdback:';
  assertProblem('{ holdback: 51% }', at, /at most 50% can be held back/);
  assertProblem('{ holdback: 0.55% }', at, /steps of 0\.1%/);
});

test('limits are known ones or signals', () => {
  assertProblem('{ canary: [1%], limits: { p98: 1s } }', 'f:4:53 ', /no limit or signal "p98"; did you mean "p90"/);
  assertProblem('{ canary: [1%], limits: { queue: 1 } }', 'f:4:53 ', /there are failures, p50, p90, p95, p99/);
  assertProblem('{ canary: [1%], limits: { failures: 0% } }', 'f:4:63 ', /more than 0%/);
  assertProblem('{ canary: [1%], limits: { p99: 0s } }', 'f:4:58 ', /longer than 0s/);
  assertProblem('{ canary: [1%], limits: { p99: 1% } }', 'f:4:58 ', /expected a duration/);
});

test('a signal has one source, and a query has a Prometheus to ask', () => {
  const query = '{ canary: [1%], signals: { x: { prometheus: a } } }';
  assertProblem(query, 'f:4:59 environments.production.strategy.signals.x.prometheus:', /add `prometheus: http:/);
  strategyOf(query, { environment: 'prometheus: "http://127.0.0.1:9090", ' });
  strategyOf(query, { app: 'prometheus: "https://metrics.example/prometheus"\n' });
  const variant = (matcher: string) => `{ canary: [1%], signals: { x: { prometheus: 'late{menu${matcher}}' } } }`;
  strategyOf(variant('=~"$variant"'), { app: 'prometheus: "https://metrics.example/prometheus"\n' });
  assertProblem(variant('="$variant"'), 'f:5:71 ', /write it into a regular expression, as in/, {
    app: 'prometheus: "https://metrics.example/prometheus"\n',
  });
  assertProblem('{ canary: [1%], signals: { x: {} } }', 'f:4:54 ', /either `prometheus`, a query, or `run`/);
  assertProblem('{ canary: [1%], signals: { x: { prometheus: a, run: b } } }', 'f:4:54 ', /either `prometheus`/);
  assertProblem('{ canary: [1%], signals: { p99: { run: b } } }', 'f:4:54 ', /give the signal another name/);
});

test('keys that would mean nothing are problems that say what to write', () => {
  for (const key of ['margin: 2', 'tolerance: 3']) {
    assertProblem(`{ ${key} }`, 'f:4:29 ', /blue-green lets only one have users; add `holdback: 5%`, or use a canary/);
    assertProblem(`{ ${key}, name: rolling }`, 'f:4:29 ', /or blue-green with `holdback: 5%`/);
  }
  assertProblem(
    '{ every: 10m }',
    'f:4:29 ',
    /only a canary has shares to wait at, and this is blue-green; use `canary:/,
  );
  assertProblem('{ name: recreate, holdback: 5% }', 'f:4:45 ', /recreate has nothing to hold back/);
});

test('limits hold for every strategy; a signal without one needs an old release beside the new one', () => {
  const limited = '{ name: rolling, limits: { failures: 1%, x: 3 }, signals: { x: { run: a } } }';
  assert.deepEqual(strategyOf(limited)?.limits, [
    { kind: 'failures', mostRate: 0.01 },
    { kind: 'signal', signal: 'x', value: 3 },
  ]);
  const compared = 'signals: { x: { run: a } } }';
  strategyOf(`{ holdback: 5%, ${compared}`);
  assertProblem(
    `{ ${compared}`,
    'f:4:40 environments.production.strategy.signals.x:',
    /give it a limit under `limits`/,
  );
});

test('shares that cannot be through in time are a problem', () => {
  assertProblem(
    '{ canary: [1%, 5%, 25%, 50%], every: 30m }',
    'f:4:64 environments.production.strategy.every:',
    /4 shares of 30m take 2h at least, and the rollout may take 2h \(`within`\)/,
  );
  strategyOf('{ canary: [1%, 5%, 25%, 50%], every: 30m, within: 3h }');
});
