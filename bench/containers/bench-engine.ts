import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { DockerEngine } from '../../src/docker-engine/docker-engine.ts';
import { bringPrograms, keepEngine } from '../../test/harness/docker-engine.ts';

const pollMs = 50;
const patienceMs = 60_000;

/** A Docker engine of this bench alone, with `node:24-slim` made from this machine. */
export interface BenchEngine {
  readonly client: DockerEngine;
  /** As `--docker` and DOCKER_HOST take it. */
  readonly url: string;
  /** This machine's own address on its default bridge: what is published is reached there as from outside. */
  readonly gateway: string;
  /** One of Docker's own programs, told to use this engine. Answers what it wrote. */
  readonly run: (program: string, args: readonly string[], env?: NodeJS.ProcessEnv) => Promise<string>;
  /** Ends it with all that runs and lies on it. */
  end(): Promise<void>;
}

/**
 * It goes too when this process dies. `group`: of processor time, for its containers (`--cgroup-parent`); empty: the usual
 * one. A text instead: why there is none.
 */
export async function startBenchEngine(group: string): Promise<BenchEngine | string> {
  const searchPath = await bringPrograms();
  if (typeof searchPath !== 'string') return searchPath.skip;
  const folder = await mkdtemp(join(tmpdir(), 'lotse-bench-engine-'));
  const kept = await keepEngine({
    ...{ folder, address: folder, searchPath, lingerMs: 0, withBaseImage: true, isShared: false },
    dockerdArguments: group === '' ? [] : ['--cgroup-parent', `/${group}`],
  });
  if ('problem' in kept) return kept.problem;
  const socket = join(folder, 'sock');
  const client = new DockerEngine({ kind: 'socket', path: socket });
  const url = `unix://${socket}`;
  const [config] = (await client.networks.inspect('bridge')).IPAM.Config ?? [];
  return {
    client,
    url,
    gateway: config?.Gateway ?? '172.17.0.1',
    run: async (program, args, env = {}) => {
      const own = { ...process.env, PATH: searchPath, DOCKER_HOST: url, ...env };
      return (await promisify(execFile)(program, args, { env: own, maxBuffer: 16 * 1024 * 1024 })).stdout;
    },
    end: async () => {
      client.close();
      kept.release();
      // Its keeper removes the folder, then its own log, then ends.
      const deadline = performance.now() + patienceMs;
      while ([folder, `${folder}.keeper.log`].some(existsSync)) {
        if (performance.now() > deadline) throw new Error(`the engine in ${folder} has not ended`);
        await sleep(pollMs);
      }
    },
  };
}
