import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

const readyWord = z.object({
  ready: z.literal(true),
  server: z.string(),
  token: z.string(),
  signIn: z.string().nullish(),
});

type ReadyWord = z.infer<typeof readyWord>;

const firstWord = z.union([
  readyWord,
  z.object({
    problem: z.object({
      code: z.string(),
      message: z.string(),
      hint: z.string().optional(),
      details: z.array(z.string()),
    }),
  }),
]);

export interface ControlPlaneOptions {
  readonly state: string;
  readonly frontPort: number;
  /** 0: any free one. */
  readonly port?: number;
  readonly flags?: readonly string[];
  /** Added to this process's environment, which holds nothing of Lotse. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Words before its command line, which start it on another machine. */
  readonly prefix?: readonly string[];
}

export type Started =
  | { readonly kind: 'ready'; readonly plane: ControlPlaneProcess }
  /** It said what is wrong and ended. */
  | {
      readonly kind: 'problem';
      readonly code: string;
      readonly message: string;
      readonly hint: string;
      readonly details: readonly string[];
      readonly exitCode: number | null;
    }
  /** It ended without a word, e.g. by a crash point. */
  | { readonly kind: 'ended'; readonly plane: ControlPlaneProcess };

export interface Ended {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A real control plane: `main.ts serve` as a process of its own. */
export class ControlPlaneProcess {
  readonly pid: number;
  readonly server: string;
  readonly token: string;
  /** The link that signs in whoever started it first; null: somebody has signed in before. */
  readonly signIn: string | null;
  readonly ended: Promise<Ended>;
  /** What it wrote to standard error so far, by lines. */
  readonly said: readonly string[];
  hasEnded = false;
  readonly #child: ChildProcess;

  constructor(child: ChildProcess, ended: Promise<Ended>, said: readonly string[], word: ReadyWord | null) {
    this.#child = child;
    this.pid = child.pid ?? 0;
    this.server = word?.server ?? '';
    this.token = word?.token ?? '';
    this.signIn = word?.signIn ?? null;
    this.said = said;
    this.ended = ended;
    void ended.then(() => (this.hasEnded = true));
  }

  /** Resolves when it has ended. */
  async end(signal: NodeJS.Signals): Promise<Ended> {
    this.#child.kill(signal);
    return await this.ended;
  }
}

/** Starts one; resolves with its first word, or when it has ended without any. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<Started> {
  const [program = '', ...words] = [...(options.prefix ?? []), process.execPath, main, ...argumentsOf(options)];
  const child = spawn(program, words, {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    env: { ...compileCache(), PATH: process.env['PATH'] ?? '', ...options.variables },
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode, signal) => resolve({ exitCode, signal }));
  });
  const said: string[] = [];
  if (child.stderr !== null) createInterface({ input: child.stderr }).on('line', (line) => said.push(line));
  const word = await Promise.race([readFirstWord(child), ended.then(() => null)]);
  if (word === null) return { kind: 'ended', plane: new ControlPlaneProcess(child, ended, said, null) };
  if ('problem' in word) {
    const { exitCode } = await ended;
    const { hint = '' } = word.problem;
    return { kind: 'problem', ...word.problem, hint, exitCode };
  }
  return { kind: 'ready', plane: new ControlPlaneProcess(child, ended, said, word) };
}

function argumentsOf({ state, frontPort, port = 0, flags = [] }: ControlPlaneOptions): readonly string[] {
  const places = ['--listen', `127.0.0.1:${port}`, '--front-port', String(frontPort)];
  return ['serve', '--state', state, ...places, '--environment-ports', environmentPorts(state), ...flags];
}

/** Far from those of other control planes that start on this machine at the same time, and from those of instances. */
function environmentPorts(state: string): string {
  const first = 10_000 + 20 * (createHash('sha256').update(state).digest().readUInt32BE() % 400);
  return `${first}-${first + 19}`;
}

/** Tests start it hundreds of times: what Node.js has compiled once need not be compiled again. */
function compileCache(): Record<string, string> {
  return { NODE_COMPILE_CACHE: join(tmpdir(), 'lotse-test-compile-cache') };
}

/** Null when it ends without one. */
async function readFirstWord(child: ChildProcess): Promise<z.infer<typeof firstWord> | null> {
  const words = child.stdio[3];
  if (words === null || words === undefined || !('read' in words)) return null;
  for await (const line of createInterface({ input: words })) return firstWord.parse(JSON.parse(line));
  return null;
}
