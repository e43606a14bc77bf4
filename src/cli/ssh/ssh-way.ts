import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { LotseError } from '../../core/errors.ts';
import { credentialCommand, readCredentialLine, type Found } from './local-credential.ts';
import type { SshAddress } from './ssh-address.ts';
import { explainSsh, noSshProgram } from './ssh-words.ts';

export interface SshWayOptions {
  readonly address: SshAddress;
  /** Where the control plane listens, as seen from there: `127.0.0.1:7700`. */
  readonly api: string;
  /** Its state folder there; null: one of the usual ones. */
  readonly state: string | null;
  /** ssh may ask for a passphrase, or whether a host key is the right one. */
  readonly mayAsk: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A way to the API of a control plane that listens on the loopback of its own machine alone. */
export interface SshWay {
  /** `http://127.0.0.1:40123`, the end of it on this machine. */
  readonly url: string;
  /** What lies in the state folder over there. */
  readonly found: Found;
}

const keptWordsBytes = 4096;
/** Without a person who types. */
const patienceMs = 30_000;
const patienceWithPersonMs = 180_000;

/**
 * Starts the system's ssh, which forwards a port of this machine's loopback to the API over there, and says what lies in
 * the state folder. It ends with this process, however that ends: its standard input is a pipe of ours. That it has said
 * so proves that the port is its own: ssh opens the port before it runs anything, and ends when it cannot.
 *
 * Errors: `unreachable`, `forbidden`, `port-taken`, `timeout`, with what ssh said and what to do about it.
 */
export async function openSshWay(options: SshWayOptions): Promise<SshWay> {
  const port = await freePort();
  const child = spawn('ssh', sshArguments(options, port), {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: options.env,
    detached: !options.mayAsk, // In a session of its own Ctrl-C does not reach it, and neither does the terminal.
    windowsHide: true,
  });
  const words = collectWords(child);
  const limitMs = options.mayAsk ? patienceWithPersonMs : patienceMs;
  const late = setTimeout(() => child.kill('SIGTERM'), limitMs);
  try {
    const found = await firstWord(child, options, words);
    leaveBehind(child);
    return { url: `http://127.0.0.1:${port}`, found };
  } catch (error) {
    child.kill('SIGTERM');
    throw error;
  } finally {
    clearTimeout(late);
  }
}

async function firstWord(
  child: ChildProcess,
  { address }: SshWayOptions,
  words: () => readonly string[],
): Promise<Found> {
  const ended = new Promise<string>((resolve, reject) => {
    child.once('error', (error) => reject(noSshProgram(error)));
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  ended.catch(() => undefined); // whoever waits for it hears of it
  const said = new Promise<Found>((resolve) => {
    if (child.stdout === null) return;
    // Read on for ever: an ssh that nobody reads from would end.
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = readCredentialLine(line);
      if (found !== null) resolve(found);
    });
  });
  const first = await Promise.race([said, ended.then(() => null)]);
  if (first !== null) return first;
  const how = await ended;
  if (how === 'SIGTERM') {
    throw new LotseError('timeout', `ssh had no connection to ${address.host} in time`, { details: words() });
  }
  throw explainSsh(address, words(), how);
}

/** What it says on standard error, in lines; the last of it. */
function collectWords(child: ChildProcess): () => readonly string[] {
  let words = '';
  child.stdin?.on('error', () => undefined); // It has ended, which is heard elsewhere.
  child.stderr?.setEncoding('utf8').on('data', (text) => (words = `${words}${text}`.slice(-keptWordsBytes)));
  return () =>
    words
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter((line) => line !== '')
      .slice(-5);
}

/** Nothing of it keeps this process alive, and with this process it ends. */
function leaveBehind(child: ChildProcess): void {
  child.unref();
  // parsed: pipes of a child are sockets
  for (const pipe of [child.stdin, child.stdout, child.stderr] as (Socket | null)[]) pipe?.unref();
}

function sshArguments({ address, api, state, mayAsk }: SshWayOptions, port: number): readonly string[] {
  const settings = [
    `BatchMode=${mayAsk ? 'no' : 'yes'}`,
    'ExitOnForwardFailure=yes',
    'ConnectTimeout=10',
    'ServerAliveInterval=10',
    'ServerAliveCountMax=3',
    // One of its own: a shared one would keep the port open after this command.
    'ControlMaster=no',
    'ControlPath=none',
    'RemoteCommand=none',
    'LogLevel=INFO',
  ];
  return [
    ...['-T', '-a', '-x'],
    ...settings.flatMap((setting) => ['-o', setting]),
    ...['-L', `127.0.0.1:${port}:${api}`],
    ...(address.port === null ? [] : ['-p', `${address.port}`]),
    ...(address.user === null ? [] : ['-l', address.user]),
    ...['--', address.host, credentialCommand(state)],
  ];
}

async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (typeof address === 'object' && address !== null) return address.port;
  throw new LotseError('internal', 'A port without a number');
}
