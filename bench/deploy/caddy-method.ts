import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram } from '../find-program.ts';
import { freePort } from '../free-port.ts';
import { clockMs } from '../load/request-record.ts';
import { startApps, untilHealthy } from './app-process.ts';
import type { DeployMethod, Milestone } from './deploy-method.ts';

/** How long requests under way get before the old copies are ended: Caddy does not say when it has none. */
const drainMs = 1_000;
const upstreamsPath = '/config/apps/http/servers/front/routes/0/handle/0/upstreams';

/** Blue-green with Caddy's admin API: two new copies on other ports, then the upstreams are replaced. Null when there is no Caddy. */
export async function caddyMethod(): Promise<DeployMethod | null> {
  const program = await findProgram('caddy');
  if (program === null) return null;
  const folder = await mkdtemp(join(tmpdir(), 'lotse-bench-caddy-'));
  const [port, adminPort] = [await freePort(), await freePort()];
  let current: readonly number[] = [await freePort(), await freePort()];
  let next: readonly number[] = [await freePort(), await freePort()];
  const file = join(folder, 'caddy.json');
  await writeFile(file, configuration(port, adminPort, current));
  let apps = await startApps('v0', current);
  const env = { PATH: process.env['PATH'], HOME: folder };
  const caddy = spawn(program, ['run', '--config', file], { stdio: 'ignore', env });
  await untilHealthy(port);
  let number = 0;
  // Caddy keeps spare connections to old copies open, so that these take until their own deadline to end. Nothing waits
  // for that but the next deploy.
  let ending: Promise<unknown> = Promise.resolve();
  let milestones: Milestone[] = [];
  const reached = (title: string) => milestones.push({ title, atMs: clockMs() });
  return {
    name: 'Caddy admin API',
    port,
    hostName: 'benchapp.localhost',
    boots: 1,
    prepare: async () => {
      await ending;
      return `v${++number}`;
    },
    deploy: async (version) => {
      milestones = [];
      const started = await startApps(version, next);
      reached('new copies are healthy');
      await replaceUpstreams(adminPort, next);
      reached('upstreams replaced');
      await sleep(drainMs);
      ending = Promise.all(apps.map((app) => app.end()));
      apps = started;
      [current, next] = [next, current];
    },
    settle: async () => ({ milestones, readyAtMs: milestones[0]?.atMs ?? null }),
    close: async () => {
      const ended = once(caddy, 'exit');
      caddy.kill('SIGTERM');
      await Promise.all([ended, ending, ...apps.map((app) => app.end())]);
      await rm(folder, { recursive: true });
    },
  };
}

/** Caddy's documentation, "API": PATCH replaces a value. */
async function replaceUpstreams(adminPort: number, ports: readonly number[]): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${adminPort}${upstreamsPath}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(upstreams(ports)),
  });
  if (!answer.ok) throw new Error(`Caddy answered ${answer.status}: ${await answer.text()}`);
}

function upstreams(ports: readonly number[]): readonly object[] {
  return ports.map((port) => ({ dial: `127.0.0.1:${port}` }));
}

function configuration(port: number, adminPort: number, ports: readonly number[]): string {
  const server = {
    listen: [`127.0.0.1:${port}`],
    automatic_https: { disable: true },
    routes: [{ handle: [{ handler: 'reverse_proxy', upstreams: upstreams(ports) }] }],
  };
  return JSON.stringify({
    admin: { listen: `127.0.0.1:${adminPort}` },
    logging: { logs: { default: { level: 'ERROR' } } },
    apps: { http: { servers: { front: server } } },
  });
}
