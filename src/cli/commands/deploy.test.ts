import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RolloutView } from '../../capabilities/releases/releases-api.ts';
import { problem, startFakeControlPlane, written, type FakeHandler } from '../fixtures/fake-control-plane.ts';
import { shopFolder } from '../fixtures/shop-folder.ts';
import { runLotse } from '../fixtures/run-lotse.ts';
import { aBuild, anEnvironment, aRollout, aStep, aVerifiedRollout } from '../fixtures/views.ts';

const folder = shopFolder();

/** A control plane on which each environment goes through these views, one for each time it is asked. */
function fakeRollouts(views: Readonly<Record<string, readonly RolloutView[]>>): Readonly<Record<string, FakeHandler>> {
  const asked = new Map<string, number>();
  const current = (environment: string): RolloutView | null => {
    const list = views[environment] ?? [];
    return list[Math.min(asked.get(environment) ?? 0, list.length - 1)] ?? null;
  };
  const started = new Set<string>();
  return {
    'POST /apps/:app/releases': () => aBuild(),
    'GET /apps/:app/environments/:environment': ({ path }, answer) => {
      const environment = path.environment ?? '';
      if (!started.has(environment)) return problem(answer, 404, 'not-found', 'not known yet');
      const rollout = current(environment);
      return anEnvironment(environment, { rollout, release: rollout?.live === true ? rollout.release : 'r6-9f8e7d6' });
    },
    'POST /apps/:app/environments/:environment/rollouts': ({ path }) => {
      started.add(path.environment ?? '');
      return current(path.environment ?? '');
    },
    'GET /apps/:app/rollouts/:rollout': ({ path }) => {
      const environment = (path.rollout ?? '').replace('-rollout-1', '');
      asked.set(environment, (asked.get(environment) ?? 0) + 1);
      return current(environment);
    },
    'GET /events': (_, answer) => {
      // Something always changes: followers ask again at once.
      answer.writeHead(200, { 'content-type': 'text/event-stream' });
      const timer = setInterval(() => {
        answer.write('event: change\ndata: {"position":1,"app":"shop","environment":null,"type":"step-done"}\n\n');
      }, 5);
      answer.on('close', () => clearInterval(timer));
      return written;
    },
  };
}

async function deploy(handlers: Readonly<Record<string, FakeHandler>>, ...more: readonly string[]) {
  const fake = await startFakeControlPlane(handlers);
  try {
    const result = await runLotse(['deploy', ...more], { cwd: folder, env: fake.env });
    return { ...result, requests: fake.requests };
  } finally {
    await fake.close();
  }
}

const moving = (environment: string) => aRollout({ environment });
const verified = (environment: string) => aVerifiedRollout({ environment });

test('a release goes through staging to production, and the lines that scripts look for are there', async () => {
  const views = {
    staging: [moving('staging'), verified('staging')],
    production: [moving('production'), verified('production')],
  };
  const { exitCode, stdout, requests } = await deploy(fakeRollouts(views));
  assert.equal(exitCode, 0);
  const lines = stdout.split('\n');
  const staging = lines.indexOf('staging verified  r7-a1b2c3d  http://staging.shop.localhost:8080');
  const production = lines.indexOf('production verified  r7-a1b2c3d  http://shop.localhost:8080');
  assert.ok(staging > 0 && production > staging, stdout);
  assert.ok(lines.includes('production  ✓ do verify-after  2.5s'), 'one line for a step, with its time');
  const starts = requests.filter((request) => request.route.endsWith('/rollouts') && request.route.startsWith('POST'));
  assert.deepEqual(
    starts.map((request) => [request.path.environment, request.json]),
    [
      ['staging', { release: 'r7-a1b2c3d' }],
      ['production', { release: 'r7-a1b2c3d' }],
    ],
  );
});

test('the source travels as a tar, with what is known about it', async () => {
  const { requests } = await deploy(fakeRollouts({ staging: [verified('staging')] }), 'staging');
  const upload = requests.find((request) => request.route === 'POST /apps/:app/releases');
  assert.equal(upload?.headers['content-type'], 'application/x-tar');
  assert.equal(upload?.query.get('commit'), '0'.repeat(40));
  assert.equal(upload?.query.get('dirty'), 'true');
  assert.ok(upload?.body.includes('lotse.yaml'));
});

test('without a verification the line says live, and claims no more', async () => {
  const live = aRollout({ environment: 'staging', status: 'watching', live: true, steps: [aStep('shift', 'done')] });
  const { stdout, exitCode } = await deploy(fakeRollouts({ staging: [live] }), 'staging');
  assert.equal(exitCode, 0);
  assert.match(stdout, /^staging live {2}r7-a1b2c3d {2}http:\/\/staging\.shop\.localhost:8080$/m);
  assert.doesNotMatch(stdout, /verified/);
});

test('a release that returns in staging never starts in production; its last lines are in the message', async () => {
  const cause = {
    kind: 'verification',
    step: 'verify-before',
    message: 'The verification failed with exit code 1',
    logTail: ['Error: basket is empty', '\u001b[2Jboom'],
    inRelease: true,
  };
  const returned = aRollout({ environment: 'staging', status: 'returned', cause });
  const { exitCode, stdout, requests } = await deploy(fakeRollouts({ staging: [moving('staging'), returned] }));
  assert.equal(exitCode, 12);
  assert.match(stdout, /staging returned {2}r7-a1b2c3d is out, users get r6-9f8e7d6/);
  assert.match(stdout, /The verification failed with exit code 1/);
  assert.match(stdout, /│ Error: basket is empty\n.*│ boom/);
  assert.ok(!requests.some((request) => request.path.environment === 'production'));
});

test('a shut gate is said with what opens it, and the exit code is 7', async () => {
  const gate = {
    gate: 'approval',
    title: 'approved by a person',
    state: 'waiting' as const,
    message: 'One more.',
    opensAt: null,
  };
  const waiting = aRollout({ environment: 'staging', status: 'waiting', waitingFor: [gate] });
  const { exitCode, stdout } = await deploy(fakeRollouts({ staging: [waiting] }), 'staging');
  assert.equal(exitCode, 7);
  assert.match(stdout, /approved by a person {2}One more\./);
  assert.match(stdout, /lotse approve staging/);
});

test('a gate that opens by itself in a moment does not end the command', async () => {
  const waiting = aRollout({ environment: 'staging', status: 'waiting' });
  const views = { staging: [waiting, waiting, verified('staging')] };
  assert.equal((await deploy(fakeRollouts(views), 'staging')).exitCode, 0);
});

const servesSeven = (differs: boolean): Record<string, FakeHandler> => {
  const rollout = aVerifiedRollout({ environment: 'staging', status: 'settled' });
  const about = { app: 'shop', version: 1, release: 'r7-a1b2c3d', revision: 'staging-7', values: [], undeclared: [] };
  return {
    'GET /apps/:app/environments/:environment': ({ path }) =>
      anEnvironment(path.environment ?? '', { release: 'r7-a1b2c3d', rollout }),
    'GET /apps/:app/environments/:environment/config': ({ path }) => ({ ...about, ...path, differs }),
  };
};

test('the same release again is rolled out when other config was set', async () => {
  const handlers = { ...fakeRollouts({ staging: [moving('staging'), verified('staging')] }), ...servesSeven(true) };
  const { exitCode, requests } = await deploy(handlers, 'staging');
  assert.equal(exitCode, 0);
  assert.ok(requests.some((request) => request.route.startsWith('POST') && request.route.endsWith('/rollouts')));
});

test('the same release again changes nothing and says so', async () => {
  const { exitCode, stdout, requests } = await deploy({ ...fakeRollouts({}), ...servesSeven(false) }, 'staging');
  assert.equal(exitCode, 0);
  assert.match(stdout, /^staging verified {2}r7-a1b2c3d/m);
  assert.match(stdout, /It serves here already; nothing was changed/);
  assert.ok(!requests.some((request) => request.route.startsWith('POST') && request.route.endsWith('/rollouts')));
});

test('a control plane that is away for a moment does not end the command', async () => {
  const handlers = fakeRollouts({ staging: [moving('staging'), moving('staging'), verified('staging')] });
  let failures = 6; // more than one call repeats by itself
  const flaky: FakeHandler = (request, answer) => {
    failures -= 1;
    if (failures >= 0) return problem(answer, 503, 'unreachable', 'The control plane restarts', { retriable: true });
    return handlers['GET /apps/:app/rollouts/:rollout']?.(request, answer);
  };
  const { exitCode, stdout } = await deploy({ ...handlers, 'GET /apps/:app/rollouts/:rollout': flaky }, 'staging');
  assert.equal(exitCode, 0);
  assert.match(stdout, /The control plane restarts\. Trying again/);
  assert.match(stdout, /The control plane answers again/);
});

test('a build that fails ends the command with its last lines and what to do', async () => {
  const said = { code: 'build-failed', message: 'npm run build ended with 1', details: ['src/a.ts: boom'] };
  const error = { ...said, hint: 'Look at src/a.ts.' };
  const build = aBuild({ state: 'failed', release: null, error });
  const { exitCode, stderr } = await deploy({ 'POST /apps/:app/releases': () => build });
  assert.equal(exitCode, 10);
  assert.match(
    stderr,
    /npm run build ended with 1\n {2}src\/a\.ts: boom\n {2}Look at src\/a\.ts\.\n {2}Nothing was changed/,
  );
});

test('build lines are shown as they come', async () => {
  const handlers = fakeRollouts({ staging: [verified('staging')] });
  const { exitCode, stdout } = await deploy(
    {
      ...handlers,
      'POST /apps/:app/releases': () => aBuild({ state: 'building', release: null }),
      'GET /apps/:app/builds/:build': () => aBuild(),
      'GET /apps/:app/builds/:build/progress': (_, answer) => {
        answer.writeHead(200, { 'content-type': 'text/event-stream' });
        answer.end('event: line\ndata: {"text":"added 12 packages"}\n\nevent: end\ndata: {}\n\n');
        return written;
      },
    },
    'staging',
  );
  assert.equal(exitCode, 0);
  assert.match(stdout, /^ {2}added 12 packages$/m);
});

test('with --json stdout is one value, and people read on stderr', async () => {
  const { stdout, stderr } = await deploy(fakeRollouts({ staging: [verified('staging')] }), 'staging', '--json');
  const value: unknown = JSON.parse(stdout);
  assert.partialDeepStrictEqual(value, {
    release: { id: 'r7-a1b2c3d' },
    environments: [{ environment: 'staging', standing: 'live', isVerified: true }],
    exitCode: 0,
  });
  assert.match(stderr, /staging verified/);
});

test('Ctrl-C leaves the rollout going and says how to get back to it', async () => {
  const fake = await startFakeControlPlane(fakeRollouts({ staging: [moving('staging')] }));
  try {
    const { exitCode, stdout } = await runLotse(['deploy', 'staging'], {
      cwd: folder,
      env: fake.env,
      onOutput: (text, interrupt) => {
        if (text.startsWith('staging  r7')) interrupt();
      },
    });
    assert.equal(exitCode, 130);
    assert.match(stdout, /goes on by itself\.\n.*lotse status staging/);
    assert.ok(!fake.requests.some((request) => request.path.command === 'abort'));
  } finally {
    await fake.close();
  }
});

test('a rollout that somebody holds: who, why, and when it goes back by itself', async () => {
  const pause = { by: 'ann', reason: 'lunch', until: Date.now() + 7_200_000 };
  const paused = aRollout({ environment: 'staging', status: 'paused', pause });
  const { exitCode, stdout } = await deploy(fakeRollouts({ staging: [moving('staging'), paused] }), 'staging');
  assert.equal(exitCode, 7);
  assert.match(stdout, /staging paused {2}r7-a1b2c3d\n {2}by ann: lunch\n {2}goes back by itself in \d/);
  assert.match(stdout, /lotse resume staging {3}goes on/);
});
