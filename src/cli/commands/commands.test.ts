import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JobView } from '../../capabilities/releases/releases-api.ts';
import { startFakeControlPlane, written, type FakeHandler } from '../fixtures/fake-control-plane.ts';
import { shopFolder } from '../fixtures/shop-folder.ts';
import { runLotse, type RunResult } from '../fixtures/run-lotse.ts';
import { anEnvironment, aRelease, aRollout, aStep, aVerifiedRollout } from '../fixtures/views.ts';

const folder = shopFolder();

type Handlers = Readonly<Record<string, FakeHandler>>;

async function lotse(handlers: Handlers, ...line: readonly string[]) {
  const fake = await startFakeControlPlane(handlers);
  try {
    const result: RunResult = await runLotse(line, { cwd: folder, env: fake.env });
    return { ...result, requests: fake.requests };
  } finally {
    await fake.close();
  }
}

const environments: Handlers = {
  'GET /apps/:app/environments': () => [anEnvironment('staging'), anEnvironment('production')],
  'GET /apps/:app/environments/:environment': ({ path }) => anEnvironment(path.environment ?? ''),
};

test('status lists what serves where, and passed gates until they are forgotten', async () => {
  const override = { gate: 'hours', by: '0198-ann', reason: 'the shop is closed', at: 1000 };
  const order = { kind: 'switch', revision: 'production-5', by: 'ben', reason: 'too slow', at: 1000 } as const;
  const ann = { id: '0198-ann', name: 'ann', mail: null, roles: ['operator'], createdAt: 0, disabledAt: null };
  const handlers: Handlers = {
    'GET /people': () => [ann],
    'GET /apps/:app/environments': () => [
      anEnvironment('staging', { rollout: aRollout({ environment: 'staging' }) }),
      anEnvironment('production', { overrides: [override], proxyOrders: [order] }),
    ],
  };
  const { stdout, exitCode } = await lotse(handlers, 'status');
  assert.equal(exitCode, 0);
  assert.match(stdout, /staging +r6-9f8e7d6 +moving r7-a1b2c3d/);
  assert.match(stdout, /production +r6-9f8e7d6 +verified/);
  assert.match(stdout, /hours was overridden by ann: the shop is closed/);
  assert.match(stdout, /production: by order of ben the proxy sends all users to production-5: too slow/);
});

test('a misspelt environment gets the nearest name', async () => {
  const handlers: Handlers = { 'GET /apps/:app/environments': () => [anEnvironment('production')] };
  const { stderr, exitCode } = await lotse(handlers, 'status', 'producton');
  assert.equal(exitCode, 5);
  assert.match(stderr, /Did you mean production\?/);
});

test('a rollback needs no release, and says where it went back to', async () => {
  const rollout = aVerifiedRollout({ kind: 'rollback', release: 'r5-0000000', steps: [aStep('shift', 'done')] });
  const start: FakeHandler = () => rollout;
  const { stdout, exitCode, requests } = await lotse(
    { ...environments, 'POST /apps/:app/environments/:environment/rollouts': start },
    'rollback',
    'production',
    '--reason',
    'slow',
  );
  assert.equal(exitCode, 0);
  assert.match(stdout, /from r6-9f8e7d6 back to r5-0000000/);
  assert.match(stdout, /^production back on {2}r5-0000000 {2}http:\/\/shop\.localhost:8080$/m);
  assert.match(stdout, /verified on the public route/);
  assert.deepEqual(requests.find((request) => request.route.startsWith('POST'))?.json, {
    rollback: true,
    reason: 'slow',
  });
});

test('a rollback that turns a rollout around is a success when that has returned', async () => {
  const start: FakeHandler = () => aVerifiedRollout({ status: 'returned', before: 'r6-9f8e7d6' });
  const handlers = { ...environments, 'POST /apps/:app/environments/:environment/rollouts': start };
  const { stdout, exitCode } = await lotse(handlers, 'rollback', 'production');
  assert.equal(exitCode, 0);
  assert.match(stdout, /^production back on {2}r6-9f8e7d6/m);
});

test('promote takes what the environment before has verified last', async () => {
  const handlers: Handlers = {
    ...environments,
    'GET /apps/:app/releases': () => [
      aRelease({ id: 'r8-b', number: 8 }),
      aRelease({ id: 'r6-a', number: 6, verifiedIn: ['staging'] }),
      aRelease({ id: 'r7-a1b2c3d', number: 7, verifiedIn: ['staging'] }),
    ],
    'POST /apps/:app/environments/:environment/rollouts': () => aVerifiedRollout(),
  };
  const { exitCode, requests } = await lotse(handlers, 'promote');
  assert.equal(exitCode, 0);
  const start = requests.find((request) => request.route.startsWith('POST'));
  assert.deepEqual([start?.path.environment, start?.json], ['production', { release: 'r7-a1b2c3d' }]);
});

test('cancel without a rollout under way says what to do instead', async () => {
  const { exitCode, stderr } = await lotse(environments, 'cancel', 'production');
  assert.equal(exitCode, 6);
  assert.match(stderr, /lotse rollback production/);
});

test('plan shows each step with its way back, and what is not proven', async () => {
  const plan = {
    app: 'shop',
    environment: 'production',
    kind: 'deploy',
    strategy: 'blue-green',
    release: 'r7-a1b2c3d',
    before: 'r6-9f8e7d6',
    steps: [aStep('start', 'next', { phase: 'start', title: 'start r7', compensation: 'stop r7', expectedMs: 5000 })],
    gates: [
      {
        gate: 'proof:artifacts',
        title: 'the old artifact is there',
        state: 'not-proven',
        message: 'It is gone.',
        opensAt: null,
      },
    ],
    diff: [{ part: 'config', what: 'LOG_LEVEL', from: 'info', to: 'debug' }],
    weakens: [{ gate: 'approval', from: '2', to: '1' }],
    notes: [],
    canary: null,
    expectedMs: 65_000,
  };
  const { stdout, exitCode } = await lotse(
    { ...environments, 'POST /apps/:app/environments/:environment/plan': () => plan },
    'plan',
    'production',
  );
  assert.equal(exitCode, 0);
  assert.match(stdout, /1 {2}start {2}start r7 {2}~5\.0s {2}1m {6}stop r7/);
  assert.match(stdout, /LOG_LEVEL {2}info → debug/);
  assert.match(stdout, /approval: 2 → 1/);
  assert.match(stdout, /not proven {2}the old artifact is there/);
  assert.match(stdout, /lotse override production proof:artifacts --reason/);
});

const aJob = (more: Partial<JobView> = {}): JobView => ({
  key: 'production/job 1',
  state: 'running',
  exitCode: null,
  signal: null,
  logTail: [],
  ...more,
});

function jobHandlers(end: Partial<JobView>): Handlers {
  const line = (stream: 'out' | 'err', text: string) =>
    JSON.stringify({ at: 1, service: 'job', revision: 'production-7', slot: 0, attempt: 1, stream, text });
  return {
    ...environments,
    'POST /apps/:app/environments/:environment/jobs': () => aJob(),
    'GET /apps/:app/environments/:environment/jobs/:job': () => aJob(end),
    'GET /apps/:app/environments/:environment/logs': (_, answer) => {
      answer.writeHead(200, { 'content-type': 'application/x-ndjson' });
      answer.end(`${line('out', 'three pictures')}\n${line('err', 'one is broken')}\n`);
      return written;
    },
  };
}

test('run hands over the words behind -- as they are, and ends as the job ends', async () => {
  const handlers = jobHandlers({ state: 'failed', exitCode: 3 });
  const { exitCode, stdout, stderr, requests } = await lotse(
    handlers,
    'run',
    'production',
    '--',
    'sh',
    '-c',
    'echo $HOME; --x',
  );
  assert.equal(exitCode, 3);
  assert.equal(stdout, 'three pictures\n');
  assert.equal(stderr, 'one is broken\n');
  const start = requests.find((request) => request.route.startsWith('POST'));
  assert.deepEqual(start?.json, { argv: ['sh', '-c', 'echo $HOME; --x'] });
});

test('a job that a signal ended has the exit code that a shell would give it', async () => {
  const { exitCode } = await lotse(jobHandlers({ state: 'failed', signal: 'SIGKILL' }), 'run', 'production', 'reindex');
  assert.equal(exitCode, 137);
});

test('run wants a job or a command, and a deadline only of what runs on without anybody', async () => {
  assert.equal((await lotse(environments, 'run', 'production')).exitCode, 2);
  const sitting = await lotse(environments, 'run', 'production', 'web', '--within', '5m', '--', 'ls');
  assert.equal(sitting.exitCode, 2);
  assert.match(sitting.stderr, /this ends when you go/);
});

test('a command that is detached is a job with the config of its service, and only its key is printed', async () => {
  const line = ['run', 'production', 'web', '--detach', '--reason', 'tidy up', '--', 'node', 'tidy.ts'] as const;
  const { exitCode, stdout, stderr, requests } = await lotse(jobHandlers({}), ...line);
  assert.equal(exitCode, 0);
  assert.equal(stdout, `${aJob().key}\n`);
  assert.match(stderr, /lotse logs production --job/);
  const start = requests.find((request) => request.route.startsWith('POST'));
  assert.deepEqual(start?.json, { argv: ['node', 'tidy.ts'], service: 'web', reason: 'tidy up' });
});

test('production goes down only with its name once more', async () => {
  const handlers = { ...environments, 'POST /apps/:app/environments/:environment/down': () => null };
  assert.equal((await lotse(handlers, 'down', 'production')).exitCode, 2);
  assert.equal((await lotse(handlers, 'down', 'production', '--yes', 'staging')).exitCode, 2);
  assert.equal((await lotse(handlers, 'down', 'production', '--yes', 'production')).exitCode, 0);
  assert.equal((await lotse(handlers, 'down', 'staging')).exitCode, 0);
});

test('approve signs one line, all lines, or the release', async () => {
  const handlers = { ...environments, 'POST /apps/:app/environments/:environment/approvals': () => [] };
  const bodyOf = async (...more: readonly string[]) => {
    const { requests, exitCode } = await lotse(handlers, 'approve', 'production', ...more);
    assert.equal(exitCode, 0);
    return requests.find((request) => request.route.startsWith('POST'))?.json;
  };
  assert.deepEqual(await bodyOf('--line', 'Backup'), { line: 'Backup' });
  assert.deepEqual(await bodyOf('--all', '--note', 'with Ann'), { line: 'all', note: 'with Ann' });
  assert.deepEqual(await bodyOf('--release', 'r7-a1b2c3d'), { release: 'r7-a1b2c3d' });
});

test('a token’s secret is alone on stdout, so that a script can take it', async () => {
  const token = {
    id: 'tok1',
    name: 'ci',
    person: null,
    roles: ['developer'],
    app: 'shop',
    environments: null,
    createdAt: 1,
    expiresAt: null,
    lastUsedAt: null,
    secret: 'lotse_abc',
  };
  const handlers: Handlers = { 'POST /tokens': () => token };
  const line = ['token', 'create', 'ci', '--role', 'developer', '--app', 'shop', '--valid', '90d'];
  const { stdout, requests } = await lotse(handlers, ...line);
  assert.equal(stdout, 'lotse_abc\n');
  assert.partialDeepStrictEqual(requests[0]?.json, { roles: ['developer'], app: 'shop', validMs: 7_776_000_000 });
});

test('a person is added with roles, and gets a link of their own to sign in with', async () => {
  const person = { id: 'p1', name: 'Ada', mail: null, roles: ['approver'], createdAt: 1, disabledAt: null };
  const link = { url: 'http://127.0.0.1:7700/sign-in#secret', expiresAt: 2 };
  const handlers: Handlers = { 'POST /people': () => person, 'POST /sign-in-links': () => link };
  const { stdout, requests } = await lotse(handlers, 'people', 'add', 'Ada', '--role', 'approver');
  assert.equal(stdout, `${link.url}\n`);
  assert.partialDeepStrictEqual(requests[0]?.json, { name: 'Ada', roles: ['approver'], mail: null });
  assert.deepEqual(requests[1]?.json, { person: 'p1', validMs: 259_200_000 });
});

test('a misspelt role gets the nearest one', async () => {
  const { stderr, exitCode } = await lotse({}, 'token', 'create', 'ci', '--role', 'develper');
  assert.equal(exitCode, 2);
  assert.match(stderr, /Did you mean developer\?/);
});

test('logs come with time, service and text; for scripts one object a line', async () => {
  const handlers = jobHandlers({});
  const text = await lotse(handlers, 'logs', 'production', '--last', '2');
  assert.match(text.stdout, /\d\d:\d\d:\d\d {2}job\.0 +three pictures\n/);
  assert.equal(text.requests.at(-1)?.query.get('follow'), 'false');
  const json = await lotse(handlers, 'logs', 'production', '--json');
  const texts = json.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).text);
  assert.deepEqual(texts, ['three pictures', 'one is broken']);
});

test('a damaged journal is an exit code of its own', async () => {
  const check = {
    ok: false,
    chains: [{ chain: 'control', events: 4, problem: 'event 3 was changed' }],
    advice: 'Restore a backup.',
  };
  const { exitCode, stdout } = await lotse({ 'GET /journal/check': () => check }, 'journal', 'check');
  assert.equal(exitCode, 26);
  assert.match(stdout, /event 3 was changed/);
  assert.match(stdout, /Restore a backup\./);
});

test('the journal is listed with the oldest event first', async () => {
  const event = (position: number) => ({
    ...{ position, chain: 'shop/production', sequence: position, id: `e${position}`, type: 'step-done', at: position },
    ...{ actor: 'ann', reason: null, correlationId: null, payload: {} },
  });
  const { stdout } = await lotse({ 'GET /apps/:app/journal': () => [event(2), event(1)] }, 'journal', '--json');
  const positions = JSON.parse(stdout).map((each: { position: number }) => each.position);
  assert.deepEqual(positions, [1, 2]);
});

test('without a lotse.yaml the only app is meant', async () => {
  const fake = await startFakeControlPlane({
    ...environments,
    'GET /apps': () => [{ app: 'shop', environments: ['production'], createdAt: 1 }],
  });
  const { exitCode } = await runLotse(['status'], { cwd: '/', env: fake.env });
  await fake.close();
  assert.equal(exitCode, 0);
  assert.equal(fake.requests.at(-1)?.path.app, 'shop');
});

const aPreview = {
  release: 'r7-a1b2c3d',
  runs: true,
  until: Date.parse('2030-01-02T03:04:05Z'),
  named: 'https://r7-a1b2c3d.shop.example',
  url: 'https://shop.example',
  header: 'lotse-preview',
  value: '1893553445000.r7-a1b2c3d.ab12',
};

test('preview says where a release can be seen, by name and by a command that can be copied', async () => {
  const handlers: Handlers = {
    ...environments,
    'POST /apps/:app/environments/:environment/preview': () => aPreview,
  };
  const shown = await lotse(handlers, 'preview', 'production', 'r7-a1b2c3d', '--for', '2d');
  assert.equal(shown.exitCode, 0);
  assert.match(shown.stdout, /^ {2}https:\/\/r7-a1b2c3d\.shop\.example$/m);
  assert.match(
    shown.stdout,
    /^ {2}curl -H 'lotse-preview: 1893553445000\.r7-a1b2c3d\.ab12' https:\/\/shop\.example\/$/m,
  );
  const request = shown.requests.find((each) => each.route.startsWith('POST'));
  assert.deepEqual(request?.json, { release: 'r7-a1b2c3d', forMs: 172_800_000 });
  const json = await lotse(handlers, 'preview', 'production', '--json');
  assert.deepEqual(JSON.parse(json.stdout), aPreview);
  assert.deepEqual(json.requests.find((each) => each.route.startsWith('POST'))?.json, { forMs: 3_600_000 });
});

test('preview says when there is nothing to see yet, and refuses what is no duration', async () => {
  const handlers: Handlers = {
    ...environments,
    'POST /apps/:app/environments/:environment/preview': () => ({ ...aPreview, runs: false, named: null }),
  };
  const early = await lotse(handlers, 'preview', 'production');
  assert.match(early.stdout, /does not run there now/);
  assert.doesNotMatch(early.stdout, /r7-a1b2c3d\.shop/);
  const wrong = await lotse(handlers, 'preview', 'production', '--for', 'ages');
  assert.equal(wrong.exitCode, 2);
  assert.match(wrong.stderr, /--for ages is no duration/);
});
