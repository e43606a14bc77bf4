import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { z } from 'zod';
import type { Shop } from '../harness/shop-app.ts';
import { EventsClient, TalkClient, type Seen } from '../harness/talk-clients.ts';
import { temporaryLotse, type TemporaryLotse } from '../harness/temporary-lotse.ts';
import { until } from '../harness/until.ts';

const drainMs = 500;
/** What may be on its way between two processes of a busy machine, in milliseconds. */
const onItsWayMs = 300;
const numbersTo = (count: number) => Array.from({ length: count }, (_, number) => number);
const times = (count: number, strategy: string) => numbersTo(count).map(() => strategy);
const deploys = [...times(12, 'blue-green'), ...times(4, 'rolling'), ...times(4, 'recreate')];
/** The steps in which an old instance begins to drain. */
const drainSteps = ['drain-old', 'shift-1', 'pause'];

const talkNote = z.object({ said: z.number(), heard: z.array(z.number()), code: z.number(), closedAtMs: z.number() });
const eventsNote = z.object({ said: z.array(z.object({ number: z.number(), atMs: z.number() })) });
const named = z.looseObject({ id: z.string() });

const shop = (strategy: string): Shop => ({
  web: { run: 'node talk.mjs', ready: '/', drain: `${drainMs}ms`, instances: 2 },
  strategy,
  watch: '0s',
});

const releaseOf = (seen: Seen | null) => (seen?.heard[0] ?? '').split(' ')[0] ?? '';

/** Deploys one release after the other and knows from when on the streams of each may end. */
class Course {
  readonly #lotse: TemporaryLotse;
  readonly #mayEndFromMs = new Map<string, number>();
  current = '';

  constructor(lotse: TemporaryLotse) {
    this.#lotse = lotse;
  }

  async deploy(strategy: string): Promise<void> {
    const next = (await this.#lotse.client.release(shop(strategy))).id;
    const { steps } = await this.#lotse.client.deploy(next);
    const beganMs = steps.find(({ id }) => drainSteps.includes(id))?.startedAt ?? Infinity;
    this.#mayEndFromMs.set(this.current, beganMs + (strategy === 'recreate' ? 0 : drainMs));
    this.current = next;
  }

  assertStayed(seen: Seen): void {
    const earlyMs = (this.#mayEndFromMs.get(releaseOf(seen)) ?? Infinity) - seen.closedAtMs;
    assert.ok(earlyMs <= 0, `${seen.id} ended ${earlyMs} ms too early`);
  }

  /** What the app has noted about each of these connections. */
  async notes(ids: readonly string[]): Promise<ReadonlyMap<string, unknown>> {
    return await until('the app has noted all', () => {
      const lines = this.#lotse.stored('talks.log').map((text) => named.parse(JSON.parse(text)));
      const byId = new Map(lines.map((line) => [line.id, line]));
      return ids.every((id) => byId.has(id)) && byId;
    });
  }
}

function assertTalk(seen: Seen, note: z.infer<typeof talkNote>): void {
  assert.deepEqual([seen.code, note.code], [1012, 1012], seen.id);
  assert.deepEqual(
    seen.heard,
    numbersTo(note.said).map((number) => `${releaseOf(seen)} ${number}`),
    seen.id,
  );
  assert.deepEqual(note.heard, numbersTo(note.heard.length), seen.id);
  const due = seen.saidAtMs.filter((atMs) => atMs < note.closedAtMs - onItsWayMs).length;
  assert.ok(note.heard.length >= due, `${seen.id}: ${note.heard.length} of ${due} reached the app`);
}

function assertEvents(seen: Seen, note: z.infer<typeof eventsNote>): void {
  assert.equal(seen.code, 0, `${seen.id} ended in good order`);
  const due = note.said.filter(({ atMs }) => atMs < seen.closedAtMs - onItsWayMs).length;
  assert.ok(seen.heard.length >= due, `${seen.id}: ${seen.heard.length} of ${due} arrived`);
}

describe('WebSockets and event streams across 20 deploys', () => {
  test('none is cut before its budget; what was said before the close arrives exactly once', async (t) => {
    const lotse = await temporaryLotse(t);
    await lotse.start();
    const course = new Course(lotse);
    await course.deploy('blue-green');
    const port = await lotse.port();
    const talkers = numbersTo(6).map((at) => new TalkClient(`talk-${at}`, port, at % 2 === 0));
    const listeners = numbersTo(4).map((at) => new EventsClient(`events-${at}`, port));
    const clients = [...talkers, ...listeners];
    for (const client of clients) client.start();
    for (const strategy of deploys) await course.deploy(strategy);
    await until('all are with the last release', () => clients.every(({ now }) => releaseOf(now) === course.current));
    await Promise.all(clients.map((client) => client.stop()));

    for (const { failures, seen } of clients) {
      assert.deepEqual(failures, []);
      assert.ok(seen.length > deploys.length, `${seen.length} connections`);
    }
    // The last of each was ended by the client.
    const ended = (all: readonly { readonly seen: readonly Seen[] }[]) => all.flatMap(({ seen }) => seen.slice(0, -1));
    const notes = await course.notes(ended(clients).map(({ id }) => id));
    for (const seen of ended(clients)) course.assertStayed(seen);
    for (const seen of ended(talkers)) assertTalk(seen, talkNote.parse(notes.get(seen.id)));
    for (const seen of ended(listeners)) assertEvents(seen, eventsNote.parse(notes.get(seen.id)));
    for (const { seen } of listeners) {
      const numbers = seen.flatMap(({ heard }) => heard.map((event) => Number(event.split(' ')[1])));
      assert.deepEqual(numbers, numbersTo(numbers.length), 'each event once, in order, over all streams');
    }
  });
});
