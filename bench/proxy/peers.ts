import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProgram } from '../find-program.ts';
import { freePort } from '../free-port.ts';
import { caddyConfiguration, haproxyConfiguration, nginxConfiguration } from './peer-configurations.ts';
import type { Contestant, Placement } from './contestant.ts';
import { makeFolder, startProgram } from './started-program.ts';

const relayProgram = fileURLToPath(new URL('relay/relay.mjs', import.meta.url));
const httpProxyProgram = fileURLToPath(new URL('http-proxy-3/proxy.mjs', import.meta.url));
const httpProxyPackage = fileURLToPath(new URL('http-proxy-3/node_modules/http-proxy-3', import.meta.url));

/** HAProxy as it is set up for speed: one thread a worker, upstream connections shared by all clients. */
export async function startHaproxy({
  upstreamPort,
  workers,
  core,
  certificate,
}: Placement): Promise<Contestant | null> {
  const program = await findProgram('haproxy');
  if (program === null) return null;
  const [port, folder] = [await freePort(), await makeFolder('haproxy')];
  const file = join(folder, 'haproxy.cfg');
  const pem = certificate === undefined ? null : join(folder, 'certificate.pem');
  if (pem !== null) await writeFile(pem, `${certificate?.chainPem}${certificate?.keyPem}`);
  await writeFile(file, haproxyConfiguration(port, upstreamPort, workers, pem));
  return named('HAProxy', port, await startProgram({ command: [program, '-db', '-f', file], core, port, folder }));
}

export async function startNginx({ upstreamPort, workers, core }: Placement): Promise<Contestant | null> {
  const program = await findProgram('nginx');
  if (program === null) return null;
  const [port, folder] = [await freePort(), await makeFolder('nginx')];
  const file = join(folder, 'nginx.conf');
  await writeFile(file, nginxConfiguration(folder, port, upstreamPort, workers));
  const command = [program, '-p', folder, '-c', file];
  return named('nginx', port, await startProgram({ command, core, port, folder }));
}

export async function startCaddy({ upstreamPort, workers, core }: Placement): Promise<Contestant | null> {
  const program = await findProgram('caddy');
  if (program === null) return null;
  const [port, folder] = [await freePort(), await makeFolder('caddy')];
  const file = join(folder, 'caddy.json');
  await writeFile(file, caddyConfiguration(port, upstreamPort));
  const command = [program, 'run', '--config', file];
  const env = { PATH: process.env['PATH'], HOME: folder, GOMAXPROCS: `${workers}` };
  return named('Caddy', port, await startProgram({ command, core, port, env, folder }));
}

export async function startHttpProxy3({ upstreamPort, core }: Placement): Promise<Contestant | null> {
  if (!existsSync(httpProxyPackage)) return null;
  const port = await freePort();
  const command = [process.execPath, httpProxyProgram, `${port}`, `${upstreamPort}`];
  return named('http-proxy-3', port, await startProgram({ command, core, port }));
}

/** The least that a proxy in Node can cost: bytes from one socket to another, nothing read or written by itself. */
export async function startRelay({ upstreamPort, core }: Placement): Promise<Contestant> {
  const port = await freePort();
  const command = [process.execPath, relayProgram, `${port}`, `${upstreamPort}`];
  return named('(bare relay in Node)', port, await startProgram({ command, core, port }));
}

function named(name: string, port: number, program: Pick<Contestant, 'pid' | 'close'>): Contestant {
  return { name, port, ...program };
}
