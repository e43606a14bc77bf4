import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { until } from './until.ts';

const program = fileURLToPath(new URL('../../bin/lotse.mjs', import.meta.url));
const begin = 'stty -echo rows 33 cols 99; exec "$NODE" "$PROGRAM" "$@"';

interface Wishes {
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** The `lotse` command at a terminal of 33 rows and 99 columns, which script(1) makes, and what somebody types there. */
export class LotseAtTerminal {
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;
  said = '';

  constructor(t: Pick<TestContext, 'after'>, line: readonly string[], { env, cwd }: Wishes) {
    const words = ['sh', '-c', begin, 'sh', ...line].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
    const own = Object.entries(process.env).filter(([name]) => !name.startsWith('LOTSE_'));
    this.#child = spawn('script', ['-q', '-e', '-f', '-c', words, '/dev/null'], {
      env: { ...Object.fromEntries(own), NODE: process.execPath, PROGRAM: program, SHELL: '/bin/sh', ...env },
      ...(cwd === undefined ? {} : { cwd }),
    });
    t.after(() => this.#child.kill('SIGKILL'));
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.said += text));
    this.ended = new Promise((resolve) => this.#child.once('exit', (code) => resolve(code)));
  }

  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  async seen(what: string, look: (said: string) => boolean): Promise<void> {
    await until(what, () => look(this.said), 60_000).catch((cause: unknown) => {
      throw new Error(`${what}: ${JSON.stringify(this.said)}`, { cause });
    });
  }

  resize(rows: number, columns: number): void {
    const { pid } = this.#child;
    const [inner = ''] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
    const args = ['-F', readlinkSync(`/proc/${inner}/fd/0`), 'rows', String(rows), 'cols', String(columns)];
    execFileSync('stty', args);
  }
}
