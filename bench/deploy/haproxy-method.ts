import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram } from '../find-program.ts';
import { freePort } from '../free-port.ts';
import { clockMs } from '../load/request-record.ts';
import { startApps, untilHealthy } from './app-process.ts';
import type { DeployMethod, Milestone } from './deploy-method.ts';

const sides = ['a', 'b'] as const;
type Side = (typeof sides)[number];

/** How long the old copies may take to finish, in milliseconds. */
const drainMs = 12_000;
const pollMs = 20;

/**
 * Blue-green with HAProxy's runtime API: two new copies behind servers that are there already, which then get all the
 * weight while the old ones drain. Null when there is no HAProxy.
 */
export async function haproxyMethod(): Promise<DeployMethod | null> {
  const program = await findProgram('haproxy');
  if (program === null) return null;
  const folder = await mkdtemp(join(tmpdir(), 'lotse-bench-haproxy-'));
  const port = await freePort();
  const ports = { a: [await freePort(), await freePort()], b: [await freePort(), await freePort()] };
  const socket = join(folder, 'admin.sock');
  const file = join(folder, 'haproxy.cfg');
  await writeFile(file, configuration(socket, port, ports));
  let current: Side = 'a';
  let apps = await startApps('v0', ports[current]);
  const haproxy = spawn(program, ['-db', '-f', file], { stdio: 'ignore' });
  await untilHealthy(port);
  let number = 0;
  let milestones: Milestone[] = [];
  const reached = (title: string) => milestones.push({ title, atMs: clockMs() });
  return {
    name: 'HAProxy runtime API',
    port,
    hostName: 'benchapp.localhost',
    boots: 1,
    prepare: async () => `v${++number}`,
    deploy: async (version) => {
      milestones = [];
      const next: Side = current === 'a' ? 'b' : 'a';
      const started = await startApps(version, ports[next]);
      reached('new copies are healthy');
      const on = serversOf(next).flatMap((server) => [
        `set server ${server} state ready`,
        `set server ${server} weight 100`,
      ]);
      await ask(socket, [...on, ...serversOf(current).map((server) => `set server ${server} state drain`)]);
      reached('switched');
      await untilDrained(socket, current);
      reached('the old copies have no requests');
      const old = apps;
      [apps, current] = [started, next];
      await Promise.all(old.map((app) => app.end()));
    },
    settle: async () => ({ milestones, readyAtMs: milestones[0]?.atMs ?? null }),
    close: async () => {
      const ended = once(haproxy, 'exit');
      haproxy.kill('SIGTERM');
      await Promise.all([ended, ...apps.map((app) => app.end())]);
      await rm(folder, { recursive: true });
    },
  };
}

function serversOf(side: Side): readonly string[] {
  return [`app/${side}1`, `app/${side}2`];
}

/** HAProxy Management Guide, section 9.3. */
async function ask(socket: string, commands: readonly string[]): Promise<string> {
  const connection = net.connect(socket);
  connection.write(`${commands.join('; ')}\n`);
  return await text(connection);
}

async function untilDrained(socket: string, side: Side): Promise<void> {
  const deadline = performance.now() + drainMs;
  while (performance.now() < deadline) {
    const rows = (await ask(socket, ['show stat'])).split('\n').map((line) => line.split(','));
    // Field 5 (scur): sessions now.
    const own = rows.filter(([group, server]) => serversOf(side).includes(`${group}/${server}`));
    if (own.every((row) => row[4] === '0')) return;
    await sleep(pollMs);
  }
}

function configuration(socket: string, port: number, ports: Readonly<Record<Side, readonly number[]>>): string {
  const servers = sides.flatMap((side) =>
    ports[side].map((own, at) => `  server ${side}${at + 1} 127.0.0.1:${own} weight ${side === 'a' ? 100 : 0}`),
  );
  return `
global
  stats socket ${socket} mode 600 level admin
  nbthread 1
  maxconn 5000
defaults
  mode http
  timeout connect 2s
  timeout client 30s
  timeout server 30s
  option http-keep-alive
frontend front
  bind 127.0.0.1:${port}
  default_backend app
backend app
  balance roundrobin
  http-reuse safe
${servers.join('\n')}
`;
}
