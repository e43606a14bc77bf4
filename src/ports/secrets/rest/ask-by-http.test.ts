import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LotseError } from '../../../core/errors.ts';
import { storeServer, type Answer } from '../fixtures/store-server.ts';
import { askByHttp } from './ask-by-http.ts';

const quick = { extraRoots: [], timeoutMs: 300, pausesMs: [5, 5] };

/** These answers, one after the other, and the last for ever. */
function inTurn(...answers: readonly (number | null)[]): Answer {
  let turn = 0;
  return () => {
    const status = answers[Math.min(turn++, answers.length - 1)] ?? null;
    return status === null ? null : { status, body: { status } };
  };
}

test('an answer that says to come again is asked for again, three times in all', async () => {
  await using server = await storeServer(inTurn(500, 429, 200));
  const { status } = await askByHttp(quick)({ method: 'GET', url: server.origin, mayRepeat: true });
  assert.deepEqual([status, server.asked.length], [200, 3]);
  await using down = await storeServer(inTurn(502));
  assert.equal((await askByHttp(quick)({ method: 'GET', url: down.origin, mayRepeat: true })).status, 502);
  assert.equal(down.asked.length, 3);
});

test('what changes something by each call is sent once', async () => {
  await using server = await storeServer(inTurn(500, 200));
  const { status } = await askByHttp(quick)({ method: 'POST', url: server.origin, body: 'x', mayRepeat: false });
  assert.deepEqual([status, server.asked.length], [500, 1]);
});

test('a server that never answers and one that is not there are told apart', async () => {
  await using server = await storeServer(() => null);
  const code = async (url: string) =>
    await askByHttp({ ...quick, pausesMs: [] })({ method: 'GET', url, mayRepeat: true }).catch((error: unknown) =>
      error instanceof LotseError && error.retriable ? error.code : String(error),
    );
  assert.equal(await code(server.origin), 'timeout');
  const { origin } = server;
  await server[Symbol.asyncDispose]();
  assert.equal(await code(origin), 'unreachable');
});
