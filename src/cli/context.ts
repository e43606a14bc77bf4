import type { Output } from './output.ts';

/** What a command gets from the process that it runs in. Tests hand in another one. */
export interface Context {
  /** What stands after `--` on the command line; null when there is no `--`. */
  readonly passedOn: readonly string[] | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly out: Output;
  /** Where questions are answered: stdin and stdout are a terminal. */
  readonly canAsk: boolean;
  /** Everything that stdin has; nothing, where it is a terminal. */
  readonly readStdin: () => Promise<string>;
  /** The standard streams as they are, for programs that run elsewhere. */
  readonly console: Pick<NodeJS.Process, 'stdin' | 'stdout' | 'stderr'>;
  /** Calls `handler` at each of these signals until the answered function is called; they end nothing meanwhile. */
  onSignal(signals: readonly NodeJS.Signals[], handler: (signal: NodeJS.Signals) => void): () => void;
  /** How the process ends when nothing throws. */
  exitCode: number;
}

/** Runs `work` with a signal that aborts at the first Ctrl-C; the second one ends the process. */
export async function untilInterrupted<T>(context: Context, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interrupt = new AbortController();
  const stop = context.onSignal(['SIGINT', 'SIGTERM'], () => {
    stop();
    interrupt.abort();
  });
  try {
    return await work(interrupt.signal);
  } finally {
    stop();
  }
}
