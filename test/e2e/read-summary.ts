import type { RunningCommand } from './running-command.ts';

export interface Place {
  /** `http://NAME:PORT` on the port that all environments share. */
  readonly named: string;
  readonly ownPort: number;
}

/** What `npm start` says when it is done: where everything is. */
export interface Summary {
  readonly staging: Place;
  readonly production: Place;
  readonly dashboard: string;
  readonly signIn: string;
}

/** Waits for it. Fails when one of its lines is missing. */
export async function readSummary(running: RunningCommand, withinMs: number): Promise<Summary> {
  await running.until(/^Ready after .*\. Ctrl-C drains and stops everything\.$/m, withinMs);
  const at = async (pattern: RegExp): Promise<readonly string[]> => await running.until(pattern, 1_000);
  const place = async (environment: string): Promise<Place> => {
    const line = new RegExp(`^${environment} +(http://\\S+\\.localhost:\\d+) {2}http://127\\.0\\.0\\.1:(\\d+)$`, 'm');
    const [, named = '', port = ''] = await at(line);
    return { named, ownPort: Number(port) };
  };
  const [, dashboard = ''] = await at(/^dashboard +(http:\S+)$/m);
  const [, signIn = ''] = await at(/^sign in +(http:\S+\/sign-in#\S+) .*works once/m);
  return { staging: await place('staging'), production: await place('production'), dashboard, signIn };
}
