import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { LoadWishes } from './load-wishes.ts';
import { requestRecord, type RequestRecord } from './request-record.ts';

const program = fileURLToPath(new URL('load-process.ts', import.meta.url));

/** A load that runs in a process of its own until it is stopped. */
export class RunningLoad {
  readonly #child: ChildProcess;

  constructor(wishes: LoadWishes) {
    this.#child = fork(program, [JSON.stringify(wishes)], { execPath: process.execPath, serialization: 'advanced' });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Ends it and answers every request that it sent; fails when the process has died, so that no request is lost. */
  async stop(): Promise<readonly RequestRecord[]> {
    const ended = new AbortController();
    const died = once(this.#child, 'exit', { signal: ended.signal }).then(([code]) => {
      throw new Error(`the load generator ended by itself with exit code ${code}`);
    });
    died.catch(() => undefined); // it always ends in the end
    this.#child.send('stop');
    const [records] = await Promise.race([once(this.#child, 'message', { signal: ended.signal }), died]);
    ended.abort();
    return z.array(requestRecord).parse(records);
  }

  /** Ends it without asking what has happened. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
