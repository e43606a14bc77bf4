import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { untilHealthy } from '../deploy/app-process.ts';
import type { DeployMethod } from '../deploy/deploy-method.ts';
import { findProgram } from '../find-program.ts';
import type { BenchEngine } from './bench-engine.ts';
import { appPort } from './container-boot.ts';

const port = 8106;

/**
 * compose's `up -d` after a change of its file: it ends the old container and starts a new one on the same port. One copy,
 * since two cannot have the port. A text instead: why there is none. `scratch`: a folder for its file.
 */
export async function composeMethod(
  engine: BenchEngine,
  image: Promise<string>,
  scratch: string,
): Promise<DeployMethod | string> {
  const compose = await findCompose(engine);
  if (compose === null) return 'neither `docker compose` nor docker-compose is on this machine';
  const file = join(scratch, 'compose.yaml');
  const write = async (version: string): Promise<void> => await writeFile(file, composeFile(await image, version));
  const up = async (): Promise<void> => {
    const [program, ...first] = compose;
    await engine.run(program, [...first, '--project-name', 'bench', '--file', file, 'up', '--detach']);
  };
  await write('v0');
  await up();
  await untilHealthy(port, engine.gateway);
  let number = 0;
  return {
    name: 'compose up',
    host: engine.gateway,
    port,
    hostName: 'benchapp.localhost',
    boots: 1,
    prepare: async () => {
      const version = `v${++number}`;
      await write(version);
      return version;
    },
    deploy: up,
    // The command does not wait until anybody answers.
    settle: async () => {
      await untilHealthy(port, engine.gateway);
      return { milestones: [], readyAtMs: null };
    },
    close: async () => undefined, // it goes with its engine
  };
}

/** The plugin of Docker's command line, else the program of its own that it was before. */
async function findCompose({ run }: BenchEngine): Promise<readonly [string, ...string[]] | null> {
  const isPlugin = await run('docker', ['compose', 'version']).then(
    () => true,
    () => false,
  );
  if (isPlugin) return ['docker', 'compose'];
  return (await findProgram('docker-compose')) === null ? null : ['docker-compose'];
}

function composeFile(image: string, version: string): string {
  return `version: '3.7'
services:
  web:
    image: ${image}
    environment: { LOTSE_RELEASE: ${version} }
    ports: ['${port}:${appPort}']
    stop_grace_period: 10s
`;
}
