import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test, type TestContext } from 'node:test';
import { z } from 'zod';
import { flagHistory } from '../../src/capabilities/flags/flags-api.ts';
import { journalEvent } from '../../src/capabilities/releases/releases-api.ts';
import { knownSecret, secretStore } from '../../src/capabilities/secrets/secrets-api.ts';
import type { Shop } from '../harness/shop-app.ts';
import { temporaryLotse } from '../harness/temporary-lotse.ts';
import { until } from '../harness/until.ts';

const at = '/apps/shop/environments/production';
const query = 'failed{release="$release",menu=~"$variant"}[1s]';
/** Makes the other service take the new value, and shows what it was given. */
const rotate = `import { appendFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
const digest = (text) => createHash('sha256').update(text ?? '').digest('hex');
appendFileSync(process.env.DATA_DIR + '/rotated', digest(process.env.SESSION_KEY) + ' ' + digest(process.env.NEW_SESSION_KEY) + '\\n');
`;
const menu = {
  ...{ state: 'ENABLED', variants: { new: true, old: false }, defaultVariant: 'new' },
  lotse: { off: 'old', guard: ['failed_orders'] },
};
const files = { 'rotate.mjs': rotate, 'flags.flagd.json': JSON.stringify({ flags: { menu } }) };

function shop(prometheus: string): Shop {
  const signals = { failed_orders: { prometheus: query } };
  const strategy = { name: 'blue-green', watch: '10m', holdback: '5%', limits: { failed_orders: '5%' }, signals };
  const jobs = { rotate: { run: 'node rotate.mjs', schedule: '* * * * *', rotates: 'SESSION_KEY' } };
  return { production: { prometheus, strategy }, more: { secrets: ['SESSION_KEY'], jobs } };
}

/** Answers for each variant (`.*`: for all of them) with a number. */
async function metrics(t: TestContext, numberOf: (variant: string) => number): Promise<string> {
  const server = createServer((request, response) => {
    const asked = new URL(request.url ?? '', 'http://metrics').searchParams.get('query') ?? '';
    const number = numberOf(/menu=~"(.*?)"/.exec(asked)?.[1] ?? '');
    response.end(JSON.stringify({ status: 'success', data: { resultType: 'scalar', result: [0, `${number}`] } }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
}

test('beside a rollout a flag that does harm goes first, and a job gives a secret a new value', async (t) => {
  const state = { isHarmful: false };
  const harm: Readonly<Record<string, number>> = { new: 0.4, old: 0.01, '.*': 0.2 };
  const prometheus = await metrics(t, (variant) => (state.isHarmful ? (harm[variant] ?? 0) : 0.01));
  const lotse = await temporaryLotse(t);
  await lotse.start();
  const { client } = lotse;
  const flag = async () => flagHistory.parse(await client.ask(`GET ${at}/flags/menu`));
  await client.ask(`PUT ${at}/secrets/SESSION_KEY`, { value: 'the first value' });
  assert.equal(secretStore.parse(await client.ask('GET /secret-store')).problem, null);
  const one = await client.start((await client.release(shop(prometheus), { files })).id);
  await client.untilRollout(one.id, 'is live', ({ status }) => status === 'watching' || status === 'settled');
  const two = await client.start((await client.release(shop(prometheus), { files })).id);
  await client.untilRollout(two.id, 'is live', ({ status }) => status === 'watching');
  state.isHarmful = true;

  await until('the flag is off', async () => !(await flag()).flag.isOn, 120_000);
  state.isHarmful = false;
  const [version] = (await flag()).versions;
  assert.deepEqual([version?.by, version?.changedBy.kind, version?.switched], ['Lotse', 'system', 'off']);
  assert.match(version?.reason ?? '', /^its guard: failed_orders is 0\.4 for new; at most 0\.05 is allowed$/);
  const secrets = async () => z.array(knownSecret).parse(await client.ask(`GET ${at}/secrets`));
  const held = async () => (await secrets()).map(({ name, version: number, oldVersion }) => [name, number, oldVersion]);
  const inForce = JSON.stringify([['SESSION_KEY', '2', '1']]);
  await until('the new value is in force', async () => JSON.stringify(await held()) === inForce, 120_000);
  const [old = '', fresh = ''] = lotse.stored('rotated')[0]?.split(' ') ?? [];
  const digestOf = (text: string) => createHash('sha256').update(text).digest('hex');
  assert.equal(old, digestOf('the first value'));
  assert.ok(![old, digestOf('')].includes(fresh));
  const refused = await client.refusal(`POST ${at}/jobs`, { job: 'rotate' });
  assert.match(refused.detail ?? '', /rotates SESSION_KEY, and runs by its schedule alone/);
  assert.equal((await client.refusal(`GET /apps/shop/environments/prodution/flags`)).code, 'not-found');

  const events = z.array(journalEvent).parse(await client.ask('GET /apps/shop/journal?last=1000'));
  assert.deepEqual(
    events.filter(({ type }) => type === 'rollout-turned'),
    [],
    'no release was held to what the flag had done',
  );
  await client.ended((await client.rollBack()).id);
  assert.equal((await flag()).flag.isOn, false, 'a rollback turns on nothing that the guard turned off');
});
