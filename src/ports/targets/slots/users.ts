import { createHash } from 'node:crypto';
import { chown, lstat, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Scope } from '../../../core/ids.ts';
import { chainOf } from '../../../core/ids.ts';
import { StateFile, readText } from './state-files.ts';

/** Numeric users without a line in /etc/passwd. */
export interface UserRange {
  readonly first: number;
  readonly count: number;
}

/** Debian gives 65536–99999 to nobody by itself (policy 9.2.2); subordinate users start at 100000. */
export const defaultUserRange: UserRange = { first: 70_000, count: 10_000 };

/**
 * One user (and group of the same number) for each environment, kept in a file so that it stays the same. The start is
 * hashed, so that two state folders on one machine hardly ever share a number.
 */
export class Users {
  readonly #file: StateFile;
  readonly #seed: string;
  readonly #range: UserRange;
  readonly #given: Map<string, number>;

  constructor(file: string, range: UserRange, given: ReadonlyMap<string, number>) {
    this.#file = new StateFile(file);
    this.#seed = file;
    this.#range = range;
    this.#given = new Map(given);
  }

  async of(scope: Scope): Promise<number> {
    const name = chainOf(scope);
    const known = this.#given.get(name);
    if (known !== undefined) return known;
    const user = this.#nextFree(name);
    this.#given.set(name, user);
    await this.#file.write(JSON.stringify(Object.fromEntries(this.#given)));
    return user;
  }

  #nextFree(name: string): number {
    const taken = new Set(this.#given.values());
    const start = createHash('sha256').update(`${this.#seed}\n${name}`).digest().readUInt32BE(0);
    for (let step = 0; step < this.#range.count; step++) {
      const user = this.#range.first + ((start + step) % this.#range.count);
      if (!taken.has(user)) return user;
    }
    throw new Error(`All ${this.#range.count} users from ${this.#range.first} on are taken.`);
  }
}

export async function openUsers(file: string, range: UserRange): Promise<Users> {
  return new Users(file, range, parseUsers((await readText(file)) ?? '{}'));
}

function parseUsers(text: string): ReadonlyMap<string, number> {
  return new Map(Object.entries(JSON.parse(text) as Record<string, number>)); // parsed: written by this file only
}

/** The first folder on the way to the path that other users may not enter; null when the way is free. */
export async function closedFolderAbove(path: string): Promise<string | null> {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const mode = await lstat(folder).then(
      (found) => found.mode,
      () => 0o1, // Not there yet: it will be made enterable.
    );
    if ((mode & 0o1) === 0) return folder;
    if (folder === dirname(folder)) return null;
  }
}

/** Hands a folder and all in it to the user, unless it is theirs already. Links are handed over, not followed. */
export async function giveTo(user: number, path: string): Promise<void> {
  const found = await lstat(path);
  if (found.uid === user || found.isSymbolicLink()) return;
  if (found.isDirectory()) {
    for (const name of await readdir(path)) await giveTo(user, join(path, name));
  }
  await chown(path, user, user); // Last, so that a walk that was cut short is taken up again.
}
