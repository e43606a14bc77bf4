import type { Room } from '../targets.ts';
import type { DockerMachine } from './docker-machine.ts';

const askTimeoutMs = 3000;
/** Of containers that may be asked, so many are. */
const mostAsked = 4;

/**
 * What another machine can still carry, as seen from inside a container of Lotse's there: memory is not told apart for
 * containers (proc(5), meminfo), and its root lies on the engine's disk. Null: there is none yet, or none has `cat` and
 * `df`. Errors: `unreachable`, `timeout`.
 */
export async function readServerRoom({ engine, words }: DockerMachine): Promise<Room | null> {
  const info = await engine.info();
  const running = await engine.containers.list({ name: ['^/lotse-'], status: ['running'] });
  for (const { Id } of running.slice(0, mostAsked)) {
    const ask = (...argv: readonly string[]): Promise<string> =>
      engine.execs.run(Id, { Cmd: argv }, { signal: AbortSignal.timeout(askTimeoutMs) }).then(
        ({ output }) => output,
        () => '',
      );
    const free = /^MemAvailable:\s+(\d+) kB$/m.exec(await ask('cat', '/proc/meminfo'))?.[1];
    const disk = /\s(\d+)\s+\d+%\s+\/\s*$/m.exec(await ask('df', '-Pk', '/'))?.[1];
    if (free === undefined || disk === undefined) continue;
    return {
      memoryFreeBytes: Number(free) * 1024,
      memoryTotalBytes: info.MemTotal,
      diskFreeBytes: Number(disk) * 1024,
      diskFolder: `${words}${info.DockerRootDir}`,
      cores: info.NCPU,
    };
  }
  return null;
}
