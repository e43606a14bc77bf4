import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Scope } from '../../src/core/ids.ts';
import type { JobOrder } from '../../src/ports/targets/targets.ts';
import type { Answer, Course, Question, ToBench, ToControlPlane } from './messages.ts';
import { seedJournal, type SeedWishes } from './seed-journal.ts';
import { SimulatedMachines, type Happening } from './simulated-machines.ts';
import { SimulatedProxy } from './simulated-proxy.ts';

export interface HarbourWishes extends SeedWishes {
  readonly isHeld?: (happening: Happening) => boolean;
  readonly exitCodeOf?: (job: JobOrder) => number;
  readonly answersOld?: (scope: Scope) => boolean;
  readonly isBusy?: (scope: Scope) => boolean;
}

const program = fileURLToPath(new URL('control-plane.ts', import.meta.url));

/** Machines, a proxy and a state folder that outlive every control plane, and the one control plane that runs now. */
export class Harbour {
  readonly machines: SimulatedMachines;
  readonly proxy: SimulatedProxy;
  readonly #folder: string;
  readonly #wishes: HarbourWishes;
  #child: ChildProcess | null = null;
  readonly #answers = new Map<number, (answer: Answer) => void>();
  #lastCall = 0;
  #takenUp = Promise.withResolvers<Course>();

  private constructor(wishes: HarbourWishes, folder: string, proxy: SimulatedProxy) {
    this.#wishes = wishes;
    this.#folder = folder;
    this.proxy = proxy;
    this.machines = new SimulatedMachines({
      isHeld: wishes.isHeld ?? (() => false),
      exitCodeOf: wishes.exitCodeOf ?? (() => 0),
      tellSlots: (scope, slots) => this.#say({ kind: 'slots', scope, slots }),
      tellJob: (job) => this.#say({ kind: 'job', job }),
    });
  }

  static async open(wishes: HarbourWishes): Promise<Harbour> {
    const folder = await mkdtemp(join(tmpdir(), 'lotse-engine-'));
    await seedJournal(join(folder, 'lotse.sqlite'), wishes);
    const { answersOld = () => false, isBusy = () => false } = wishes;
    return new Harbour(wishes, folder, await SimulatedProxy.start({ folder, answersOld, isBusy }));
  }

  /** Of the control plane that runs. */
  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error('no control plane runs');
    return pid;
  }

  /** Starts a control plane; resolves when it has taken up every environment. */
  async start(): Promise<Course> {
    this.#takenUp = Promise.withResolvers();
    const { environments } = this.#wishes.fleet;
    const args = [
      '--state',
      this.#folder,
      '--front-port',
      `${this.proxy.frontPort}`,
      '--environments',
      `${environments}`,
    ];
    const child = fork(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#child = child;
    child.on('message', (message) => {
      // parsed: it is the bench's own program
      if (child === this.#child) this.#hear(message as ToBench);
    });
    child.once('exit', (code, signal) => {
      if (child === this.#child) this.#takenUp.reject(new Error(`the control plane ended: ${signal ?? code}`));
    });
    return await this.#takenUp.promise;
  }

  /** Ends the control plane without a word; resolves when it is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  async ask(question: Question): Promise<Answer> {
    const call = (this.#lastCall += 1);
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#answers.set(call, resolve);
    this.#say({ kind: 'ask', call, question });
    return await promise;
  }

  /** Ends whatever is left. */
  async close(): Promise<void> {
    await this.kill();
    this.proxy.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  #say(message: ToControlPlane): void {
    // One that has just been killed hears nothing.
    if (this.#child?.connected === true) this.#child.send(message, () => undefined);
  }

  #hear(message: ToBench): void {
    switch (message.kind) {
      case 'hello':
        this.machines.forgetHandedOver();
        this.machines.tellAll();
        this.#say({ kind: 'all-told' });
        return;
      case 'order':
        this.machines.follow(message.order);
        this.#say({ kind: 'done', call: message.call });
        return;
      case 'taken-up':
        this.#takenUp.resolve(message.course);
        return;
      case 'answer':
        this.#answers.get(message.call)?.(message.answer);
        this.#answers.delete(message.call);
    }
  }
}
