import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';

export interface ChildScript {
  readonly pid: number;
  /** Resolves with the first line of output that begins with `start`; rejects when the child ends without one. */
  line(start: string): Promise<string>;
  /** All lines so far. */
  readonly lines: readonly string[];
  kill(signal: NodeJS.Signals): Promise<void>;
}

/**
 * For tests that need a second process: runs an ES module text whose relative imports start in this folder, and makes
 * sure that it is gone afterwards.
 */
export function startScript(t: TestContext, code: string, ...args: readonly string[]): ChildScript {
  const resolved = code.replaceAll(
    /from '\.\/([^']+)'/g,
    (_, name: string) => `from '${new URL(name, import.meta.url).href}'`,
  );
  const child = spawn(process.execPath, ['--input-type=module', '-e', resolved, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'close');
  const lines: string[] = [];
  const output = createInterface({ input: child.stdout });
  output.on('line', (line) => lines.push(line));
  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await exited;
  };
  t.after(() => kill('SIGKILL'));
  return {
    pid: child.pid ?? 0,
    lines,
    kill,
    line: (start) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = lines.find((line) => line.startsWith(start));
          if (found !== undefined) resolve(found);
        };
        output.on('line', look);
        void exited.then(() => reject(new Error(`The script ended without saying ${start}: ${lines.join(' | ')}`)));
        look();
      }),
  };
}
