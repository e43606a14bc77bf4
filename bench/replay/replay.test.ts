import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { Chance } from '../canary/chance.ts';
import { habitsOf } from './crowd.ts';
import { RecordedRelease } from './recorded-release.ts';
import { loadRecording, saveRecording, type Outcome, type Stretch } from './recording.ts';
import { replay, type Library } from './replay.ts';
import type { Setting } from './settings.ts';

const lengthMs = 60_000;

/** Two hundred people, a hundred requests a second, 30 ms each; of the releases' requests every `nth` ends so. */
function stretch(kind: string, nth = 1, outcome: Outcome = 'ok', tookMs = 30): Stretch {
  const requests = Array.from({ length: lengthMs / 10 }, (_, number) => ({
    atMs: number * 10,
    person: (number * 37) % 200,
    path: number % 4 === 0 ? '/login' : '/',
    tookMs: number % nth === 0 ? tookMs : 30,
    outcome: number % nth === 0 ? outcome : ('ok' as const),
  }));
  return { kind, lengthMs, requests };
}

const good = stretch('good');
const stretches = [good, stretch('fails', 5, 'server error'), stretch('hangs', 1, 'no answer', 8_000)];

async function library(): Promise<Library> {
  return {
    manifest: await readFile(new URL('../../examples/bildwerk/lotse.yaml', import.meta.url), 'utf8'),
    habits: habitsOf(good),
    lengthMs,
    releases: new Map(stretches.map((each) => [each.kind, new RecordedRelease(each)])),
  };
}

function setting(kind: string): Setting {
  return {
    number: 0,
    kind,
    strangers: 'nobody',
    strategy: 'budget',
    wanted: 'back',
    isBudgeted: true,
    mostMissed: 0.01,
  };
}

async function scratch(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lotse-recording-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

describe('a recording', () => {
  it('keeps who asked for what, when, how long it took to a twentieth, and how it ended', async (t) => {
    const file = join(await scratch(t), 'recording.br');
    await saveRecording(file, stretches);
    const loaded = await loadRecording(file);
    assert.deepEqual(
      loaded.map(({ kind, requests }) => [kind, requests.length]),
      stretches.map(({ kind, requests }) => [kind, requests.length]),
    );
    for (const [number, request] of (loaded[1]?.requests ?? []).entries()) {
      const { tookMs, ...said } = stretches[1]?.requests[number] ?? { tookMs: 0 };
      const { tookMs: kept, ...rest } = request;
      assert.deepEqual(rest, said);
      assert.ok(Math.abs(kept / tookMs - 1) < 0.05);
    }
  });
});

describe('a replay', () => {
  it('of a good release settles, and all of its requests are counted', async () => {
    const { end, cause, failures, requests, tookMs } = await replay(await library(), setting('good'), new Chance(1));
    assert.deepEqual({ end, cause, failures }, { end: 'settled', cause: null, failures: 0 });
    // After the last share nearly all of a hundred a second, for two minutes.
    assert.ok(requests > 10_000 && requests < (tookMs / 1_000) * 120, `${requests} requests in ${tookMs} ms`);
  });

  it('of a release that fails comes back after few failures', async () => {
    const { end, cause, failures } = await replay(await library(), setting('fails'), new Chance(2));
    assert.deepEqual({ end, cause }, { end: 'returned', cause: 'judged-harmful' });
    assert.ok(failures > 0 && failures <= 30, `${failures} failures`);
  });

  it('of a release that hangs comes back before anybody has given up', async () => {
    const replayed = await replay(await library(), setting('hangs'), new Chance(3));
    assert.deepEqual([replayed.end, replayed.cause, replayed.failures], ['returned', 'judged-harmful', 0]);
    assert.ok(replayed.failuresInFlight > 0);
  });

  it('comes out the same from the same chance', async () => {
    const all = await library();
    const [one, other] = [
      await replay(all, setting('fails'), new Chance(4)),
      await replay(all, setting('fails'), new Chance(4)),
    ];
    assert.deepEqual(one, other);
  });
});
