import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LotseError } from '../../core/errors.ts';
import type { CommitReport, ForgeKind, Forges, Reported } from './forges.ts';

/** What a driver's test gives to the suite; one for each test. */
export interface ForgeUnderTest extends AsyncDisposable {
  readonly report: (report: CommitReport, signal: AbortSignal) => ReturnType<Forges['report']>;
  readonly reportAs: (token: string) => ForgeUnderTest['report'];
  readonly books: {
    readonly statuses: readonly { readonly commit: string; readonly context: string; readonly state: string }[];
    readonly deployments: readonly { readonly environment: string; readonly states: readonly string[] }[];
  };
  readonly knowsDeployments: boolean;
  readonly mood: (mood: 'well' | 'breaks' | 'hangs' | 'limits' | 'loses answers') => void;
  readonly stop: () => Promise<void>;
}

export const knownCommit = 'c0ffee'.padEnd(40, '0');
const token = 'planted-token';
const example: CommitReport = {
  ...{ commit: knownCommit, environment: 'production', subject: 'production-rollout-7', standing: 'running' },
  ...{
    note: `r7 is on its way to production ${'x'.repeat(400)}`,
    url: 'https://shop.example',
    deployment: null,
    isRollout: true,
  },
};
const patience = () => AbortSignal.timeout(20_000);

/** Every driver passes this suite; a new one is done when it does. */
export function forgesContract(kind: ForgeKind, start: (token: string) => Promise<ForgeUnderTest>): void {
  const failsWith = async (asked: Promise<Reported>, code: string) => {
    const error: unknown = await asked.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof LotseError, String(error));
    assert.equal(error.code, code, error.message);
    for (const text of [error.message, error.hint ?? '', ...error.details]) assert.ok(!text.includes(token), text);
    return error;
  };

  describe(`${kind}: the contract of forges`, () => {
    test('a rollout is one deployment and one status, from its begin to its end, however often it is told', async () => {
      await using world = await start(token);
      let deployment: string | null = null;
      for (const standing of ['waiting', 'running', 'running', 'live', 'live'] as const) {
        const told = await world.report({ ...example, standing, deployment }, patience());
        assert.equal(told.kind, 'told');
        deployment = told.kind === 'told' ? told.deployment : null;
      }
      assert.equal(deployment !== null, world.knowsDeployments);
      assert.equal(world.books.deployments.length, world.knowsDeployments ? 1 : 0);
      if (world.knowsDeployments) assert.equal(world.books.deployments[0]?.states.at(-1), 'success');
      assert.equal(world.books.statuses.at(-1)?.state, 'success');
      assert.deepEqual([...new Set(world.books.statuses.map(({ context }) => context))], ['lotse/production']);
    });

    test('what an answer that got lost has made is found again', async () => {
      await using world = await start(token);
      world.mood('loses answers');
      assert.equal((await failsWith(world.report(example, patience()), 'unreachable')).retriable, true);
      world.mood('well');
      await world.report(example, patience());
      await world.report({ ...example, standing: 'live' }, patience());
      assert.equal(world.books.deployments.length, world.knowsDeployments ? 1 : 0);
    });

    test('a push that never became a rollout has a status and no deployment', async () => {
      await using world = await start(token);
      await world.report({ ...example, standing: 'failed', isRollout: false, url: null }, patience());
      assert.match(world.books.statuses.at(-1)?.state ?? '', /^fail/);
      assert.equal(world.books.deployments.length, 0);
    });

    test('what may pass and what will not are told apart', async () => {
      await using world = await start(token);
      await failsWith(world.report({ ...example, commit: 'f'.repeat(40) }, patience()), 'conflict');
      await failsWith(world.reportAs('planted-token-of-before')(example, patience()), 'forbidden');
      world.mood('limits');
      assert.deepEqual(await world.report(example, patience()), { kind: 'later', afterMs: 7_000 });
      world.mood('breaks');
      assert.equal((await failsWith(world.report(example, patience()), 'unreachable')).retriable, true);
      world.mood('hangs');
      assert.equal((await failsWith(world.report(example, AbortSignal.timeout(300)), 'timeout')).retriable, true);
      await world.stop();
      assert.equal((await failsWith(world.report(example, patience()), 'unreachable')).retriable, true);
    });
  });
}
