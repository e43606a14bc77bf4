import type { WebSocket } from 'ws';
import {
  outputMark,
  sessionNews,
  type SessionNews,
  type SessionStart,
  type SessionWish,
} from '../../capabilities/releases/session-api.ts';
import { isErrorCode, LotseError } from '../../core/errors.ts';
import type { Context } from '../context.ts';

export interface ConsoleWishes extends Pick<Context, 'onSignal' | 'console'> {
  readonly argv: readonly string[];
  readonly slot: number | null;
  /** Why, for the journal. */
  readonly reason?: string | undefined;
  /** What is typed goes there key by key, Ctrl-C too. */
  readonly wantsTerminal: boolean;
}

const usualSize = { columns: 80, rows: 24 };
/** What waits to be sent; beyond it the input is not read on. */
const waitingBytes = 256 * 1024;
const drainLookMs = 20;

/** Joins the streams of this process to a program there until that has ended; its exit code, null: nobody knows it. */
export async function shareConsole(socket: WebSocket, wishes: ConsoleWishes): Promise<number | null> {
  const { argv, slot, reason = null, wantsTerminal, console } = wishes;
  const size = () => ({
    columns: console.stdout.columns ?? usualSize.columns,
    rows: console.stdout.rows ?? usualSize.rows,
  });
  const tell = (message: SessionWish | { readonly start: SessionStart }) => socket.send(JSON.stringify(message));
  const ended = listen(socket, console);
  tell({ start: { argv: [...argv], slot, terminal: wantsTerminal ? size() : null, reason } });
  const stopInput = passInput(socket, console.stdin, () => tell({ end: true }));
  const stopSignals = wantsTerminal
    ? wishes.onSignal(['SIGWINCH'], () => tell({ resize: size() }))
    : passSignals(wishes, (signal) => tell({ signal }));
  if (wantsTerminal) console.stdin.setRawMode(true);
  try {
    return await ended;
  } finally {
    if (wantsTerminal) console.stdin.setRawMode(false);
    stopSignals();
    stopInput();
    socket.terminate();
  }
}

function passSignals({ onSignal }: ConsoleWishes, tell: (signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP') => void) {
  return onSignal(['SIGINT', 'SIGTERM', 'SIGHUP'], (signal) => {
    if (signal === 'SIGINT' || signal === 'SIGTERM' || signal === 'SIGHUP') tell(signal);
  });
}

function listen(socket: WebSocket, { stdout, stderr }: Context['console']): Promise<number | null> {
  return new Promise((resolve, reject) => {
    socket.on('message', (data, isBinary) => {
      const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(new Uint8Array(data));
      if (isBinary) {
        const to = bytes[0] === outputMark.err ? stderr : stdout;
        if (to.write(bytes.subarray(1))) return;
        socket.pause();
        to.once('drain', () => socket.resume());
        return;
      }
      const read = sessionNews.safeParse(JSON.parse(bytes.toString('utf8')));
      if (read.success) settle(read.data, resolve, reject);
    });
    socket.once('error', (cause) => reject(brokenOff(cause.message)));
    socket.once('close', (code) => reject(brokenOff(`code ${code}`)));
  });
}

function settle(news: SessionNews, resolve: (exitCode: number | null) => void, reject: (error: Error) => void): void {
  if ('ended' in news) resolve(news.ended.exitCode);
  if (!('problem' in news)) return;
  const { code, message, hint } = news.problem;
  reject(new LotseError(isErrorCode(code) ? code : 'internal', message, hint === null ? {} : { hint }));
}

function brokenOff(why: string): LotseError {
  return new LotseError('unreachable', `The connection broke off (${why}); what ran there was ended`);
}

/** Not faster than it is taken. */
function passInput(socket: WebSocket, stdin: NodeJS.ReadStream, end: () => void): () => void {
  const take = (bytes: Buffer): void => {
    socket.send(bytes);
    if (socket.bufferedAmount <= waitingBytes) return;
    stdin.pause();
    const look = setInterval(() => {
      if (socket.bufferedAmount > waitingBytes && socket.readyState === socket.OPEN) return;
      clearInterval(look);
      stdin.resume();
    }, drainLookMs);
  };
  stdin.on('data', take).once('end', end);
  return () => {
    stdin.off('data', take).off('end', end);
    stdin.destroy(); // Nothing reads it any more, and it keeps the process alive.
  };
}
