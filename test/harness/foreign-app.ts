import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { environment as environmentShape } from '../../src/capabilities/releases/releases-api.ts';
import type { EnvironmentViewModel } from '../../src/capabilities/releases/releases-api.ts';
import { lotse, RunningLotse, type Ran } from './running-lotse.ts';

const fixtures = fileURLToPath(new URL('../fixtures/foreign/', import.meta.url));

/** Where a Lotse has its state, and where it answers. */
export interface Harbour {
  readonly state: string;
  readonly listen: string;
  readonly http: string;
}

/** An app that knows nothing of Lotse, in a git repository of its own, handled with the command line alone. */
export class ForeignApp {
  readonly folder: string;
  readonly #harbour: Harbour;

  /** A copy of `test/fixtures/foreign/<name>` below `root`, with one commit. */
  constructor(name: string, root: string, harbour: Harbour) {
    this.folder = join(root, name);
    this.#harbour = harbour;
    mkdirSync(this.folder);
    cpSync(join(fixtures, name), this.folder, { recursive: true });
    this.#git('init', '--quiet', '--initial-branch=main');
    this.commit('first commit');
  }

  commit(subject: string): void {
    this.#git('add', '--all');
    this.#git('-c', 'user.name=Kim', '-c', 'user.email=kim@app.example', 'commit', '--quiet', '--message', subject);
  }

  /** Changes one place of a file, without a commit. */
  change(file: string, from: string | RegExp, to: string): void {
    const path = join(this.folder, file);
    const text = readFileSync(path, 'utf8');
    const changed = text.replace(from, to);
    assert.notEqual(changed, text, `${file} has no ${from}`);
    writeFileSync(path, changed);
  }

  get manifest(): string {
    return readFileSync(join(this.folder, 'lotse.yaml'), 'utf8');
  }

  /** `lotse init` and a commit of what it wrote. */
  async init(): Promise<Ran> {
    const ran = await this.ok('init');
    this.commit('lotse.yaml');
    return ran;
  }

  /** `lotse up` until everything is ready. It goes on until it is interrupted. */
  async up(): Promise<RunningLotse> {
    const { listen, http, state } = this.#harbour;
    const line = ['up', '--state', state, '--listen', listen, '--http', http];
    const running = new RunningLotse(line, { cwd: this.folder });
    await running
      .until('it is ready', (stdout) => /^Ready after /m.test(stdout), 120_000)
      .catch(async (error: unknown) => {
        await running.interrupt();
        throw error;
      });
    return running;
  }

  /** `lotse up` on a Lotse that runs already: deploys, and leaves. */
  async upAndLeave(): Promise<Ran> {
    return await (await this.up()).interrupt();
  }

  async run(...line: readonly string[]): Promise<Ran> {
    const dashes = line.indexOf('--');
    const words = dashes < 0 ? line : line.slice(0, dashes);
    const rest = dashes < 0 ? [] : line.slice(dashes);
    const state = words[0] === 'init' ? [] : ['--state', this.#harbour.state];
    return await lotse([...words, ...state, ...rest], { cwd: this.folder });
  }

  /** A command that must succeed. */
  async ok(...line: readonly string[]): Promise<Ran> {
    const ran = await this.run(...line);
    assert.equal(ran.exitCode, 0, `lotse ${line.join(' ')}\n${ran.said}`);
    return ran;
  }

  async production(): Promise<EnvironmentViewModel> {
    return environmentShape.parse(JSON.parse((await this.ok('status', 'production', '--json')).stdout));
  }

  /** The environment's own port. */
  async port(): Promise<number> {
    return Number(new URL((await this.production()).addresses.at(-1) ?? '').port);
  }

  #git(...line: readonly string[]): void {
    execFileSync('git', ['-C', this.folder, ...line]);
  }
}
