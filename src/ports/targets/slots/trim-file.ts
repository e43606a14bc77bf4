import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';

export interface TrimLimits {
  /** A file with more than this on the disk is trimmed … */
  readonly trimAboveBytes: number;
  /** … to this. */
  readonly keepBytes: number;
}

const blockBytes = 4096;

/**
 * Gives the oldest part of a long file back to the disk (a hole, fallocate(2)): offsets stay, also for those who hold it
 * open. Does nothing without the program `fallocate` (null).
 */
export async function trimFile(path: string, limits: TrimLimits, fallocate: string | null): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found === null || fallocate === null || found.blocks * 512 <= limits.trimAboveBytes) return;
  const hole = Math.floor((found.size - limits.keepBytes) / blockBytes) * blockBytes;
  await new Promise<void>((resolve) => {
    execFile(fallocate, ['--punch-hole', '--offset', '0', '--length', String(hole), path], () => resolve());
  });
}
