import { setTimeout as sleep } from 'node:timers/promises';
import { untilHealthy } from '../deploy/app-process.ts';
import type { Pace } from '../deploy/measure-deploy.ts';
import { usualLoad } from '../load/load-wishes.ts';
import { RunningLoad } from '../load/running-load.ts';
import type { BenchEngine } from './bench-engine.ts';

export const appPort = 3000;
const network = 'boots';
let number = 0;

/** Containers get a network of their own, as all deployers give them one. */
export async function makeBootNetwork({ client }: BenchEngine): Promise<void> {
  await client.networks.create({ Name: network });
}

/**
 * How long containers of the app take that nobody deploys: made and started as `docker run --network` does it, all at once,
 * until each has given its first good answer. In milliseconds.
 */
export async function measureBootMs({ client }: BenchEngine, image: string, copies: number): Promise<number> {
  const names = Array.from({ length: copies }, () => `boot-${++number}`);
  const startMs = performance.now();
  try {
    await Promise.all(names.map((name) => bootOne(client, name, image)));
    return performance.now() - startMs;
  } finally {
    await Promise.all(names.map((name) => client.containers.remove(name, { force: true })));
  }
}

async function bootOne(client: BenchEngine['client'], name: string, image: string): Promise<void> {
  const { containers } = client;
  const HostConfig = { NetworkMode: network };
  await containers.create(name, { Image: image, Env: ['LOTSE_RELEASE=boot'], HostConfig });
  await containers.start(name);
  const { Networks } = (await containers.inspect(name)).NetworkSettings;
  await untilHealthy(appPort, Networks[network]?.IPAddress);
}

/** Does something while the usual load asks there, as it does during a deploy. */
export async function besideLoad<T>(
  to: { readonly port: number; readonly hostName: string },
  pace: Pace,
  work: () => Promise<T>,
): Promise<T> {
  const load = new RunningLoad({ ...usualLoad, ...to });
  try {
    await sleep(pace.beforeMs);
    return await work();
  } finally {
    load.kill();
  }
}
