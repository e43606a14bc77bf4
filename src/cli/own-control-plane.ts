import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LotseError, toLotseError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import { Client, urlPath } from './client.ts';
import { ControlPlaneProcess } from './control-plane-process.ts';
import type { Output } from './output.ts';
import { readClientFile } from './state-folder.ts';

export interface StartWishes {
  readonly state: string;
  readonly cwd: string;
  readonly out: Output;
  /** Further arguments for the control plane. */
  readonly more: readonly string[];
}

/** A control plane to work with. `process` is null when it ran before and goes on afterwards. */
export interface RunningControlPlane {
  readonly client: Client;
  readonly process: ControlPlaneProcess | null;
  readonly signIn: string | null;
  readonly logFile: string;
}

/** The control plane of a state folder: the one that runs already, or one that is started now and ends with us. */
export async function attachOrStart(
  wishes: StartWishes,
  onStarted: (process: ControlPlaneProcess) => void,
): Promise<RunningControlPlane> {
  const { state, out } = wishes;
  const logFile = join(state, 'logs', 'control-plane.log');
  const there = await runningClient(state);
  if (there !== null) return { client: there, process: null, signIn: null, logFile };
  const plane = new ControlPlaneProcess({
    args: ['serve', '--state', state, '--stop-all-on-exit', ...wishes.more],
    cwd: wishes.cwd,
    output: { file: logFile },
    onMessage: (message) => {
      if (message.kind === 'progress') out.line(`  ${out.paint(message.text, 'dim')}`);
    },
  });
  onStarted(plane);
  const ready = await plane.ready().catch((thrown: unknown) => {
    throw withLog(toLotseError(thrown), logFile);
  });
  const local = readClientFile(state);
  const token = local?.token == null ? null : new Secret(local.token);
  const client = new Client({ server: ready.server, token, source: local?.file ?? state });
  return { client, process: plane, signIn: ready.signIn, logFile };
}

/** Null when nobody answers there, or somebody who does not know our token: then it is another one's port. */
async function runningClient(state: string): Promise<Client | null> {
  const local = readClientFile(state);
  if (local === null || local.token === null) return null;
  try {
    const answer = await fetch(local.server + urlPath('/me', {}), {
      headers: { authorization: `Bearer ${local.token}` },
      signal: AbortSignal.timeout(2000),
    });
    await answer.body?.cancel();
    if (!answer.ok) return null;
    return new Client({ server: local.server, token: new Secret(local.token), source: local.file });
  } catch {
    return null;
  }
}

/** An end without a word: what it wrote last is the best there is. */
function withLog(error: LotseError, logFile: string): LotseError {
  if (error.code !== 'internal' || error.details.length > 0) return error;
  return new LotseError(error.code, error.message, {
    hint: `All of its log: ${logFile}`,
    details: lastLines(logFile, 12),
    cause: error,
  });
}

export function lastLines(file: string, lines: number): readonly string[] {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines);
  } catch {
    return [];
  }
}
