import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { LotseAtTerminal } from '../harness/lotse-at-terminal.ts';
import { lotse as run, RunningLotse } from '../harness/running-lotse.ts';
import { startServerMachine } from '../harness/server-machine.ts';
import { temporaryLotse } from '../harness/temporary-lotse.ts';
import { until } from '../harness/until.ts';

const machine = await startServerMachine();
if (machine.skip !== false) console.log(`skipped: ${machine.skip}`);
after(async () => (machine.skip === false ? await machine.release() : undefined));

const manifest = `app: shop
services: { web: { run: node web.mjs, port: 3000 } }
environments: { production: { strategy: { watch: 1s } } }
config: { GATE: FILE }
`;
/** Listens when a file is there, so that a rollout stands still for as long as a test likes. */
const web = `import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
const server = createServer((_, response) => response.end('hello from ' + process.env.LOTSE_RELEASE));
const timer = setInterval(() => {
  if (!existsSync(process.env.GATE)) return;
  clearInterval(timer);
  server.listen(process.env.PORT);
}, 50);
`;

describe('a laptop and a server that are joined by ssh alone', { skip: machine.skip, timeout: 280_000 }, () => {
  test('it logs in, deploys, is killed in the middle, and attaches again', async (t) => {
    if (machine.skip !== false) return;
    const server = await temporaryLotse(t);
    await server.start({ prefix: machine.prefix, port: 7700 });
    const { ip } = machine;
    const laptop = join(server.folder, 'laptop');
    const gate = join(server.folder, 'gate');
    mkdirSync(laptop);
    writeFileSync(join(laptop, 'lotse.yaml'), manifest.replace('FILE', gate));
    writeFileSync(join(laptop, 'web.mjs'), web);
    const settings = join(server.folder, 'settings');
    const keys = machine.ssh.clientArguments;
    const PATH = machine.sshWith(join(server.folder, 'bin'), keys);
    const env = { PATH, XDG_CONFIG_HOME: settings };
    const lotse = async (...line: readonly string[]) => await run(line, { cwd: laptop, env });

    assert.equal(await opens(ip, 7700), false, 'its API is closed to the network');
    const login = await lotse('login', `ssh://root@${ip}`, '--state', server.state, '--name', 'de1');
    assert.equal(login.exitCode, 0, login.said);
    assert.match(login.stdout, /Lotse \d+\.\d+\.\d+ at ssh:/);
    const file = join(settings, 'lotse', 'contexts.json');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.doesNotMatch(readFileSync(file, 'utf8'), /lotse_/, 'no token lies on the laptop');

    const deploy = new RunningLotse(['deploy', 'production'], { cwd: laptop, env });
    const first = await until('the rollout is under way', async () => {
      const view = await lotse('status', 'production', '--json');
      const found = /"rollout": \{\s+"id": "([^"]+)"/.exec(view.stdout)?.[1];
      if (found === undefined) throw new Error(`${view.said}\n${deploy.said}`);
      return found;
    });
    await deploy.kill();
    await until('no ssh of the laptop is left', () => sshTo(ip).length === 0);

    const again = new RunningLotse(['deploy', 'production', '--until', 'settled'], { cwd: laptop, env });
    await again.until('it follows the rollout', (said) => / built in .*\n[^]*production/.test(said));
    writeFileSync(gate, '');
    const ended = await again.end(60_000);
    assert.equal(ended.exitCode, 0, ended.said);
    assert.match(ended.stdout, /first release here\n[^]*production live/);
    const status = await lotse('status', 'production', '--json');
    assert.match(status.stdout, new RegExp(`"id": "${first}"`), 'the one that the killed command has started');

    const script = 'echo "$LOTSE_SERVICE"; echo no >&2; exit 4';
    const entered = await lotse('exec', 'production', 'web', '--', 'sh', '-c', script);
    assert.deepEqual([entered.exitCode, entered.stdout, entered.stderr], [4, 'web\n', 'no\n']);
    const ran = await lotse('run', 'production', 'web', '--reason', 'a look', '--', 'sh', '-c', script);
    assert.deepEqual([ran.exitCode, ran.stdout, ran.stderr], [4, 'web\n', 'no\n']);
    const sitting = ['run', 'production', 'web', '--reason', 'a look', '--', 'sh', '-i'];
    const terminal = new LotseAtTerminal(t, sitting, { env, cwd: laptop });
    await terminal.seen('the shell asks', (said) => /[$#] $/.test(said));
    terminal.type('stty size\r');
    await terminal.seen('it has a size', (said) => said.includes('33 99'));
    terminal.type('exit 5\r');
    assert.equal(await terminal.ended, 5, terminal.said);

    await server.plane.end('SIGTERM');
    const silent = await lotse('status', '--context', 'de1');
    assert.equal(silent.exitCode, 20, silent.said);
    assert.match(silent.stderr, /No control plane answers at ssh:[^]*systemctl status lotse/);
  });
});

async function opens(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port });
  return await once(socket, 'connect')
    .then(
      () => true,
      () => false,
    )
    .finally(() => socket.destroy());
}

/** Processes of ssh that lead there. */
function sshTo(host: string): readonly string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return words[0] === 'ssh' && words.includes(host);
    } catch {
      return false;
    }
  });
}
