import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checklist } from '../../src/capabilities/releases/checklist-api.ts';
import type { RolloutView } from '../../src/capabilities/releases/releases-api.ts';
import { rollout as rolloutShape } from '../../src/capabilities/releases/releases-api.ts';
import { sharedLotse } from '../harness/shared-lotse.ts';
import type { Shop } from '../harness/shop-app.ts';

import { until } from '../harness/until.ts';

const quick = { strategy: { name: 'blue-green', watch: '1s' } };

/** Production comes after staging and has these gates. */
function shopWith(gates: Readonly<Record<string, unknown>>, production: Readonly<Record<string, unknown>> = {}): Shop {
  return { verify: true, environments: { staging: quick }, production: { after: 'staging', gates, ...production } };
}

const waits = ({ status }: RolloutView): boolean => status === 'waiting';
const settled = ({ status }: RolloutView): boolean => status === 'settled';
const waitingGates = (rollout: RolloutView): readonly string[] =>
  rollout.waitingFor.filter((gate) => gate.state === 'waiting').map((gate) => gate.gate);

describe('a gate', () => {
  const lotse = sharedLotse();

  async function verifiedInStaging(shop: Shop, files: Readonly<Record<string, string>> = {}): Promise<string> {
    const release = await lotse().client.release(shop, { files });
    await lotse().client.deploy(release.id, 'staging');
    await until('staging has verified it', async () => {
      const found = (await lotse().client.releases()).find((each) => each.id === release.id);
      return found?.verifiedIn.includes('staging') ?? false;
    });
    return release.id;
  }

  test('`after` refuses what staging has not verified, and promote takes what it has', async () => {
    const shop = shopWith({});
    const unverified = await lotse().client.release(shop);
    const refusal = await lotse().client.refusedStart(unverified.id);
    assert.equal(refusal.code, 'gate-closed');
    assert.match(refusal.detail, /has not been verified in staging; deploy it there first/);
    assert.deepEqual(lotse().stored('starts.log'), []);

    const verified = await verifiedInStaging(shop);
    await lotse().client.release(shop);
    const promoted = await lotse().client.start();
    assert.equal(promoted.release, verified);
    await lotse().client.untilRollout(promoted.id, 'settled', settled);
    assert.equal((await lotse().client.environment()).release, verified);
  });

  test('`approval: 1` waits; the approval of who started it does not count, that of another person opens it', async () => {
    const release = await verifiedInStaging(shopWith({ approval: 1 }));
    const { id } = await lotse().client.start(release);
    const waiting = await lotse().client.untilRollout(id, 'waiting', waits);
    assert.deepEqual(waitingGates(waiting), ['approval']);
    const startsBefore = lotse()
      .stored('starts.log')
      .filter((line) => line.includes(release));
    assert.deepEqual(startsBefore, []);

    await lotse().client.ask('POST /apps/shop/environments/production/approvals', { note: 'my own' });
    const still = await lotse().client.rollout(id);
    assert.equal(still.status, 'waiting');
    assert.match(
      still.waitingFor.find(({ gate }) => gate === 'approval')?.message ?? '',
      /1 more approval needed, by other/,
    );

    const developer = await lotse().client.person('Grace', ['developer']);
    const refusal = await developer.refusal('POST /apps/shop/environments/production/approvals', {});
    assert.equal(refusal.code, 'forbidden');

    const approver = await lotse().client.person('Ada', ['approver']);
    await approver.ask('POST /apps/shop/environments/production/approvals', {});
    await lotse().client.untilRollout(id, 'settled', settled);
  });

  test('a checklist opens when each of its lines is signed', async () => {
    const shop = shopWith({ approval: 1, checklist: 'go-live.md' });
    const words = '# Before we go\n\n- [ ] the help pages are translated\n- [ ] support knows\n';
    const release = await verifiedInStaging(shop, { 'go-live.md': words });
    const approver = await lotse().client.person('Lin', ['approver']);
    const approvals = 'POST /apps/shop/environments/production/approvals';
    await approver.ask(approvals, { release });
    const { id } = await lotse().client.start(release);
    const waiting = await lotse().client.untilRollout(id, 'waiting', waits);
    assert.deepEqual(waitingGates(waiting), ['checklist:go-live.md']);
    assert.match(waiting.waitingFor.map(({ message }) => message).join(), /2 of 2 lines are not signed.*help pages/);

    const unknown = await approver.refusal(approvals, { line: 'coffee is hot' });
    assert.equal(unknown.code, 'not-found');
    assert.match(unknown.details?.join() ?? '', /support knows/);
    await approver.ask(approvals, { line: 'the help', note: 'all but Welsh' });
    const half = await until('one line is left', async () => {
      const seen = await lotse().client.rollout(id);
      return seen.waitingFor.some(({ message }) => message.startsWith('1 of 2 lines')) && seen;
    });
    assert.equal(half.status, 'waiting');
    const asked = await lotse().client.ask('GET /apps/shop/environments/production/checklists');
    const { lists } = checklist.parse(asked);
    const lines = lists.flatMap((list) => list.lines);
    assert.deepEqual(
      lines.map(({ text, signed }) => [text, signed?.note ?? null]),
      [
        ['the help pages are translated', 'all but Welsh'],
        ['support knows', null],
      ],
    );
    assert.ok(lines[0]?.signed !== null && lines[1]?.signed === null);
    await approver.ask(approvals, { line: 'support knows' });
    await lotse().client.untilRollout(id, 'settled', settled);
  });

  test('`hours` that are not on hold a rollout, and say when they open', async () => {
    const inTwoHours = new Date(Date.now() + 2 * 3_600_000).getUTCHours();
    const two = (hour: number): string => String(hour).padStart(2, '0');
    const hours = `${two(inTwoHours)}:00-${two(inTwoHours)}:30`;
    const release = await verifiedInStaging(shopWith({ approval: 1, checklist: 'go-live.md', hours }), {
      'go-live.md': '- [ ] the help pages are translated\n- [ ] support knows\n',
    });
    const approver = await lotse().client.person('Mary', ['approver']);
    await approver.ask('POST /apps/shop/environments/production/approvals', { release });
    await approver.ask('POST /apps/shop/environments/production/approvals', { release, line: 'all' });
    const { id } = await lotse().client.start(release);
    const waiting = await lotse().client.untilRollout(id, 'waiting', waits);
    assert.deepEqual(waitingGates(waiting), ['hours']);
    const opensAt = waiting.waitingFor.find(({ gate }) => gate === 'hours')?.opensAt ?? 0;
    assert.equal(new Date(opensAt).toISOString().slice(11, 16), `${two(inTwoHours)}:00`);
    await lotse().client.command(id, 'abort');
    assert.equal((await lotse().client.ended(id)).status, 'returned');
    assert.deepEqual((await lotse().client.releases()).find((each) => each.id === release)?.quarantine, []);
  });

  test('a file that drops a gate must first pass that gate', async () => {
    const words = { 'go-live.md': '- [ ] the help pages are translated\n- [ ] support knows\n' };
    const strict = await verifiedInStaging(shopWith({ approval: 1, checklist: 'go-live.md' }), words);
    const approver = await lotse().client.person('Joan', ['approver']);
    const approvals = 'POST /apps/shop/environments/production/approvals';
    await approver.ask(approvals, { release: strict });
    await approver.ask(approvals, { release: strict, line: 'all' });
    await lotse().client.deploy(strict);

    const loose = await verifiedInStaging(shopWith({}));
    const plan = await lotse().client.plan(loose);
    assert.deepEqual(
      plan.weakens.map(({ gate, from, to }) => [gate, from, to]),
      [
        ['approval', '1', '0'],
        ['checklist', 'go-live.md', 'none'],
      ],
    );
    const first = await lotse().client.start(loose);
    const waiting = await lotse().client.untilRollout(first.id, 'waiting', waits);
    assert.deepEqual(waitingGates(waiting).toSorted(), ['approval', 'checklist:go-live.md']);

    // Taking it back changes nothing: the strict file still holds.
    await lotse().client.command(first.id, 'abort');
    await lotse().client.ended(first.id);
    const second = rolloutShape.parse(
      await lotse().client.ask('POST /apps/shop/environments/production/rollouts', { release: loose }),
    );
    assert.notEqual(second.id, first.id);
    const again = await lotse().client.untilRollout(second.id, 'waiting', waits);
    assert.deepEqual(waitingGates(again).toSorted(), ['approval', 'checklist:go-live.md']);
    await approver.ask(approvals, { release: loose });
    await approver.ask(approvals, { release: loose, line: 'all' });
    await lotse().client.untilRollout(second.id, 'settled', settled);

    // Now the loose file is the one that was accepted.
    const free = await verifiedInStaging(shopWith({}));
    await until('the new definition holds', async () => (await lotse().client.plan(free)).weakens.length === 0);
    await lotse().client.deploy(free);
  });
});
