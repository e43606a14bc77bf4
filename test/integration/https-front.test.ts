import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { lacks } from '../../src/ports/certificates/fixtures/running-program.ts';
import { freePorts } from '../../src/proxy/fixtures/running-proxy.ts';
import { startHttpsFront, type FrontProgram } from '../harness/https-front.ts';
import { LotseAtTerminal } from '../harness/lotse-at-terminal.ts';
import { lotse as runLotse } from '../harness/running-lotse.ts';
import { ShopFolder } from '../harness/shop-folder.ts';
import { isLiving } from '../harness/state-processes.ts';
import { temporaryLotse } from '../harness/temporary-lotse.ts';
import { until } from '../harness/until.ts';

const program = fileURLToPath(new URL('../../bin/lotse.mjs', import.meta.url));
const why = ['--reason', 'a look'] as const;
const fronts: readonly FrontProgram[] = ['nginx', 'haproxy'];

describe('a laptop that comes by https through another proxy', { timeout: 900_000 }, () => {
  for (const front of fronts) {
    test(
      `${front}: deploys, enters an instance, runs a program, and what it leaves ends`,
      { skip: lacks(front) },
      async (t) => {
        const lotse = await temporaryLotse(t);
        const [port = 0] = await freePorts(1);
        const { server, token } = await lotse.start({ flags: ['--public-url', `https://127.0.0.1:${port}`] });
        const folder = join(lotse.folder, 'front');
        const { url, caFile } = await startHttpsFront(t, {
          program: front,
          folder,
          host: '127.0.0.1',
          port,
          to: server,
        });
        const settings = join(lotse.folder, 'settings');
        const env = { NODE_EXTRA_CA_CERTS: caFile, XDG_CONFIG_HOME: settings };
        const shop = new ShopFolder(lotse);
        // More than the megabyte that nginx lets through when nobody tells it otherwise.
        shop.write(
          {},
          { 'large.txt': Array.from({ length: 40_000 }, (_, line) => `${line} ${Math.sin(line)}`).join('\n') },
        );
        const cwd = join(lotse.folder, 'shop');
        const lotseThere = async (...line: readonly string[]) => await runLotse(line, { cwd, env });

        const untrusted = await runLotse(['status', '--app', 'shop'], {
          cwd,
          env: { LOTSE_SERVER: url, LOTSE_TOKEN: token },
        });
        assert.equal(untrusted.exitCode, 20, untrusted.said);
        const login = await runLotse(['login', url, '--name', 'front'], { cwd, env: { ...env, LOTSE_TOKEN: token } });
        assert.notEqual(login.exitCode, 0, 'a token is asked for, or read');
        assert.equal(
          (await withInput(['login', url, '--name', 'front', '--token-stdin'], env, `${token}\n`)).exitCode,
          0,
        );
        const deployed = await lotseThere('deploy', 'production', '--only');
        assert.equal(deployed.exitCode, 0, deployed.said);

        const script = 'echo "$LOTSE_SERVICE"; cat; echo no >&2; exit 6';
        const exec = await withInput(
          ['exec', 'production', 'web', '--app', 'shop', '--', 'sh', '-c', script],
          env,
          'typed\n',
        );
        assert.deepEqual(exec, { exitCode: 6, stdout: 'web\ntyped\n', stderr: 'no\n' });
        const line = ['run', 'production', 'web', '--app', 'shop', ...why, '--'];
        const ran = await withInput([...line, 'sh', '-c', script], env, 'typed\n');
        assert.deepEqual(ran, { exitCode: 6, stdout: 'web\ntyped\n', stderr: 'no\n' });

        const terminal = new LotseAtTerminal(t, [...line, 'sh', '-i'], { env });
        await terminal.seen('the shell asks', (said) => /[$#] $/.test(said));
        terminal.type('stty size\r');
        await terminal.seen('it has a size', (said) => said.includes('33 99'));
        terminal.type('echo begun; sleep 3000; echo "after $?"\r');
        await terminal.seen('it sleeps', (said) => /begun\r*\n/.test(said));
        terminal.type('\u0003');
        await terminal.seen('Ctrl-C has ended it', (said) => /[$#] /.test(said.split(/begun\r*\n/)[1] ?? ''));
        terminal.type('exit 5\r');
        assert.equal(await terminal.ended, 5, terminal.said);

        for (const words of [line, ['exec', 'production', 'web', '--app', 'shop', '--']]) {
          const child = start([...words, 'sh', '-c', 'echo $$; sleep 3000; true'], env);
          let said = '';
          child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
          const pid = Number(await until('it runs', () => /^(\d+)\n/.exec(said)?.[1] ?? null, 60_000));
          child.kill('SIGKILL');
          await until('it has ended', () => !isLiving(pid), 60_000);
        }
      },
    );
  }
});

function start(line: readonly string[], env: Readonly<Record<string, string>>) {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('LOTSE_'));
  return spawn(process.execPath, [program, ...line], { env: { ...Object.fromEntries(own), NO_COLOR: '1', ...env } });
}

async function withInput(line: readonly string[], env: Readonly<Record<string, string>>, input: string) {
  const child = start(line, env);
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
  child.stdin.end(input);
  const exitCode = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { exitCode, ...said };
}
