import type { ReleaseView } from '../../src/capabilities/releases/releases-api.ts';
import { ProxyEpochs } from '../harness/proxy-epochs.ts';
import type { ManifestPart, Shop } from '../harness/shop-app.ts';
import type { TemporaryLotse } from '../harness/temporary-lotse.ts';
import { Visitors } from '../harness/visitors.ts';
import { RolloutRecord } from './rollout-record.ts';

const web = (path: string, port: number): ManifestPart => {
  return { run: 'node web.mjs', path, port, ready: '/up', drain: '2s' };
};

/**
 * Three web services, and a worker that takes work beside others. Whatever is new is a bit slower on a busy machine: only
 * what is far worse is judged to be harmful.
 */
export const canaryShop: Shop = {
  verify: true,
  services: {
    api: web('/api', 3001),
    media: web('/media', 3002),
    worker: { run: 'node sharing-worker.mjs', claim: true, drain: '2s' },
  },
  production: { strategy: { canary: ['4%', '50%'], watch: '8s', within: '10m', margin: 3 } },
};

/** What visitors ask each web service for. */
export const pathOf: Readonly<Record<string, string>> = { web: '/', api: '/api/books', media: '/media/cover' };
export const perSecond = 300;

/** The next rollout, from the release that serves to another one, before the eyes of visitors. */
export interface Voyage {
  readonly lotse: TemporaryLotse;
  readonly from: ReleaseView['id'];
  readonly to: ReleaseView['id'];
  readonly record: RolloutRecord;
  readonly visitors: Visitors;
  readonly epochs: ProxyEpochs;
}

/** Performs it, and lets each visitor come once more before they go. */
export async function voyage<Value>(
  lotse: TemporaryLotse,
  shop: Shop,
  sail: (voyage: Voyage) => Promise<Value>,
): Promise<{ readonly value: Value; readonly voyage: Voyage }> {
  const { release: from } = await lotse.client.environment();
  const { id: to } = await lotse.client.release(shop);
  const load = { port: await lotse.port(), count: 300, requestsPerSecond: perSecond, paths: Object.values(pathOf) };
  const common = { lotse, from: from ?? '', to, record: new RolloutRecord(lotse) };
  const voyage: Voyage = { ...common, visitors: new Visitors(load), epochs: new ProxyEpochs(lotse.state) };
  try {
    const value = await sail(voyage);
    await voyage.visitors.round();
    return { value, voyage };
  } catch (cause) {
    const problems = lotse.problems.slice(-5).join('\n');
    throw new Error(`at ${JSON.stringify(voyage.record.stand)}, with these problems:\n${problems}`, { cause });
  } finally {
    await voyage.epochs.stop();
    await voyage.visitors.stop();
  }
}
