import { spawn } from 'node:child_process';
import { dirname, extname, join } from 'node:path';

/** The environment of a proxy: nothing of whoever starts it reaches it. */
export function proxyEnvironment(stateDir: string): NodeJS.ProcessEnv {
  return { NODE_COMPILE_CACHE: cacheFolder(stateDir) };
}

export function cacheFolder(stateDir: string): string {
  return join(stateDir, 'compile-cache');
}

/**
 * The TypeScript compiler inside Node.js takes 18 MB of each process that loads it, for good. So what is compiled is put
 * into a cache beforehand by processes that end at once. `entry`: the proxy's main file, its worker's lies beside it.
 */
export async function fillCompileCache(stateDir: string, nodePath: string, entry: string): Promise<void> {
  if (extname(entry) !== '.ts') return;
  const run = (file: string, args: readonly string[]) =>
    new Promise<void>((resolve) => {
      const child = spawn(nodePath, ['--no-warnings', file, ...args], {
        stdio: 'ignore',
        env: proxyEnvironment(stateDir),
      });
      child.once('close', () => resolve());
      child.once('error', () => resolve());
    });
  await Promise.all([run(entry, ['--help']), run(join(dirname(entry), 'worker.ts'), [])]);
}
