import { readdirSync, readFileSync } from 'node:fs';

/** A process that Lotse started for an app. */
export interface AppProcess {
  readonly pid: number;
  readonly app: string;
  readonly environment: string;
  /** Null for jobs. */
  readonly service: string | null;
}

/**
 * Processes of apps of a state folder, by what they were given when they started (proc(5)); those of other users are seen by
 * root alone. Containers are not among them.
 */
export function appProcesses(state: string): readonly AppProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const variables = readVariables(name);
      const app = variables.get('LOTSE_APP');
      const environment = variables.get('LOTSE_ENVIRONMENT');
      if (app === undefined || environment === undefined) return [];
      // Its scratch folder is below the state folder.
      if (variables.get('TMPDIR')?.startsWith(`${state}/`) !== true) return [];
      return [{ pid: Number(name), app, environment, service: variables.get('LOTSE_SERVICE') ?? null }];
    });
}

function readVariables(pid: string): ReadonlyMap<string, string> {
  const lines = readOrNothing(`/proc/${pid}/environ`).split('\0');
  return new Map(
    lines.flatMap((line) => {
      const [, name, value] = /^([^=]+)=(.*)$/s.exec(line) ?? [];
      return name === undefined || value === undefined ? [] : [[name, value]];
    }),
  );
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
