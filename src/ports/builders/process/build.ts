import { chown, mkdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { LotseError } from '../../../core/errors.ts';
import type { Artifact, BuildOrder } from '../builders.ts';
import { hiderOf } from '../hide-values.ts';
import type { BuildMachine } from './build-machine.ts';
import { makeOwned, makePassage, removeTree, seal } from './build-place.ts';
import type { BuildStep } from './build-steps.ts';
import { planBuild } from './build-steps.ts';
import { findValues } from './find-values.ts';
import type { MemoryLimit } from './memory-limit.ts';
import { openMemoryLimit } from './memory-limit.ts';
import { endProcesses, runCommand } from './run-command.ts';
import { digestTree } from './tree-digest.ts';
import { checkSource, findLinksOut, unpackArguments } from './unpack.ts';

const tailLines = 40;
const nearlyFullBytes = 2 ** 20;

/** One run of one build: from the source to a sealed folder. Whatever goes wrong, no half of it stays. */
export class Build {
  readonly #machine: BuildMachine;
  readonly #order: BuildOrder;
  readonly #folder: string;
  readonly #scratch: string;
  readonly #marker: string;
  readonly #onLine: (line: string) => void;
  readonly #hide: (text: string) => string;
  readonly #tail: string[] = [];
  #sawFullDisk = false;

  constructor(machine: BuildMachine, order: BuildOrder, name: string, onLine: (line: string) => void) {
    this.#machine = machine;
    this.#order = order;
    this.#folder = machine.folders.artifact(order.app, name);
    this.#scratch = join(machine.folders.scratch, name);
    this.#marker = `LOTSE_BUILD=${name}`;
    this.#onLine = onLine;
    this.#hide = hiderOf(order);
  }

  /** Errors: `bad-input`, `build-failed`, `disk-full`, `timeout`, `cancelled`. */
  async make(signal: AbortSignal): Promise<Artifact> {
    const timeUp = AbortSignal.timeout(this.#order.withinMs);
    const stop = AbortSignal.any([signal, timeUp]);
    try {
      await this.#discard(); // What a build that was killed in the middle left: its processes, then its files.
      await checkSource(this.#order.sourceTar);
      await this.#prepare();
      await this.#work(stop);
      await this.#refuseWrittenSecrets();
      await seal(this.#folder);
      const { digest, sizeBytes } = await digestTree(this.#folder);
      const { app } = this.#order;
      return { digest, app, sizeBytes, createdAtMs: this.#machine.now(), platform: this.#machine.platform };
    } catch (error) {
      const explained = await this.#explain(error, signal.aborted, timeUp.aborted);
      await this.#discard();
      throw explained;
    } finally {
      await removeTree(this.#scratch);
    }
  }

  async #work(stop: AbortSignal): Promise<void> {
    const memory = await this.#limitMemory();
    try {
      const { sourceTar } = this.#order;
      await this.#run({ root: '.', argv: unpackArguments, note: null }, memory, stop, sourceTar);
      const links = await findLinksOut(this.#folder);
      if (links.length > 0)
        this.#say(`Links that lead out of the source are kept, what they name is not: ${links.join(', ')}`);
      for (const step of await planBuild(this.#folder, this.#order.roots, this.#order.run)) {
        if (step.note !== null) this.#say(step.note);
        this.#say(`${step.root === '.' ? '' : `${step.root}: `}${step.argv.join(' ')}`);
        await this.#run(step, memory, stop);
      }
    } finally {
      await memory?.remove();
    }
  }

  /** Unpacking is done as the build's user too: a source cannot write where that user may not. */
  async #run(step: BuildStep, memory: MemoryLimit | null, stop: AbortSignal, inputFile: string | null = null) {
    const command = {
      argv: step.argv,
      workingFolder: join(this.#folder, step.root),
      environment: this.#environment(inputFile === null ? this.#secrets() : {}),
      inputFile,
      user: this.#machine.user,
      memory,
      marker: this.#marker,
    };
    const end = await runCommand(command, (line) => this.#read(line), stop).catch((cause: unknown) => {
      throw new LotseError('build-failed', `${step.argv[0]} could not be started.`, {
        hint: `It is looked for in ${this.#machine.searchPath}.`,
        cause,
      });
    });
    if (stop.aborted) throw new LotseError('cancelled', 'The build was stopped.');
    if (end.status === 0) return;
    const words = step.argv[0] === 'tar' ? 'Unpacking the source' : step.argv.join(' ');
    const where = step.root === '.' ? '' : ` in ${step.root}`;
    const how = end.status === null ? `was ended by ${end.signal}` : `ended with exit status ${end.status}`;
    const why = (await memory?.wasReached()) ? ', for want of memory' : '';
    throw new LotseError('build-failed', `${words}${where} ${how}${why}.`, {
      hint: 'The last lines of its output say why; it runs in a clean environment, with declared variables only.',
      details: this.#tail,
    });
  }

  /** What was given for the time of the build only must not go with what it made. */
  async #refuseWrittenSecrets(): Promise<void> {
    const found = await findValues(this.#folder, Object.entries(this.#order.secrets ?? {}));
    const [first] = found;
    if (first === undefined) return;
    const more = found.length === 1 ? '' : ` (and in ${found.length - 1} more files)`;
    const message = `The build wrote the secret ${first.name} into ${this.#hide(first.path)}${more}; nothing of it was kept.`;
    throw new LotseError('build-failed', message, {
      hint: 'What is built may not hold a build secret. Files that need it while building name its variable, as .npmrc does with ${NPM_TOKEN}.',
      details: this.#tail,
    });
  }

  #secrets(): Readonly<Record<string, string>> {
    const named = Object.entries(this.#order.secrets ?? {});
    return Object.fromEntries(named.map(([name, secret]) => [name, secret.reveal()]));
  }

  /** What packages that took a secret to fetch leave there is not for the builds of other apps. */
  #npmCache(): string {
    const hasSecrets = Object.keys(this.#order.secrets ?? {}).length > 0;
    return hasSecrets ? join(this.#scratch, 'npm-cache') : this.#machine.folders.npmCache;
  }

  /** Declared variables, and nothing of Lotse's own environment. */
  #environment(secrets: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
    const [name = '', value = ''] = this.#marker.split('=');
    return {
      LANG: 'C.UTF-8',
      npm_config_audit: 'false',
      npm_config_fund: 'false',
      npm_config_update_notifier: 'false',
      ...this.#machine.npmEnvironment,
      ...this.#order.variables,
      ...secrets,
      npm_config_cache: this.#npmCache(),
      PATH: this.#machine.searchPath,
      HOME: join(this.#scratch, 'home'),
      TMPDIR: join(this.#scratch, 'tmp'),
      [name]: value,
    };
  }

  async #prepare(): Promise<void> {
    const { user, folders } = this.#machine;
    await makePassage(folders.artifactsOf(this.#order.app));
    for (const folder of [this.#scratch, join(this.#scratch, 'home'), join(this.#scratch, 'tmp')]) {
      await makeOwned(folder, user);
    }
    await mkdir(this.#folder, { mode: 0o755 });
    if (user !== null) await chown(this.#folder, user, user);
  }

  async #limitMemory(): Promise<MemoryLimit | null> {
    const { memoryBytes } = this.#order;
    if (memoryBytes === null) return null;
    const limit = await openMemoryLimit(this.#marker.replace('=', '-').toLowerCase(), memoryBytes);
    if (limit === null) this.#say('The memory of this build is not limited: no writable memory controller.');
    return limit;
  }

  async #discard(): Promise<void> {
    await endProcesses(null, this.#marker, 0);
    await removeTree(this.#folder);
    await removeTree(this.#scratch);
  }

  #read(line: string): void {
    if (/ENOSPC|No space left on device/i.test(line)) this.#sawFullDisk = true;
    this.#say(line);
  }

  /** A command may print what it should not. */
  #say(text: string): void {
    const line = this.#hide(text);
    this.#tail.push(line);
    if (this.#tail.length > tailLines) this.#tail.shift();
    this.#onLine(line);
  }

  async #explain(error: unknown, wasCancelled: boolean, wasLate: boolean): Promise<unknown> {
    const details = this.#tail;
    if (wasCancelled) return new LotseError('cancelled', 'The build was cancelled.', { details });
    if (wasLate) {
      const hint = 'Give it more time (`within`), or make it faster.';
      return new LotseError('timeout', `The build took longer than ${this.#order.withinMs / 1000} s.`, {
        hint,
        details,
      });
    }
    if (this.#sawFullDisk || hasNoSpace(error) || (await this.#isDiskFull())) {
      return new LotseError(
        'disk-full',
        `There is no space left to build in ${this.#folder}; nothing of it was kept.`,
        {
          hint: 'Free some space on that disk, then deploy again.',
          retriable: true,
          details,
          cause: error,
        },
      );
    }
    return error;
  }

  async #isDiskFull(): Promise<boolean> {
    const { bavail, bsize } = await statfs(this.#machine.folders.state);
    return bavail * bsize < nearlyFullBytes;
  }
}

function hasNoSpace(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOSPC';
}
