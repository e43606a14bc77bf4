import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { findTestEngine } from '../harness/docker-engine.ts';
import { removeAllOf } from '../harness/docker-target-setup.ts';
import { startSeveralMachines } from '../harness/several-machines.ts';
import { ShopFolder } from '../harness/shop-folder.ts';
import { temporaryLotse } from '../harness/temporary-lotse.ts';
import { until } from '../harness/until.ts';
import { visit } from '../harness/visit.ts';

const found = await findTestEngine();
const machines = await startSeveralMachines(2, []);
const skip = found.skip === false ? machines.skip : found.skip;
if (skip !== false) console.log(`skipped: ${skip}`);
after(async () => (machines.skip === false ? await machines.release() : undefined));

const dockerfile = 'FROM node:24-slim\nWORKDIR /app\nCOPY . .\nCMD ["node", "web.mjs"]\n';
const web = (version: string): string =>
  `import { createServer } from 'node:http';
createServer((request, response) => response.end('${version}')).listen(process.env.PORT);
`;

test(
  'a machine that is gone is taken out by a deploy without it, and is emptied when it comes back after all',
  { skip, timeout: 400_000 },
  async (t) => {
    if (found.skip !== false || machines.skip !== false) return;
    const [one, gone] = machines.all;
    assert.ok(one !== undefined && gone !== undefined);
    const lotse = await temporaryLotse(t);
    let state = '';
    lotse.beforeRemoval(() => (state = readFileSync(join(lotse.state, 'docker/target/id'), 'utf8').trim()));
    t.after(async () => await removeAllOf(found.engine, state));
    await lotse.start({
      flags: ['--docker', `unix://${found.address.path}`],
      variables: machines.introduce(lotse.state),
    });
    const shop = new ShopFolder(lotse);
    const deploy = async (version: string, servers: readonly string[]) => {
      const more = { target: undefined, stores: undefined };
      shop.write({ production: { servers }, more }, { Dockerfile: dockerfile, 'web.mjs': web(version) });
      const { exitCode, said } = await shop.lotse('deploy', 'production', '--until', 'settled');
      assert.equal(exitCode, 0, said);
      return said;
    };
    await deploy('one', [one.server, gone.server]);
    await gone.plug(false);
    const said = await deploy('two', [one.server]);
    assert.match(said, /took longer than it may: 1 of web still stopping/);
    const port = await lotse.port();
    assert.equal((await visit(port, '/', undefined, one.machine.ip)).body, 'two');

    await gone.plug(true);
    await until('only the proxy is left there', async () => {
      const { length } = await gone.machine.engine.containers.list();
      return length === 1;
    });
    const isClosed = async () => {
      const answer = await visit(port, '/', undefined, gone.machine.ip).catch((error: unknown) => error);
      return answer instanceof Error && 'code' in answer && answer.code === 'ECONNREFUSED';
    };
    await until('nobody answers there', isClosed);
  },
);
