import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { ContractWorld, until } from './contract-world.contract.ts';
import type { EntryOrder, OneOffOrder, Session } from './session.ts';
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

/** Programs in a place of their own; the same targets pass it. */
export function oneOffContract(
  name: string,
  start: () => Promise<TargetUnderTest>,
  options: { readonly skip: string | false } = { skip: false },
): void {
  test(`${name}: programs beside its instances`, { ...options, timeout: 180_000 }, async (t) => {
    const world = await ContractWorld.open(await start());
    t.after(async () => await world.end());
    let count = 0;
    const run = async (wish: Pick<OneOffOrder, 'argv'> & Partial<OneOffOrder>): Promise<Session> => {
      assert.ok('runOnce' in world.target && typeof world.target.runOnce === 'function');
      const {
        slots: _slots,
        claim: _claim,
        avoid: _avoid,
        ...order
      } = world.order({ variables: { GREETING: 'hello' } });
      const session: Session = await world.target.runOnce({
        ...{ ...order, key: `one-off-${(count += 1)}`, terminal: null },
        ...wish,
      });
      return session;
    };
    await t.test('has the variables and files of the release, no instance, and its exit status is told', async () => {
      const script = 'echo "$GREETING $PORT."; ls app.mjs; echo no >&2; exit 7';
      const said = await read(await run({ argv: ['sh', '-c', script] }));
      assert.deepEqual(said, { out: 'hello .\napp.mjs\n', err: 'no\n', status: 7 });
      assert.deepEqual(await world.observe(), []);
    });
    await t.test('takes input until its end', async () => {
      const session = await run({ argv: ['cat'] });
      session.input.end('one\ntwo\n');
      assert.deepEqual(await read(session), { out: 'one\ntwo\n', err: '', status: 0 });
    });
    await t.test('is told a signal', async () => {
      const script = `process.on('SIGINT', () => process.exit(5)); setInterval(() => {}, 1000); console.log('begun');`;
      const session = await run({ argv: ['node', '-e', script] });
      const { status } = await read(session, async () => await session.signal('SIGINT'));
      assert.equal(status, 5);
    });
    await t.test('has a terminal of the size that was asked for, Ctrl-C in it, and another size later', async () => {
      const script = `const say = () => console.log(process.stdout.rows + ' ' + process.stdout.columns);
        process.on('SIGINT', () => process.exit(3));
        process.stdout.on('resize', say);
        setInterval(say, 300);`;
      const session = await run({ argv: ['node', '-e', script], terminal: { columns: 99, rows: 33 } });
      let isAsked = false;
      const { out, status } = await read(session, async (soFar) => {
        if (soFar.includes('40 120')) session.input.write('\u0003');
        if (isAsked || !soFar.includes('33 99')) return;
        isAsked = true;
        await session.resize({ columns: 120, rows: 40 });
      });
      assert.match(out, /33 99[^]*40 120/);
      assert.equal(status, 3);
    });
    await t.test('ends when it is closed, with all that it has started', async () => {
      const sign = await world.control('beats');
      const beats = `while :; do date +%s%N >"$CONTROL_DIR/beats"; sleep 0.05; done`;
      const session = await run({ argv: ['sh', '-c', `(${beats}) & echo begun; wait`] });
      await until('it beats', async () => existsSync(sign));
      const { status } = await read(session, async () => await session.close());
      assert.notEqual(status, 0);
      const last = readFileSync(sign, 'utf8');
      await until('a later sign of ours', async () => {
        writeFileSync(await world.control('ours'), '');
        return statSync(await world.control('ours')).mtimeMs > statSync(sign).mtimeMs + 500;
      });
      assert.equal(readFileSync(sign, 'utf8'), last);
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
