import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';

/** A key in hex for signing probes, new. */
export function newProbeKey(): string {
  return randomBytes(32).toString('hex');
}

/** The key of that file; made at the first call, readable for its owner alone. */
export async function keptProbeKey(file: string): Promise<string> {
  const known = await readFile(file, 'utf8').catch(() => null);
  if (known !== null) return known.trim();
  const key = newProbeKey();
  await writeFile(file, key, { mode: 0o600 });
  return key;
}
