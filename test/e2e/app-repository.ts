import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** One change of one file, by its text. */
export interface Change {
  /** Relative to the app's folder. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** The git repository that an app lies in. */
export class AppRepository {
  /** Of the app. */
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Makes a repository of the folder, and of all that is in it the first commit. */
  begin(): void {
    this.#git('init', '--quiet', '--initial-branch=main');
    this.#git('add', '--all');
    this.#commit('The first commit');
  }

  change({ file, find, replace }: Change): void {
    const path = join(this.folder, file);
    const parts = readFileSync(path, 'utf8').split(find);
    if (parts.length !== 2) throw new Error(`${JSON.stringify(find)} does not stand once in ${file}`);
    writeFileSync(path, parts.join(replace));
  }

  /** Answers the commit's short id, which the release carries in its name. */
  commit(change: Change, subject: string): string {
    this.change(change);
    this.#commit(subject);
    return this.head;
  }

  /** Takes the last commit back. */
  undoCommit(): void {
    this.#git('reset', '--quiet', '--hard', 'HEAD~1');
  }

  get head(): string {
    return this.#git('rev-parse', 'HEAD').slice(0, 7);
  }

  #commit(subject: string): void {
    this.#git('-c', 'user.name=Ada', '-c', 'user.email=ada@bildwerk.example', 'commit', '-qam', subject);
  }

  #git(...args: readonly string[]): string {
    return execFileSync('git', ['-C', this.folder, ...args], { encoding: 'utf8' });
  }
}
