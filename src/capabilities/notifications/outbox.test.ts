import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { uuidv7 } from 'uuidv7';
import { LotseError } from '../../core/errors.ts';
import { giveUpAfterMs } from '../../core/next-try.ts';
import { Secret } from '../../core/secret.ts';
import { temporaryDatabase } from '../../database/temporary-database.ts';
import type { NotifyDefinition } from '../../manifest/app-manifest.ts';
import type { Message } from '../../ports/notifications/notifications.ts';
import type { FactKind } from './notification.ts';
import { Outbox } from './outbox.ts';
import { OutboxRows } from './outbox-rows.ts';
import { receiversOf } from './receivers.ts';

const scope = { app: 'shop', environment: 'production' };
const notify: NotifyDefinition = {
  ...{ mail: [], smtp: 'SMTP_URL', from: null, slack: 'SLACK_URL', teams: 'TEAMS_URL' },
  ...{ ntfy: null, pagerduty: null, webhook: null, heartbeat: null, language: 'de' },
};

/** A real database, a clock that is set by hand, and receivers that take, refuse or hang. */
async function world(t: TestContext) {
  const clock = { now: 1_000_000_000_000 };
  const { database, journal } = await temporaryDatabase(t, { now: () => clock.now });
  const pace = { gatherMs: 10_000, alarmMs: 1_000, quietMs: 3_600_000 };
  const rows = new OutboxRows({ database, journal, fence: () => 1, now: () => clock.now, newId: uuidv7, pace });
  const state = {
    behaviour: 'takes' as 'takes' | 'refuses' | 'hangs',
    notify: notify as NotifyDefinition | null,
    hasValue: true,
  };
  const sent: { readonly to: string; readonly message: Message }[] = [];
  const notifier = {
    async send(address: { readonly kind: string }, message: Message, signal: AbortSignal) {
      const hanging = address.kind === 'slack' ? state.behaviour : 'takes';
      if (hanging === 'refuses')
        throw new LotseError('unreachable', 'slack.example answered with 503', { retriable: true });
      if (hanging === 'hangs') {
        await sleep(60_000, undefined, { signal, ref: false }).catch(() => undefined);
        throw new LotseError('timeout', 'slack.example did not answer in time', { retriable: true });
      }
      sent.push({ to: address.kind, message });
    },
    beat: () => Promise.resolve(),
  };
  const outbox = new Outbox({
    ...{ rows, notifier, notify: () => Promise.resolve(state.notify), log: () => undefined, attemptMs: 200 },
    find: () => Promise.resolve(state.hasValue ? new Secret('https://slack.example/secret') : null),
  });
  return {
    state,
    sent,
    rows,
    journal,
    clock,
    tell: (kind: FactKind, id: string, story = 'rollout/production-rollout-1') =>
      rows.tell(scope, receiversOf(notify), {
        story,
        fact: { id, kind, at: clock.now, data: { release: 'r7', what: 'approval' } },
      }),
    async at(offsetMs: number) {
      clock.now = 1_000_000_000_000 + offsetMs;
      await outbox.look();
      await outbox.settled();
    },
    look: () => outbox.look(),
    settled: () => outbox.settled(),
    list: () => rows.list(scope, 100),
  };
}

test('a story is one message to each receiver, in their language, the latest in its title', async (t) => {
  const { tell, at, sent } = await world(t);
  await tell('waiting', 'one');
  await tell('live', 'two');
  await tell('live', 'two');
  await at(5_000);
  assert.equal(sent.length, 0);
  await at(10_000);
  assert.deepEqual(sent.map(({ to }) => to).toSorted(), ['slack', 'teams']);
  const [message] = sent.map((each) => each.message);
  assert.equal(message?.title, 'shop/production: r7 ist live');
  assert.deepEqual(message.lines, ['r7 wartet auf dich: approval', 'r7 ist live']);
  await at(60_000);
  assert.equal(sent.length, 2);
});

test('a receiver that refuses or hangs holds up no other one, and has everything in the end, by the same id', async (t) => {
  for (const behaviour of ['refuses', 'hangs'] as const) {
    const { state, tell, at, sent, list } = await world(t);
    state.behaviour = behaviour;
    const ids = await tell('live', 'one');
    await at(10_000);
    await tell('live', 'two', 'rollout/production-rollout-2');
    await at(20_000);
    assert.deepEqual(
      sent.map(({ to }) => to),
      ['teams', 'teams'],
      behaviour,
    );
    assert.ok(
      (await list()).some(({ receiver, problem }) => receiver === 'slack' && /slack\.example/.test(problem ?? '')),
    );
    state.behaviour = 'takes';
    for (const offset of [60_000, 120_000]) await at(offset);
    const late = sent.filter(({ to }) => to === 'slack').map(({ message }) => message.id);
    assert.equal(late.length, 2);
    assert.ok(late.every((id) => ids.includes(id) || id > (ids[0] ?? '')));
    assert.ok((await list()).every((message) => message.state === 'delivered'));
  }
});

test('while a receiver hangs, the others are told', async (t) => {
  const { state, tell, look, settled, clock, sent } = await world(t);
  state.behaviour = 'hangs';
  await tell('live', 'one');
  clock.now += 10_000;
  await look();
  await sleep(50);
  assert.deepEqual(
    sent.map(({ to }) => to),
    ['teams'],
  );
  await settled();
});

test('after three days a message is given up, and the journal and the list say so', async (t) => {
  const { state, tell, at, list, journal } = await world(t);
  state.behaviour = 'refuses';
  await tell('live', 'one');
  for (let offset = 10_000; offset < giveUpAfterMs + 7_200_000; offset += 3_600_000) await at(offset);
  const failed = (await list()).filter((message) => message.state === 'failed');
  assert.deepEqual(
    failed.map(({ receiver }) => receiver),
    ['slack'],
  );
  const events = await journal.readAll({ afterPosition: 0, limit: 10 });
  assert.deepEqual(
    events.map(({ type }) => type),
    ['notification-given-up'],
  );
});

test('a value that is missing is said, and once it is there the message goes out', async (t) => {
  const { state, tell, at, sent, list } = await world(t);
  state.hasValue = false;
  await tell('live', 'one');
  await at(10_000);
  assert.match((await list())[0]?.problem ?? '', /no value for (?:SLACK|TEAMS)_URL.*lotse secret set/);
  state.hasValue = true;
  await at(30_000);
  assert.equal(sent.length, 2);
});

test('an attempt that a crash cut short is made again', async (t) => {
  const { tell, rows, at, sent } = await world(t);
  const [id = ''] = await tell('live', 'one');
  await rows.beginAttempt(id);
  await at(10_000);
  assert.equal(sent.filter(({ message }) => message.id === id).length, 1);
});

test('what is over is forgotten after a month, and what waits is not', async (t) => {
  const { state, tell, at, rows, list, clock } = await world(t);
  await tell('live', 'one');
  await at(10_000);
  state.behaviour = 'refuses';
  clock.now += 31 * 86_400_000;
  await tell('live', 'two', 'rollout/production-rollout-2');
  await rows.forgetOld();
  assert.deepEqual(
    (await list()).map(({ story }) => story),
    ['rollout/production-rollout-2', 'rollout/production-rollout-2'],
  );
});
