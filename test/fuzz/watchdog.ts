import { Worker } from 'node:worker_threads';

const program = `
const { workerData } = require('node:worker_threads');
const { buffer, patienceS } = workerData;
const state = new Uint32Array(buffer);
let last = -1, sameFor = 0;
setInterval(() => {
  sameFor = state[1] === last ? sameFor + 1 : 0;
  last = state[1];
  if (sameFor < patienceS) return;
  require('node:fs').writeSync(2, 'The parser hangs on one of the 256 streams from --replay ' + state[0] + ' on.\\n');
  process.kill(process.pid, 'SIGKILL');
}, 1000);
`;

/** A loop that does not end stops everything but another thread: that one says where it was and ends the process. */
export class Watchdog {
  readonly #state = new Uint32Array(new SharedArrayBuffer(8));
  readonly #thread: Worker;

  constructor(patienceS = 60) {
    this.#thread = new Worker(program, {
      eval: true,
      execArgv: [],
      workerData: { buffer: this.#state.buffer, patienceS },
    });
    this.#thread.unref();
  }

  /** A new part with this seed begins. */
  note(seed: number): void {
    this.#state[0] = seed;
    this.#state[1] = (this.#state[1] ?? 0) + 1;
  }

  stop(): void {
    void this.#thread.terminate();
  }
}
