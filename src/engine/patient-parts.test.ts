import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clockOn, VirtualTime } from '../../test/simulation/virtual-time.ts';
import type { RoutedEnvironment } from '../core/routing-document.ts';
import { plan, revision, service } from '../rollout/fixtures/example-rollout.ts';
import { recordedPlane } from './fixtures/recorded-plane.ts';
import type { EngineParts } from './parts.ts';
import { Patience } from './patience.ts';
import { patientParts, type Doubtful } from './patient-parts.ts';

type Call = readonly [name: string, ...args: readonly unknown[]];

/** A port whose calls are kept, and answered as the test says. */
function heard<Port extends object>(port: Port, called: (call: Call) => unknown): Port {
  const get = (of: Port, name: string | symbol) => {
    const known: unknown = Reflect.get(of, name);
    return typeof known === 'function' ? (...args: readonly unknown[]) => called([String(name), ...args]) : known;
  };
  return new Proxy(port, { get });
}

function patient(answer: (call: Call) => unknown) {
  const time = new VirtualTime();
  const clock = clockOn(time);
  const calls: Call[] = [];
  const called = (call: Call) => (calls.push(call), answer(call));
  const { parts } = recordedPlane();
  const doubts: Doubtful[] = [];
  const ports = {
    target: heard(parts.target, called),
    traffic: heard(parts.traffic, called),
    bindings: heard(parts.bindings, called),
  };
  const whole = { ...parts, ...ports, clock };
  return { time, calls, doubts, whole, parts: patientParts(whole, new Patience(clock), (what) => doubts.push(what)) };
}

const scope = { app: 'shop', environment: 'production' };
const other = { app: 'shop', environment: 'staging' };
const { signal } = new AbortController();
const to = revision(2);
const planned = plan();
const [epochs, heads] = [[{ scope, epoch: 1, proxyStart: 'one' }], { 'shop/production': { sequence: 1, hash: '' } }];
const place = { ...scope, target: 'process' } as const;
const of = { ...place, revision: to.id, artifact: to.artifact, variables: {}, storeFolders: [] };
const ensured = { ...of, release: to.release, definition: service('web'), slots: 2, claim: null, avoid: [] };
const job = { ...of, key: 'k', argv: ['npm', 'test'], root: '.', withinMs: 1_000 };
const question = { ...scope, revision: to.id, times: 3, bucket: 0 };
const routed = (at: typeof scope): RoutedEnvironment => ({
  ...{ ...at, domains: [], port: null, mode: { kind: 'serving' }, epoch: 1, salt: '', shares: [], revisions: [] },
  ...{ previewDomains: [], https: null },
});

const bound = 'what the release is bound to';

/** Who is asked, what reaches the port, how it is asked, and how long that is waited for. */
const questions: readonly (readonly [string, Call, (parts: EngineParts) => Promise<unknown>, number])[] = [
  ['the target', ['observe', scope], ({ target }) => target.observe(scope), 10],
  ['the target', ['observeJob', 'k'], ({ target }) => target.observeJob('k'), 10],
  ['the target', ['cancelJob', 'k'], ({ target }) => target.cancelJob('k'), 2],
  ['the target', ['room', place], ({ target }) => target.room(place), 10],
  ['the proxy', ['withdraw', scope], ({ traffic }) => traffic.withdraw(scope), 10],
  ['the proxy', ['status'], ({ traffic }) => traffic.status(), 10],
  ['the proxy', ['environments'], ({ traffic }) => traffic.environments(), 10],
  ['the proxy', ['counters'], ({ traffic }) => traffic.counters(), 10],
  ['the proxy', ['acknowledge', epochs], ({ traffic }) => traffic.acknowledge(epochs), 10],
  ['the proxy', ['keepJournalHeads', heads], ({ traffic }) => traffic.keepJournalHeads(heads), 10],
  ['the public route', ['prove', question, signal], ({ traffic }) => traffic.prove(question, signal), 30],
  [bound, ['revision', scope, to.id], ({ bindings }) => bindings.revision(scope, to.id), 10],
  [bound, ['frontDoor', scope], ({ bindings }) => bindings.frontDoor(scope), 10],
  [bound, ['ports', scope, to], ({ bindings }) => bindings.ports(scope, to), 10],
  [bound, ['release', scope, to.id], ({ bindings }) => bindings.release(scope, to.id), 10],
  [bound, ['surroundings', scope, to, 'web'], ({ bindings }) => bindings.surroundings(scope, to, 'web'), 10],
  ['the gates', ['gates', planned, ['ok']], ({ bindings }) => bindings.gates(planned, ['ok']), 10],
  [bound, ['signals', planned], ({ bindings }) => bindings.signals(planned), 10],
  [bound, ['learnFixedPort', scope, 'web', 80], ({ bindings }) => bindings.learnFixedPort(scope, 'web', 80), 10],
];

const orders: readonly (readonly [string, Call, (parts: EngineParts) => Promise<unknown>, Doubtful])[] = [
  ['the target', ['ensure', ensured], ({ target }) => target.ensure(ensured), { kind: 'ensure', order: ensured }],
  ['the target', ['startJob', job], ({ target }) => target.startJob(job), { kind: 'job', key: 'k' }],
  ['the proxy', ['publish', [routed(scope)]], ({ traffic }) => traffic.publish([routed(scope)]), { kind: 'routes' }],
];

describe('a question', () => {
  for (const [, call, ask] of questions) {
    it(`is asked as it is, and its answer is handed on (${call[0]})`, async () => {
      const { calls, parts } = patient(async ([name]) => `${name} is answered`);
      assert.equal(await ask(parts), `${call[0]} is answered`);
      assert.deepEqual(calls, [call]);
    });
  }

  for (const [who, call, ask, seconds] of questions) {
    it(`is not waited for longer than ${seconds} s (${call[0]})`, async () => {
      const { time, parts } = patient(() => new Promise(() => undefined));
      const outcomes: unknown[] = [];
      ask(parts).catch((error: unknown) => outcomes.push(error));
      await time.passMs(seconds * 1_000 - 1);
      assert.deepEqual(outcomes, []);
      await time.passMs(2);
      const within = `did not answer within ${seconds} s`;
      assert.match(String(outcomes[0]), new RegExp(`${who} ${within}`));
    });
  }
});

describe('an order', () => {
  for (const [, call, give] of orders) {
    it(`that is kept in time is given once, and leaves no doubt (${call[0]})`, async () => {
      const { calls, doubts, parts } = patient(async () => undefined);
      await give(parts);
      assert.deepEqual([calls, doubts], [[call], []]);
    });
  }

  for (const [who, call, give, doubt] of orders) {
    it(`that nobody answers is in doubt after 10 s (${call[0]})`, async () => {
      const { time, doubts, parts } = patient(() => new Promise(() => undefined));
      const outcomes: unknown[] = [];
      give(parts).catch((error: unknown) => outcomes.push(error));
      await time.passMs(9_999);
      assert.deepEqual([outcomes, doubts], [[], []]);
      await time.passMs(2);
      assert.match(String(outcomes[0]), new RegExp(`${who} did not answer within 10 s`));
      assert.deepEqual(doubts, [doubt]);
    });
  }

  it('about the routes of one environment leaves no doubt about those of another', async () => {
    const { calls, doubts, parts } = patient(async () => undefined);
    const environments = [routed(scope), routed(other)];
    await Promise.all(environments.map((each) => parts.traffic.publish([each])));
    assert.deepEqual([calls.length, doubts], [2, []]);
  });
});

it('what is no question is handed on as it is', async () => {
  const { calls, whole, parts } = patient(() => undefined);
  assert.equal(parts.journal, whole.journal);
  assert.equal(parts.target.traits, whole.target.traits);
  const query = { ...scope, service: 'web', revision: null, job: null, last: 10, follow: false };
  parts.target.logs(query, signal);
  await parts.target.close();
  assert.deepEqual(calls, [['logs', query, signal], ['close']]);
});
