import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ContractWorld, until } from './contract-world.contract.ts';
import type { EntryOrder, Session } from './session.ts';
import type { TargetUnderTest } from './targets.contract.ts';

/** Every target whose instances can be entered passes this suite; `processOf` and the rest are those of its other one. */
export function sessionContract(
  name: string,
  start: () => Promise<TargetUnderTest>,
  options: { readonly skip: string | false } = { skip: false },
): void {
  test(`${name}: programs in its instances`, { ...options, timeout: 120_000 }, async (t) => {
    const world = await ContractWorld.open(await start());
    t.after(async () => await world.end());
    const order = await world.ensure({});
    await world.untilReady(order);
    const place = { app: order.app, environment: order.environment, revision: order.revision, service: 'web', slot: 0 };
    const enter = async (
      entry: Pick<EntryOrder, 'argv' | 'terminal'> & { readonly slot?: number },
    ): Promise<Session> => {
      assert.ok('enter' in world.target && typeof world.target.enter === 'function');
      const session: Session = await world.target.enter({ ...place, ...entry });
      return session;
    };
    await t.test('has its variables, keeps both outputs apart, and tells its exit status', async () => {
      const script = 'echo "$PORT"; echo no >&2; exit 7';
      const said = await read(await enter({ argv: ['sh', '-c', script], terminal: null }));
      const [slot] = await world.observe();
      assert.deepEqual(said, { out: `${slot?.address?.port}\n`, err: 'no\n', status: 7 });
    });
    await t.test('takes input until its end', async () => {
      const session = await enter({ argv: ['cat'], terminal: null });
      session.input.end('one\ntwo\n');
      assert.deepEqual(await read(session), { out: 'one\ntwo\n', err: '', status: 0 });
    });
    await t.test('has a terminal of the size that was asked for, and of another one later', async () => {
      const script = `const say = () => console.log(process.stdout.rows + ' ' + process.stdout.columns);
        say();
        process.stdout.on('resize', say);
        process.stdin.once('data', () => process.exit(3));`;
      const session = await enter({ argv: ['node', '-e', script], terminal: { columns: 99, rows: 33 } });
      let isAsked = false;
      const all = read(session, async (soFar) => {
        if (soFar.includes('40 120')) session.input.write('\r');
        if (isAsked || !soFar.includes('33 99')) return;
        isAsked = true;
        await session.resize({ columns: 120, rows: 40 });
      });
      const { out, status } = await all;
      assert.match(out, /33 99[^]*40 120/);
      assert.equal(status, 3);
    });
    await t.test('ends when it is closed', async () => {
      const session = await enter({ argv: ['sh', '-c', 'echo begun; sleep 300; true'], terminal: null });
      const { status } = await read(session, async () => await session.close());
      assert.notEqual(status, 0);
    });
    await t.test('what is not there is refused', async () => {
      await assert.rejects(enter({ argv: ['true'], terminal: null, slot: 5 }), { code: 'not-found' });
    });
    await t.test('ends with its instance', async () => {
      const session = await enter({ argv: ['sh', '-c', 'echo begun; sleep 300; true'], terminal: null });
      const all = read(session, async () => await world.target.ensure({ ...order, slots: 0 }));
      assert.notEqual((await all).status, 0);
      await until('nothing is left', async () => (await world.observe()).length === 0);
    });
  });
}

/** All that it writes, and how it ends. `onOutput` is told what has come so far. */
async function read(session: Session, onOutput: (soFar: string) => Promise<void> = async () => undefined) {
  const said = { out: '', err: '' };
  for await (const { stream, bytes } of session.output) {
    said[stream] += Buffer.from(bytes).toString('utf8');
    void onOutput(said.out);
  }
  return { ...said, status: await session.ended };
}
