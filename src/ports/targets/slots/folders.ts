import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Scope } from '../../../core/ids.ts';
import { LotseError } from '../../../core/errors.ts';
import { makeFolder } from './state-files.ts';

/**
 * `kept` and `jobs` are for Lotse alone (orders, records, logs); `run` holds what instances may enter: their scratch
 * folders and claim files.
 */
export class Folders {
  readonly state: string;

  constructor(state: string) {
    this.state = state;
  }

  get kept(): string {
    return join(this.state, 'kept');
  }

  get jobs(): string {
    return join(this.state, 'jobs');
  }

  get run(): string {
    return join(this.state, 'run');
  }

  async make(): Promise<void> {
    await makeFolder(this.state, 0o711);
    await makeFolder(this.kept, 0o700);
    await makeFolder(this.jobs, 0o700);
    await makeFolder(this.run, 0o711);
  }

  service(scope: Scope, revision: string, service: string): string {
    return join(this.kept, ...safe(scope.app, scope.environment, revision, service));
  }

  runOfService(scope: Scope, revision: string, service: string): string {
    return join(this.run, ...safe(scope.app, scope.environment, revision, service));
  }

  /** Keys are free text. */
  job(key: string): string {
    return join(this.jobs, shortHash(key));
  }

  runOfJob(scope: Scope, key: string): string {
    return join(this.run, ...safe(scope.app, scope.environment), 'jobs', shortHash(key));
  }

  /** Of a program that somebody sits at, by its marker. */
  runOfOneOff(scope: Scope, marker: string): string {
    return join(this.run, ...safe(scope.app, scope.environment), 'one-offs', marker);
  }

  /** Names one attempt of this state, unlike any other on this machine. */
  marker(...words: readonly (string | number)[]): string {
    return shortHash([this.state, ...words].join('\n'));
  }
}

export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** Names become folders: one that could lead elsewhere is refused. */
function safe(...names: readonly string[]): readonly string[] {
  for (const name of names) {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) {
      throw new LotseError('bad-input', `"${name}" cannot be the name of a folder.`, {
        hint: 'Names are made of letters, digits, hyphens, dots and underscores.',
      });
    }
  }
  return names;
}
