import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlanView, RolloutView } from '../capabilities/releases/releases-api.ts';
import { startFakeControlPlane, written, type FakeHandler } from './fixtures/fake-control-plane.ts';
import { runLotse } from './fixtures/run-lotse.ts';
import { shopFolder } from './fixtures/shop-folder.ts';
import { aBuild, aJudgement, anEnvironment, aRollout, aStep, aVerifiedRollout } from './fixtures/views.ts';

const folder = shopFolder();

async function lotse(handlers: Readonly<Record<string, FakeHandler>>, ...line: readonly string[]) {
  const fake = await startFakeControlPlane(handlers);
  try {
    return await runLotse(line, { cwd: folder, env: fake.env });
  } finally {
    await fake.close();
  }
}

const share = (number: number, permille: number, state: RolloutView['steps'][number]['state'] = 'next') =>
  aStep(`share-${number}`, state, {
    permille,
    judged: true,
    title: `send ${permille / 10} % of requests to r7-a1b2c3d`,
  });
const rest = aStep('shift-rest', 'next', { permille: 1000, phase: 'settled' });

function aPlan(canary: PlanView['canary']): PlanView {
  return {
    ...{ app: 'shop', environment: 'production', kind: 'deploy', strategy: 'canary', release: 'r7-a1b2c3d' },
    ...{ before: 'r6-9f8e7d6', gates: [], diff: [], weakens: [], notes: [], expectedMs: 1_000_000 },
    steps: [aStep('start'), share(1, 10), share(2, 250), aStep('shift', 'next', { permille: 950 }), rest],
    canary,
  };
}

async function planOf(canary: PlanView['canary']): Promise<string> {
  const handlers: Readonly<Record<string, FakeHandler>> = {
    'GET /apps/:app/environments': () => [anEnvironment('production')],
    'POST /apps/:app/environments/:environment/plan': () => aPlan(canary),
  };
  const { stdout, exitCode } = await lotse(handlers, 'plan', 'production');
  assert.equal(exitCode, 0);
  return stdout;
}

test('plan shows the shares, and how long they take at today’s load', async () => {
  const text = await planOf({ requestsPerS: 40.2, toFullTrafficMs: 720_000, budget: 30, withinMs: 7_200_000 });
  assert.match(text, /1 % › 25 % › 95 %; 5 % stay on r6-9f8e7d6 until the watch is over/);
  assert.match(text, /about 12m to full traffic at today’s 40 requests\/s/);
  assert.match(text, /still undecided after 2h: back to r6-9f8e7d6, without quarantine/);
  assert.match(text, /at most 30 failed requests more than r6-9f8e7d6 would have had/);
});

test('plan says that there is no load to go by', async () => {
  const text = await planOf({ requestsPerS: null, toFullTrafficMs: null, budget: null, withinMs: 7_200_000 });
  assert.match(text, /how long that takes is not known: no requests were counted/);
  assert.doesNotMatch(text, /failed requests/);
});

test('a slow load is told by the minute', async () => {
  const text = await planOf({ requestsPerS: 0.05, toFullTrafficMs: 86_400_000, budget: null, withinMs: 7_200_000 });
  assert.match(text, /about 1d to full traffic at today’s 3\.0 requests\/min/);
});

/** A canary at its second share, as the judge sees it. */
function aCanary(more: Partial<RolloutView> = {}): RolloutView {
  const steps = [aStep('start', 'done'), share(1, 10, 'done'), share(2, 250, 'running'), rest];
  return aRollout({ strategy: 'canary', steps, judged: aJudgement(), ...more });
}

const status = (rollout: RolloutView): Readonly<Record<string, FakeHandler>> => ({
  'GET /apps/:app/environments': () => [anEnvironment('production', { rollout })],
  'GET /apps/:app/environments/:environment': () => anEnvironment('production', { rollout }),
  'GET /apps/:app/rollouts/:rollout': () => rollout,
  'POST /apps/:app/rollouts/:rollout/:command': () => null,
});

test('status tells the share and the verdict, and of one environment the sentence and what was counted', async () => {
  const all = await lotse(status(aCanary()), 'status');
  assert.match(all.stdout, /moving r7-a1b2c3d: 25 % of users, undecided/);
  const one = await lotse(status(aCanary()), 'status', 'production');
  assert.match(one.stdout, /The judge {2}looked /);
  assert.match(one.stdout, /undecided {2}Undecided: at today's load about 3 minutes/);
  assert.match(one.stdout, /web failures {2}undecided {2}new 3 of 400 {2}old 40 of 7600 {2}harm 20 %, health 50 %/);
});

test('status tells a broken limit and what the budget has cost', async () => {
  const judged = aJudgement({
    broken: ['web fails 3 %, at most 1 % are allowed'],
    exposure: { spent: 12.4, budget: 30 },
  });
  const { stdout } = await lotse(status(aCanary({ judged })), 'status', 'production');
  assert.match(stdout, /limit broken {2}Undecided/);
  assert.match(stdout, /✗ web fails 3 %, at most 1 % are allowed/);
  assert.match(stdout, /cost {2}12 of 30 failed requests/);
});

test('--json has all that the judge said', async () => {
  const { stdout } = await lotse(status(aCanary()), 'status', 'production', '--json');
  assert.deepEqual(JSON.parse(stdout).rollout.judged, aJudgement());
});

test('whoever steers a canary hears what it means for its users', async () => {
  const said = async (word: string, rollout = aCanary()) => (await lotse(status(rollout), word, 'production')).stdout;
  assert.match(
    await said('pause'),
    /keeps the share of users that it has; harm that the judge finds still takes it back/,
  );
  assert.match(await said('advance'), /goes on to the next step without waiting for the judge/);
  assert.match(await said('advance', aRollout()), /goes on to the next step\.$/m);
});

test('deploy writes a line when a share begins, and the sentence when the verdict changes, not each time it is asked', async () => {
  const at = (number: number, sentence: string, verdict: 'undecided' | 'healthy' = 'undecided') => {
    const state = (own: number) => (own < number ? 'done' : own === number ? 'running' : 'next');
    const steps = [aStep('start', 'done'), share(1, 10, state(1)), share(2, 250, state(2)), rest];
    return aCanary({ environment: 'staging', steps, judged: aJudgement({ sentence, verdict }) });
  };
  const end = aVerifiedRollout({ environment: 'staging', judged: aJudgement({ verdict: 'healthy' }) });
  const views = [at(1, 'a'), at(1, 'b'), at(2, 'c'), at(2, 'd'), at(2, 'fine', 'healthy'), end];
  let asked = 0;
  const now = () => views[Math.min(asked, views.length - 1)];
  const { stdout, exitCode } = await lotse(
    {
      'POST /apps/:app/releases': () => aBuild(),
      'GET /apps/:app/environments/:environment': () => anEnvironment('staging', { rollout: null }),
      'POST /apps/:app/environments/:environment/rollouts': now,
      'GET /apps/:app/rollouts/:rollout': () => {
        asked += 1;
        return now();
      },
      'GET /events': (_, answer) => {
        answer.writeHead(200, { 'content-type': 'text/event-stream' });
        const change = 'event: change\ndata: {"position":1,"app":"shop","environment":null,"type":"step-done"}\n\n';
        const timer = setInterval(() => answer.write(change), 5);
        answer.on('close', () => clearInterval(timer));
        return written;
      },
    },
    'deploy',
    'staging',
  );
  assert.equal(exitCode, 0, stdout);
  const lines = stdout.split('\n').filter((line) => /users get|decided|healthy/.test(line));
  assert.deepEqual(lines, [
    'staging  › 1 % of users get r7-a1b2c3d',
    'staging    undecided  a',
    'staging  › 25 % of users get r7-a1b2c3d',
    'staging    undecided  c',
    'staging    healthy  fine',
  ]);
});
