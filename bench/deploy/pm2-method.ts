import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '../free-port.ts';
import { appFolder, appName, appProgram, untilHealthy } from './app-process.ts';
import type { DeployMethod } from './deploy-method.ts';

const program = fileURLToPath(new URL('pm2/node_modules/pm2/bin/pm2', import.meta.url));
const run = promisify(execFile);

/** PM2's cluster mode with `reload`, set up as its documentation advises for no downtime. Null when it is not there. */
export async function pm2Method(): Promise<DeployMethod | null> {
  if (!existsSync(program)) return null;
  const home = await mkdtemp(join(tmpdir(), 'lotse-bench-pm2-'));
  const port = await freePort();
  const file = join(home, 'ecosystem.config.json');
  const env = { PATH: process.env['PATH'], PM2_HOME: home, HOME: home, PM2_DISABLE_VERSION_CHECK: 'true' };
  const pm2 = async (...args: readonly string[]): Promise<void> => {
    await run(process.execPath, [program, ...args], { env, cwd: home, maxBuffer: 16 * 1024 * 1024 });
  };
  const write = async (version: string): Promise<void> => {
    await writeFile(file, JSON.stringify({ apps: [ecosystem(version, port)] }));
  };
  await write('v0');
  await pm2('start', file);
  await untilHealthy(port);
  let number = 0;
  return {
    name: 'PM2 cluster reload',
    port,
    hostName: 'benchapp.localhost',
    // One copy after the other.
    boots: 2,
    prepare: async () => {
      const version = `v${++number}`;
      await write(version);
      return version;
    },
    deploy: () => pm2('reload', file, '--update-env'),
    settle: async () => ({ milestones: [], readyAtMs: null }),
    close: async () => {
      await pm2('kill');
      await rm(home, { recursive: true });
    },
  };
}

/** Waits for the app's word that it is ready, and lets the old copy finish what it has. */
function ecosystem(version: string, port: number): object {
  return {
    name: appName,
    script: appProgram,
    cwd: appFolder,
    instances: 2,
    exec_mode: 'cluster',
    wait_ready: true,
    listen_timeout: 8_000,
    kill_timeout: 9_000,
    env: { LOTSE_RELEASE: version, PORT: `${port}` },
  };
}
