import type { Environment } from './environment.ts';

type Details = { readonly [name: string]: string | number | boolean | undefined };
export type Log = {
  readonly info: (message: string, details?: Details) => void;
  readonly error: (message: string, error: unknown, details?: Details) => void;
};

/** One JSON object per line, for people with `jq` and for whatever collects the output. */
export function openLog({ service, release, instance }: Environment): Log {
  const line = (level: string, message: string, details: Details) => {
    const entry = { time: new Date().toISOString(), level, service, release, instance, message, ...details };
    process.stdout.write(`${JSON.stringify(entry)}\n`);
  };
  return {
    info: (message, details = {}) => line('info', message, details),
    error: (message, error, details = {}) => {
      const cause = error instanceof Error ? (error.stack ?? error.message) : String(error);
      line('error', message, { ...details, error: cause });
    },
  };
}
