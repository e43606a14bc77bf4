import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { isErrorCode, LotseError } from '../core/errors.ts';
import { readLines } from './event-stream.ts';

/**
 * What the control plane says on descriptor 3, one JSON object a line:
 * `{"ready":true,"server":"http://127.0.0.1:7700","signIn":"http://…"}` once it serves,
 * `{"problem":{"code":"port-taken","message":"…","hint":"…"}}` when it cannot,
 * `{"progress":{"text":"production: web drains"}}` while it starts or stops,
 * `{"result":…}` as the answer of a command that ends.
 */
export type ProcessMessage =
  | { readonly kind: 'ready'; readonly server: string; readonly signIn: string | null }
  | { readonly kind: 'problem'; readonly error: LotseError }
  | { readonly kind: 'progress'; readonly text: string }
  | { readonly kind: 'result'; readonly value: unknown };

export interface ProcessWishes {
  /** Arguments of main.ts: `serve --state …`. */
  readonly args: readonly string[];
  readonly cwd: string;
  /** Where its own output goes: to our terminal, or behind what is in a file. */
  readonly output: 'inherit' | { readonly file: string };
  readonly onMessage?: (message: ProcessMessage) => void;
  /** Another program than the control plane of this package: of another version, or of a test. */
  readonly program?: string;
  /** The Node.js that runs it; left out: the one that runs us. */
  readonly nodePath?: string;
}

export interface Ended {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A control plane that runs as a process of its own, started from here. It dies with the process that started it. */
export class ControlPlaneProcess {
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  readonly #firstWord: Promise<ProcessMessage | null>;

  constructor(wishes: ProcessWishes) {
    this.#child = spawnMain(wishes);
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
    });
    this.ended.catch(() => undefined); // whoever waits for it hears of it
    this.#firstWord = this.#listen(wishes.onMessage ?? (() => undefined));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Throws what it says is wrong; `internal` when it ends without a word. */
  async ready(): Promise<Extract<ProcessMessage, { kind: 'ready' }>> {
    const word = await this.answer();
    if (word.kind === 'ready') return word;
    throw new LotseError('internal', 'The control plane said something else than that it is ready');
  }

  /** Its first word that is no progress. */
  async answer(): Promise<ProcessMessage> {
    const word = await this.#firstWord;
    if (word?.kind === 'problem') throw word.error;
    if (word !== null) return word;
    const { exitCode, signal } = await this.ended;
    throw new LotseError('internal', `The control plane ended without a word (${signal ?? `exit code ${exitCode}`})`, {
      hint: 'Its own log says more; `lotse doctor` checks what it needs.',
    });
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Answers the first word that is no progress; null when there is none until the end. */
  async #listen(onMessage: (message: ProcessMessage) => void): Promise<ProcessMessage | null> {
    const words = this.#child.stdio[3];
    if (words === null || words === undefined || !isReadable(words)) return null;
    return new Promise((resolve) => {
      const listen = async () => {
        for await (const line of readLines(words)) {
          const message = readMessage(line);
          if (message === null) continue;
          onMessage(message);
          if (message.kind !== 'progress') resolve(message);
        }
      };
      void listen()
        .catch(() => undefined) // the pipe breaks when the process does
        .then(() => resolve(null));
    });
  }
}

function isReadable(stream: object): stream is Readable {
  return Symbol.asyncIterator in stream;
}

/** Of the same clone or package as this file; TypeScript there, JavaScript when it is compiled. */
function mainFile(): string {
  const sources = fileURLToPath(new URL('../main.ts', import.meta.url));
  return existsSync(sources) ? sources : fileURLToPath(new URL('../main.js', import.meta.url));
}

/** It mostly waits, and what it makes is short-lived: with more room for that it keeps some 20 MB that it never needs. */
const youngMemoryFlag = '--max-semi-space-size=1';

/**
 * In a session of its own, where Ctrl-C of the terminal does not reach it: it gets each wish once, from here. The leash
 * (bin/leash.mjs) ends it when this process is killed, so that no control plane runs that nobody sees.
 */
function spawnMain(wishes: ProcessWishes): ChildProcess {
  const main = wishes.program ?? mainFile();
  if (!existsSync(main)) {
    throw new LotseError('not-built-yet', 'This is the command line alone, without a control plane', {
      hint: '`lotse login ssh://user@server` leads to one that runs elsewhere. To run one here, install Lotse itself.',
      details: [`${main} is missing`],
    });
  }
  const leash = new URL('../../bin/leash.mjs', import.meta.url);
  const hasLeash = existsSync(leash);
  const own = wishes.output === 'inherit' ? 'inherit' : openLog(wishes.output.file);
  const flags = [youngMemoryFlag, ...(hasLeash ? ['--import', leash.href] : [])];
  const child = spawn(wishes.nodePath ?? process.execPath, [...flags, main, ...wishes.args], {
    cwd: wishes.cwd,
    env: { ...process.env, ...(hasLeash ? { LOTSE_LEASH: `${process.pid}:4` } : {}) },
    stdio: [own === 'inherit' ? 'inherit' : 'ignore', own, own, 'pipe', 'pipe'],
    detached: true,
  });
  if (own !== 'inherit') closeSync(own); // the child has its own
  return child;
}

function openLog(file: string): number {
  mkdirSync(dirname(file), { recursive: true });
  return openSync(file, 'a');
}

function readMessage(line: string): ProcessMessage | null {
  const members = parseObject(line);
  if (members === null) return null;
  if (members.ready === true && typeof members.server === 'string') {
    const signIn = typeof members.signIn === 'string' ? members.signIn : null;
    return { kind: 'ready', server: members.server, signIn };
  }
  const progress = objectOf(members.progress);
  if (typeof progress?.text === 'string') return { kind: 'progress', text: progress.text };
  const problem = objectOf(members.problem);
  if (problem !== null) return { kind: 'problem', error: problemError(problem) };
  return 'result' in members ? { kind: 'result', value: members.result } : null;
}

function problemError(problem: Readonly<Record<string, unknown>>): LotseError {
  const { code, message, hint, details } = problem;
  return new LotseError(
    typeof code === 'string' && isErrorCode(code) ? code : 'internal',
    typeof message === 'string' ? message : 'The control plane could not start',
    {
      ...(typeof hint === 'string' ? { hint } : {}),
      details: Array.isArray(details) ? details.filter((each) => typeof each === 'string') : [],
    },
  );
}

function parseObject(line: string): Readonly<Record<string, unknown>> | null {
  try {
    return objectOf(JSON.parse(line));
  } catch {
    return null;
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> | null {
  return isObject(value) ? value : null;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
