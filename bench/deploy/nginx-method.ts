import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { findProgram } from '../find-program.ts';
import { freePort } from '../free-port.ts';
import { clockMs } from '../load/request-record.ts';
import { startApps, untilHealthy } from './app-process.ts';
import type { DeployMethod, Milestone } from './deploy-method.ts';

const run = promisify(execFile);
/** How long old worker processes may take to finish, in milliseconds. */
const drainMs = 12_000;

/**
 * Blue-green with nginx as people do it by hand: two new copies on other ports, the upstream rewritten, `nginx -s
 * reload`, the old copies ended when the old worker processes are gone. Null when there is no nginx.
 */
export async function nginxMethod(): Promise<DeployMethod | null> {
  if ((await findProgram('nginx')) === null) return null;
  const folder = await mkdtemp(join(tmpdir(), 'lotse-bench-nginx-'));
  await chmod(folder, 0o755); // its worker processes run as another user
  const port = await freePort();
  let current: readonly number[] = [await freePort(), await freePort()];
  let next: readonly number[] = [await freePort(), await freePort()];
  const options = ['-p', folder, '-c', join(folder, 'nginx.conf')];

  let apps = await startApps('v0', current);
  await writeFile(join(folder, 'nginx.conf'), configuration(folder, port, current));
  const nginx = spawn('nginx', options, { stdio: 'ignore' });
  await untilHealthy(port);
  let number = 0;
  let milestones: Milestone[] = [];
  const reached = (title: string) => milestones.push({ title, atMs: clockMs() });
  return {
    name: 'nginx -s reload',
    port,
    hostName: 'benchapp.localhost',
    boots: 1,
    prepare: async () => `v${++number}`,
    deploy: async (version) => {
      milestones = [];
      const started = await startApps(version, next);
      reached('new copies are healthy');
      const before = await workersOf(nginx);
      await writeFile(join(folder, 'nginx.conf'), configuration(folder, port, next));
      await run('nginx', [...options, '-s', 'reload']);
      reached('reloaded');
      const deadline = performance.now() + drainMs;
      while ((await workersOf(nginx)).some((pid) => before.includes(pid)) && performance.now() < deadline) {
        await sleep(30);
      }
      reached('old worker processes are gone');
      const old = apps;
      apps = started;
      [current, next] = [next, current];
      await Promise.all(old.map((app) => app.end()));
    },
    settle: async () => ({ milestones, readyAtMs: milestones[0]?.atMs ?? null }),
    close: async () => {
      const ended = once(nginx, 'exit');
      nginx.kill('SIGTERM');
      await Promise.all([ended, ...apps.map((app) => app.end())]);
      await rm(folder, { recursive: true });
    },
  };
}

/** The worker processes of an nginx, also old ones that still finish requests. */
async function workersOf(nginx: ChildProcess): Promise<readonly string[]> {
  const { stdout } = await run('pgrep', ['-P', `${nginx.pid}`]).catch(() => ({ stdout: '' })); // 1: none
  return stdout.split('\n').filter((pid) => pid !== '');
}

function configuration(folder: string, port: number, upstreams: readonly number[]): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
worker_processes auto;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log error;
daemon off;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_timeout 65;
  keepalive_requests 1000000;
${temporary.map((name) => `  ${name}_temp_path ${folder}/${name};`).join('\n')}
  upstream app {
${upstreams.map((upstream) => `    server 127.0.0.1:${upstream};`).join('\n')}
    keepalive 64;
    keepalive_requests 1000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=2048;
    location / {
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
}
`;
}
