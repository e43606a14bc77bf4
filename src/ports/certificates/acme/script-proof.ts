import { spawn } from 'node:child_process';
import { CertificateRefused } from '../certificates.ts';
import type { AcmeProof, ShownChallenge } from './acme-proof.ts';
import { recordName } from './update-proof.ts';

export interface ScriptProofOptions {
  /** A program of the server with its first arguments. */
  readonly argv: readonly [string, ...string[]];
  /** Errors: CertificateRefused for a program that may not be started. */
  readonly allowFile: (file: string) => Promise<void>;
  /** How long one call may take, in milliseconds. */
  readonly deadlineMs?: number;
}

const defaultDeadlineMs = 300_000;
const keptOutput = 2_000;

/**
 * DNS-01 by a program of the server: `<argv> present|cleanup <record> <value>`. It gets PATH and nothing else, ends with
 * 0 once the record can be seen (or is gone), and is killed with all that it started at its deadline.
 */
export function scriptProof({ argv, allowFile, deadlineMs = defaultDeadlineMs }: ScriptProofOptions): AcmeProof {
  const call = async (what: 'present' | 'cleanup', { name, answer }: ShownChallenge, signal: AbortSignal) => {
    await allowFile(argv[0]);
    const ends = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]);
    const problem = await run([...argv, what, recordName(name), answer], ends);
    if (problem === null) return;
    const why = ends.aborted && !signal.aborted ? `it did not end within ${deadlineMs / 1000} s` : problem;
    throw new CertificateRefused('unreachable', `${argv[0]} ${what} ${recordName(name)} failed: ${why}`, {
      hint: 'Run it by hand with these arguments: it has to end with 0 once the record can be seen.',
      isOwnFinding: true,
    });
  };
  return {
    type: 'dns-01',
    present: async (challenge, signal) => await call('present', challenge, signal),
    remove: async (challenge) => await call('cleanup', challenge, new AbortController().signal),
  };
}

/** Null: it ended with 0. */
async function run([program = '', ...rest]: readonly string[], signal: AbortSignal): Promise<string | null> {
  const child = spawn(program, rest, {
    detached: true, // a group of its own, so that what it starts ends with it
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: '/',
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
  });
  const { promise, resolve } = Promise.withResolvers<string | null>();
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output = `${output}${text}`.slice(-keptOutput)));
  }
  const end = () => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // it has ended
    }
  };
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  child.on('error', (error) => resolve(error.message));
  child.on('close', (code, killed) =>
    resolve(code === 0 ? null : `${killed ?? `exit code ${code}`}. ${output.trim()}`),
  );
  const problem = await promise;
  signal.removeEventListener('abort', end);
  return problem;
}
