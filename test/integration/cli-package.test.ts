import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { z } from 'zod';
import packageJson from '../../package.json' with { type: 'json' };
import { packCli } from '../harness/packed-cli.ts';
import { temporaryLotse } from '../harness/temporary-lotse.ts';

const run = promisify(execFile);
const failure = z.object({ code: z.number(), stdout: z.string(), stderr: z.string() });
const folder = mkdtempSync(join(tmpdir(), 'lotse-cli-'));
after(() => rmSync(folder, { recursive: true }));
const PATH = `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`;

test('the packed command line installs from its file alone, without scripts and native parts, and works', async (t) => {
  const packed = await packCli(folder);
  const npm = async (args: readonly string[], cwd: string) =>
    (await run('npm', [...args], { cwd, env: { PATH, HOME: folder }, timeout: 120_000 })).stdout.trim();
  assert.equal(basename(packed), `lotse-cli-${packageJson.version}.tgz`);

  const empty = join(folder, 'empty');
  mkdirSync(empty);
  writeFileSync(join(empty, 'package.json'), '{}');
  await npm(['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', packed], empty);
  assert.deepEqual(
    readdirSync(join(empty, 'node_modules')).filter((name) => !name.startsWith('.')),
    ['lotse-cli'],
  );
  const files = readdirSync(join(empty, 'node_modules'), { recursive: true, encoding: 'utf8' });
  assert.deepEqual(
    files.filter((name) => /\.(?:node|ts|wasm)$/.test(name)),
    [],
  );

  const program = join(empty, 'node_modules', '.bin', 'lotse');
  const lotse = async (line: readonly string[], cwd: string, more: Record<string, string> = {}, stdin = '') => {
    const running = run(program, [...line], { cwd, env: { PATH, ...more }, timeout: 60_000 });
    running.child.stdin?.end(stdin);
    const [ran] = await Promise.allSettled([running]);
    if (ran.status === 'fulfilled') return { exitCode: 0, said: ran.value.stdout + ran.value.stderr };
    const { code, stdout, stderr } = failure.parse(ran.reason);
    return { exitCode: code, said: stdout + stderr };
  };
  assert.equal((await lotse(['--version'], empty)).said.trim(), packageJson.version);

  const app = join(folder, 'app');
  mkdirSync(app);
  writeFileSync(join(app, 'package.json'), JSON.stringify({ name: 'shop', scripts: { start: 'node server.js' } }));
  writeFileSync(join(app, 'server.js'), 'require("node:http").createServer().listen(process.env.PORT);\n');
  assert.equal((await lotse(['init'], app)).exitCode, 0);
  assert.match(readFileSync(join(app, 'lotse.yaml'), 'utf8'), /^app: shop$/m);

  const server = await temporaryLotse(t);
  const { server: LOTSE_SERVER, token: LOTSE_TOKEN } = await server.start();
  const tokens = await lotse(['token', 'list'], app, { LOTSE_SERVER, LOTSE_TOKEN });
  assert.match(tokens.said, /commands on this machine/);
  const settings = { XDG_CONFIG_HOME: join(folder, 'settings') };
  const login = await lotse(['login', LOTSE_SERVER, '--token-stdin'], app, settings, LOTSE_TOKEN);
  assert.equal(login.exitCode, 0, login.said);
  assert.match((await lotse(['token', 'list'], app, settings)).said, /commands on this machine/);

  const serve = await lotse(['serve'], app);
  assert.equal(serve.exitCode, 14, serve.said);
  assert.match(serve.said, /command line alone[^]*lotse login/);
});
