import type { DockerEngine } from '../../src/docker-engine/docker-engine.ts';

/** Runs a command in a container; what it wrote to both streams, without the last line break. */
export async function runInside(engine: DockerEngine, container: string, argv: readonly string[]): Promise<string> {
  return (await engine.execs.run(container, { Cmd: argv })).output.trimEnd();
}
