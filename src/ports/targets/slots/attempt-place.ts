import { join } from 'node:path';

/** One attempt of one slot, or of one job: `<folder>/attempts/<attempt>` holds its record and its output. */
export interface AttemptPlace {
  readonly folder: string;
  readonly attempt: number;
  /** Unique among all that targets run on this machine. */
  readonly marker: string;
}

export function attemptFolder(place: AttemptPlace): string {
  return join(place.folder, 'attempts', String(place.attempt));
}
