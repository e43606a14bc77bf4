import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { emptyEnvironment } from '../rollout/environment-state.ts';
import type { Effect } from '../rollout/plan.ts';
import { PlainPorts } from './fixtures/plain-ports.ts';
import { perform } from './perform.ts';
import { Reconciler } from './reconcile.ts';

const scope = { app: 'shop', environment: 'production' };
const orders = [
  { revision: 'production-1', service: 'web', slots: 4, claim: null },
  { revision: 'production-2', service: 'mails', slots: 3, claim: 'marked' },
  { revision: 'production-2', service: 'web', slots: 2, claim: null },
  { revision: 'production-1', service: 'mails', slots: 1, claim: 'none' },
] as const;

async function performed(...effects: readonly Effect[]) {
  const ports = new PlainPorts();
  const { parts, calls } = ports;
  const reconciler = new Reconciler(parts, scope);
  const look = async () => void calls.push('look');
  await perform({ parts, scope, reconciler, state: { ...emptyEnvironment, orders }, look }, effects);
  return ports;
}

describe('an effect', () => {
  it('about copies or their claim hands over what is ordered of that service of that revision', async () => {
    const of = { revision: 'production-2', service: 'mails' };
    for (const effect of [
      { kind: 'ensure', slots: 3, ...of },
      { kind: 'claim', claim: 'marked', ...of },
    ] as const) {
      const { orders: given, calls } = await performed(effect);
      assert.deepEqual(
        given.map(({ revision, definition, slots, claim }) => [revision, definition.service, slots, claim]),
        [['production-2', 'mails', 3, 'marked']],
      );
      assert.deepEqual(calls, [`at before ${effect.kind}`, 'ensure', 'at ensured mails']);
    }
  });

  it('about what is not ordered any more stops it', async () => {
    const ports = await performed({ kind: 'ensure', revision: 'production-3', service: 'web', slots: 0 });
    assert.deepEqual(ports.takeOrders(), ['production-3/web × 0']);
  });

  it('about routes publishes what is there to be seen', async () => {
    const { calls } = await performed({ kind: 'route', level: emptyEnvironment.level, draining: [] });
    assert.deepEqual(calls, ['at before route', 'look', 'publish', 'at published']);
  });

  it('that is a job starts it once its address is there', async () => {
    const job = { kind: 'job', key: 'k', job: 'verify', revision: 'production-2', baseUrl: 'pinned' } as const;
    const { calls, published } = await performed(job);
    assert.deepEqual(calls, ['at before job', 'observe', 'publish', 'at published', 'start k']);
    assert.equal(published[0]?.revisions.find(({ revision }) => revision === job.revision)?.pinnedPort, 4_002);
  });

  it('comes after the one before it', async () => {
    const web = { kind: 'ensure', service: 'web' } as const;
    const ports = await performed(
      { ...web, revision: 'production-2', slots: 2 },
      { ...web, revision: 'production-1', slots: 4 },
    );
    assert.deepEqual(ports.takeOrders(), ['production-2/web × 2', 'production-1/web × 4']);
  });
});
