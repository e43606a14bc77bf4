import { cp, mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { untilHealthy } from '../deploy/app-process.ts';
import type { DeployMethod } from '../deploy/deploy-method.ts';
import { findProgram } from '../find-program.ts';
import type { BenchEngine } from './bench-engine.ts';

const frontFolder = fileURLToPath(new URL('swarm-front/', import.meta.url));
const frontImage = 'lotse-bench/swarm-front';
const frontPort = 8105;
const copies = 2;
const pollMs = 100;
const patienceMs = 60_000;

/** So many copies at a time. */
export type Parallelism = 1 | 2;

export interface Swarm {
  readonly methods: readonly DeployMethod[];
  /** Ends its copies, which `prepare` starts again: their health checks are processes that would disturb the others. */
  readonly rest: () => Promise<void>;
}

/**
 * Docker Swarm's `service update`, start-first, with a health check twice a second. In front of the tasks is HAProxy, as
 * another service of the Swarm, which finds them by Docker's DNS: Swarm's own mesh needs IPVS, which not every kernel
 * has. A text instead: why there is none. `scratch`: a folder for files that go afterwards.
 */
export async function swarmMethods(
  engine: BenchEngine,
  image: Promise<string>,
  modes: readonly Parallelism[],
  scratch: string,
): Promise<Swarm | string> {
  if ((await findProgram('docker')) === null) return 'the program docker is not on this machine';
  const haproxy = await findProgram('haproxy');
  if (haproxy === null) return 'HAProxy, its front, is not on this machine';
  const docker = async (...args: readonly string[]): Promise<string> => await engine.run('docker', args);
  await makeFront(engine, haproxy, join(scratch, 'front'));
  await docker('swarm', 'init', '--advertise-addr', '127.0.0.1', '--listen-addr', '127.0.0.1:2377');
  await docker('network', 'create', '--driver', 'overlay', 'bench');
  await docker(...serviceOrder('web', ['--env', 'LOTSE_RELEASE=v0', '--replicas', '0', ...updateOrder, await image]));
  const published = `published=${frontPort},target=8000,mode=host`;
  await docker(...serviceOrder('front', ['--publish', published, frontImage]));
  let number = 0;
  const methods = modes.map((mode): DeployMethod => ({
    name: `Swarm, ${mode === 1 ? 'one by one' : 'both at once'}`,
    host: engine.gateway,
    port: frontPort,
    hostName: 'benchapp.localhost',
    boots: copies / mode,
    prepare: async () => {
      await docker('service', 'scale', '--detach', `web=${copies}`);
      await untilCopies(engine, copies);
      await untilHealthy(frontPort, engine.gateway);
      return `v${++number}`;
    },
    deploy: async (version) => {
      const change = ['--env-add', `LOTSE_RELEASE=${version}`, '--update-parallelism', `${mode}`];
      await docker('service', 'update', '--quiet', '--no-resolve-image', ...change, 'web');
    },
    settle: async () => ({ milestones: [], readyAtMs: null }), // the command waits until all is quiet
    close: async () => undefined, // it goes with its engine
  }));
  const rest = async (): Promise<void> => {
    await docker('service', 'scale', '--detach', 'web=0');
    await untilCopies(engine, 0);
  };
  return { methods, rest };
}

/** All that there are, and healthy. */
async function untilCopies({ client }: BenchEngine, count: number): Promise<void> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const found = await client.containers.list({ label: ['com.docker.swarm.service.name=web'], status: ['running'] });
    const healthy = found.filter(({ Status }) => Status.includes('(healthy)'));
    if (found.length === count && healthy.length === count) return;
    if (performance.now() > deadline) throw new Error(`${healthy.length} of ${count} copies are healthy`);
    await sleep(pollMs);
  }
}

const updateOrder = [
  ...['--health-cmd', 'bash healthy.sh', '--health-interval', '500ms', '--health-timeout', '2s'],
  ...['--health-start-period', '30s'],
  ...['--stop-grace-period', '10s', '--update-order', 'start-first', '--update-monitor', '1s'],
];

function serviceOrder(name: string, rest: readonly string[]): readonly string[] {
  const network = ['--network', 'bench', '--endpoint-mode', 'dnsrr'];
  return ['service', 'create', '--detach', '--quiet', '--no-resolve-image', '--name', name, ...network, ...rest];
}

/** An image of this machine's HAProxy, with the libraries that it is linked to. */
async function makeFront(engine: BenchEngine, haproxy: string, folder: string): Promise<void> {
  await cp(frontFolder, folder, { recursive: true });
  await cp(haproxy, join(folder, 'haproxy'), { dereference: true });
  await mkdir(join(folder, 'lib'));
  const libraries = (await engine.run('ldd', [haproxy])).match(/(?<==> )\/\S+/g) ?? [];
  for (const file of libraries) await cp(file, join(folder, 'lib', basename(file)), { dereference: true });
  await engine.run('docker', ['build', '--quiet', '--tag', frontImage, folder], { DOCKER_BUILDKIT: '0' });
}
