import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const isProgramFile = (name: string) => /\.[jt]s$/.test(name) && !/\.test\.[jt]s$|\.d\.ts$|^fixtures\//.test(name);

/**
 * Names the program that this file belongs to, as it lies on disk now: `0.1.0+3f2a9c01d4e5 node 24.21.0`. The digest is
 * over everything that a proxy runs; tests and the rest of Lotse do not change it.
 */
export function programBuild(): string {
  const source = join(import.meta.dirname, '..', '..');
  const digest = createHash('sha256');
  for (const folder of ['core', 'proxy']) {
    const names = readdirSync(join(source, folder), { encoding: 'utf8', recursive: true });
    for (const name of names.filter(isProgramFile).sort()) {
      digest.update(`${folder}/${name}\0`).update(readFileSync(join(source, folder, name)));
    }
  }
  return `${packageVersion(join(source, '..', 'package.json'))}+${digest.digest('hex').slice(0, 12)} node ${process.versions.node}`;
}

function packageVersion(path: string): string {
  const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
  const version: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'version') : undefined;
  return typeof version === 'string' ? version : 'unknown';
}
