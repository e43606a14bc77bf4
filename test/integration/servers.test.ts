import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { OpenLoopLoad } from '../../src/proxy/fixtures/open-loop-load.ts';
import { findTestEngine } from '../harness/docker-engine.ts';
import { removeAllOf } from '../harness/docker-target-setup.ts';
import type { NamedMachine } from '../harness/several-machines.ts';
import { startSeveralMachines } from '../harness/several-machines.ts';
import type { Shop } from '../harness/shop-app.ts';
import { ShopFolder } from '../harness/shop-folder.ts';
import type { TemporaryLotse } from '../harness/temporary-lotse.ts';
import { temporaryLotse } from '../harness/temporary-lotse.ts';
import { until } from '../harness/until.ts';
import { visit } from '../harness/visit.ts';

/** What the third machine gives its containers and the others do not: the app can tell by it where it is. */
const thirdMachine = 4321;
const found = await findTestEngine();
const machines = await startSeveralMachines(3, ['--default-ulimit', `nofile=${thirdMachine}:${thirdMachine}`]);
const skip = found.skip === false ? machines.skip : found.skip;
if (skip !== false) console.log(`skipped: ${skip}`);
after(async () => (machines.skip === false ? await machines.release() : undefined));

const dockerfile = 'FROM node:24-slim\nWORKDIR /app\nCOPY . .\nCMD ["node", "web.mjs"]\n';
const web = (version: string): string => `import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
const third = readFileSync('/proc/self/limits', 'utf8').includes(' ${thirdMachine} ');
if (third && '${version}' === 'bad') {
  console.error('this machine lets me open too few files');
  process.exit(9);
}
createServer((request, response) => {
  request.resume();
  if (request.url === '/exit') setTimeout(() => process.exit(3), 50);
  response.end('${version}');
}).listen(process.env.PORT, () => console.log('listening'));
`;
/** The app's own story: what it is pointed at has to be the release that it came with. */
const verify = (version: string): string => `const answer = await (await fetch(process.env.BASE_URL)).text();
console.log(process.env.BASE_URL, answer);
if (answer !== '${version}') process.exit(1);
`;

describe('an environment on three machines', { skip, timeout: 400_000 }, () => {
  test('is served, brought back and healed on each of them', async (t) => {
    if (found.skip !== false || machines.skip !== false) return;
    const { all } = machines;
    const lotse = await temporaryLotse(t);
    let state = '';
    lotse.beforeRemoval(() => (state = readFileSync(join(lotse.state, 'docker/target/id'), 'utf8').trim()));
    t.after(async () => await removeAllOf(found.engine, state));
    const variables = machines.introduce(lotse.state);
    await lotse.start({ flags: ['--docker', `unix://${found.address.path}`], variables });
    const shop = new ShopFolder(lotse);
    const production = { servers: all.map(({ server }) => server) };
    const settings: Shop = { verify: true, production, more: { target: undefined, stores: undefined } };
    const deploy = async (version: string) => {
      shop.write(settings, { Dockerfile: dockerfile, 'web.mjs': web(version), 'verify.mjs': verify(version) });
      return await shop.lotse('deploy', 'production', '--until', 'settled');
    };
    const log = (what: string) => t.diagnostic(`${Math.round(performance.now() / 1000)} s: ${what}`);

    log('begun');
    const first = await deploy('one');
    log('first deployed');
    assert.equal(first.exitCode, 0, `${first.said}\n${lotse.problems.join('\n')}`);
    // A machine that is slow to answer is told of, and gets it before the rollout.
    for (const { server } of all) assert.match(first.said, new RegExp(`the image is (?:not )?on ${server}`));
    assert.deepEqual(await askAll(lotse, all), ['one', 'one', 'one']);
    const { addresses, services } = await lotse.client.environment();
    assert.deepEqual(
      addresses.map((address) => new URL(address).hostname),
      all.map(({ machine }) => machine.ip),
    );
    assert.deepEqual(
      services.flatMap(({ slots }) => slots.toSorted((a, b) => a.slot - b.slot).map(({ server }) => server)),
      all.map(({ server }) => server),
    );
    const verified = await shop.lotse('verify', 'production');
    assert.equal(verified.exitCode, 0, verified.said);
    const logs = await shop.lotse('logs', 'production', 'web');
    for (const slot of [0, 1, 2]) assert.match(logs.said, new RegExp(`web\\.${slot}.*listening`), logs.said);

    const second = await underLoads(lotse, all, () => deploy('two'));
    log('second deployed');
    assert.equal(second.value.exitCode, 0, second.value.said);
    for (const { failures, bodies } of second.loads) {
      assert.deepEqual(failures, {});
      assert.deepEqual(Object.keys(bodies).toSorted(), ['one', 'two']);
    }

    const bad = await underLoads(lotse, all, () => deploy('bad'));
    log('third came back');
    assert.notEqual(bad.value.exitCode, 0, bad.value.said);
    assert.match(bad.value.said, /too few files/);
    for (const { failures, bodies } of bad.loads) {
      assert.deepEqual(failures, {});
      assert.deepEqual(Object.keys(bodies), ['two']);
    }
    assert.deepEqual(await askAll(lotse, all), ['two', 'two', 'two']);

    const [one, two, away] = all;
    assert.ok(one !== undefined && two !== undefined && away !== undefined);
    await away.plug(false);
    const meanwhile = await underLoads(lotse, [two], async () => {
      const port = await lotse.port();
      await visit(port, '/exit', undefined, one.machine.ip);
      await until('the first machine has lost its instance', async () => !(await answers(port, one)));
      const lostAt = performance.now();
      await until('it has another one', async () => await answers(port, one)).catch((error: unknown) => {
        throw new Error(lotse.problems.slice(-30).join('\n'), { cause: error });
      });
      log(`healed after ${Math.round(performance.now() - lostAt)} ms`);
      await until('the status says which machine is away', async () => {
        const { said } = await shop.lotse('status', 'production');
        return new RegExp(`web\\.2 .*${away.server}: .*did not answer`).test(said);
      });
      const doctor = await shop.lotse('doctor');
      assert.match(doctor.said, new RegExp(`✗ ${away.server} +\\S`));
      assert.match(doctor.said, new RegExp(`✓ ${two.server} +Docker `));
      const refused = await deploy('three');
      assert.notEqual(refused.exitCode, 0, refused.said);
      assert.ok(refused.said.includes(away.server), refused.said);
    });
    assert.deepEqual(meanwhile.loads[0]?.failures, {});
    log('away is told');

    await away.plug(true);
    const last = await until('what was refused goes out', async () => {
      const ran = await deploy('three');
      return ran.exitCode === 0 && ran;
    });
    log('deployed again');
    assert.equal(last.exitCode, 0);
    assert.deepEqual(await askAll(lotse, all), ['three', 'three', 'three']);
  });
});

async function answers(port: number, { machine }: NamedMachine): Promise<boolean> {
  return await visit(port, '/', undefined, machine.ip).then(
    ({ status }) => status === 200,
    () => false,
  );
}

async function askAll(lotse: TemporaryLotse, all: readonly NamedMachine[]): Promise<readonly string[]> {
  const port = await lotse.port();
  return await Promise.all(all.map(async ({ machine }) => (await visit(port, '/', undefined, machine.ip)).body));
}

async function underLoads<Value>(lotse: TemporaryLotse, all: readonly NamedMachine[], work: () => Promise<Value>) {
  const port = await lotse.port();
  const loads = all.map(({ machine }) => new OpenLoopLoad({ port, host: machine.ip, requestsPerSecond: 20 }));
  try {
    const value = await work();
    return { value, loads: await Promise.all(loads.map((load) => load.stop())) };
  } finally {
    await Promise.all(loads.map((load) => load.stop()));
  }
}
