import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findTestEngine } from '../harness/docker-engine.ts';
import { removeAllOf } from '../harness/docker-target-setup.ts';
import { LotseAtTerminal } from '../harness/lotse-at-terminal.ts';
import { startSeveralMachines } from '../harness/several-machines.ts';
import { ShopFolder } from '../harness/shop-folder.ts';
import { temporaryLotse } from '../harness/temporary-lotse.ts';
import { until } from '../harness/until.ts';

const found = await findTestEngine();
const machines = await startSeveralMachines(2, []);
const skip = found.skip === false ? machines.skip : found.skip;
if (skip !== false) console.log(`skipped: ${skip}`);
after(async () => (machines.skip === false ? await machines.release() : undefined));

const program = fileURLToPath(new URL('../../bin/lotse.mjs', import.meta.url));
const dockerfile = 'FROM node:24-slim\nWORKDIR /app\nCOPY . .\nCMD ["node", "web.mjs"]\n';
const web = `import { createServer } from 'node:http';
createServer((_, response) => response.end('ok')).listen(process.env.PORT);
`;
const saysItsSize = `setInterval(() => console.log(process.stdout.rows + ' ' + process.stdout.columns), 200);
process.on('SIGINT', () => process.exit(5));`;
const why = ['--reason', 'a look'] as const;

describe('programs on servers, of which one is reached by TLS and one by ssh', { skip, timeout: 900_000 }, () => {
  test('are entered and run there, with pipes and with a terminal, and end with whoever sits at them', async (t) => {
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
    shop.write(
      { production, more: { target: undefined, stores: undefined } },
      { Dockerfile: dockerfile, 'web.mjs': web },
    );
    const deployed = await shop.lotse('deploy', 'production', '--only');
    assert.equal(deployed.exitCode, 0, `${deployed.said}\n${lotse.problems.join('\n')}`);
    const slots = await lotse.client.environment().then(({ services }) => services.flatMap((each) => each.slots));
    const whereOf = (slot: number) => slots.find((each) => each.slot === slot)?.server;
    assert.deepEqual(
      [whereOf(0), whereOf(1)],
      all.map(({ server }) => server),
    );
    const { server, token } = lotse.plane;
    const env = { LOTSE_SERVER: server, LOTSE_TOKEN: token };

    const script = 'hostname; cat; echo no >&2; exit 6';
    for (const slot of ['0', '1']) {
      const line = [
        program,
        'exec',
        'production',
        'web',
        '--app',
        'shop',
        '--instance',
        slot,
        '--',
        'sh',
        '-c',
        script,
      ];
      const said = await piped(line, env, 'typed\n');
      assert.deepEqual(said, { exitCode: 6, stdout: `web-${slot}\ntyped\n`, stderr: 'no\n' });
    }
    const line = [program, 'run', 'production', 'web', '--app', 'shop', ...why, '--', 'sh', '-c', script];
    assert.deepEqual(await piped(line, env, 'typed\n'), { exitCode: 6, stdout: 'web-run\ntyped\n', stderr: 'no\n' });

    const wanted = {
      exec: ['exec', 'production', 'web', '--instance', '1'],
      run: ['run', 'production', 'web', ...why],
    };
    for (const words of Object.values(wanted)) {
      const terminal = new LotseAtTerminal(t, [...words, '--app', 'shop', '--', 'node', '-e', saysItsSize], { env });
      await terminal.seen('it has a size', (said) => said.includes('33 99'));
      terminal.resize(40, 120);
      await terminal.seen('the size has followed', (said) => said.includes('40 120'));
      terminal.type('\u0003');
      assert.equal(await terminal.ended, 5, terminal.said);
    }

    const oneOffs = async () => {
      const engine = all[0]?.machine.engine;
      return (await engine?.containers.list({ label: ['lotse.one-off'] }))?.length;
    };
    const sleeping = ['run', 'production', 'web', '--app', 'shop', ...why, '--', 'sh', '-c', 'echo begun; sleep 3000'];
    const child = spawn(process.execPath, [program, ...sleeping], { env: { ...process.env, ...env } });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    await until('it runs', () => said.includes('begun'), 60_000);
    assert.equal(await oneOffs(), 1, 'it runs on the first server');
    child.kill('SIGKILL');
    await until('its container is gone', async () => (await oneOffs()) === 0, 60_000);
  });
});

async function piped(line: readonly string[], env: Readonly<Record<string, string>>, input: string) {
  const child = spawn(process.execPath, line, { env: { ...process.env, ...env, NO_COLOR: '1' } });
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
  child.stdin.end(input);
  const exitCode = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { exitCode, ...said };
}
