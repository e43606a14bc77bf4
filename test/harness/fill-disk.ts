import { closeSync, openSync, writeSync } from 'node:fs';

/** Writes until nothing fits any more on the disk of that file. */
export function fillDisk(file: string): void {
  const descriptor = openSync(file, 'w');
  for (let bytes = 1024 * 1024; bytes >= 1; bytes = Math.floor(bytes / 2)) {
    try {
      for (;;) writeSync(descriptor, Buffer.alloc(bytes));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
    }
  }
  closeSync(descriptor);
}
