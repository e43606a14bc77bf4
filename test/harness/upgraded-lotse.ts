import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { readClientFile } from '../../src/cli/state-folder.ts';
import { runningPlane } from '../../src/cli/upgrade/running-plane.ts';
import { LotseClient } from './lotse-client.ts';
import { RunningLotse, type Ran } from './running-lotse.ts';
import { temporaryLotse, type TemporaryLotse } from './temporary-lotse.ts';
import { until } from './until.ts';

const repository = join(import.meta.dirname, '..', '..');
/** A slow machine under load needs minutes for what takes seconds here. */
const patienceMs = 400_000;

/** A control plane that others take over from, on a state folder of its own; none of them is a child of the test. */
export class UpgradedLotse {
  readonly whole: TemporaryLotse;
  readonly client: LotseClient;

  private constructor(whole: TemporaryLotse) {
    this.whole = whole;
    this.client = new LotseClient(() => {
      const { server = '', token } = readClientFile(whole.state) ?? {};
      return { server, token: token ?? '' };
    });
  }

  /** Starts the control plane of that folder, as somebody does who types `lotse serve`. */
  static async start(t: { after(end: () => Promise<void>): void }, root = repository): Promise<UpgradedLotse> {
    const whole = await temporaryLotse(t);
    const own = ['--state', whole.state, '--listen', '127.0.0.1:0', '--front-port', `${whole.frontPort}`];
    const plane = spawn(process.execPath, ['--no-warnings', join(root, 'src', 'main.ts'), 'serve', ...own], {
      env: { PATH: process.env['PATH'] ?? '' },
      stdio: ['ignore', 'ignore', 'ignore', 'ignore'],
      detached: true,
    });
    plane.unref();
    const lotse = new UpgradedLotse(whole);
    await until(
      'the first control plane answers',
      async () => (await lotse.client.ask('GET /apps')) !== null,
      patienceMs,
    );
    return lotse;
  }

  /** The folder of the program whose control plane owns the state. */
  get runs(): string | null {
    return runningPlane(this.whole.state)?.mainFile.replace(/\/src\/main\.ts$/, '') ?? null;
  }

  get pid(): number | null {
    return runningPlane(this.whole.state)?.pid ?? null;
  }

  /** `lotse upgrade …`, as a process of its own. */
  upgrading(...words: readonly string[]): RunningLotse {
    return new RunningLotse(['upgrade', '--state', this.whole.state, ...words], { cwd: this.whole.folder });
  }

  async upgrade(...words: readonly string[]): Promise<Ran> {
    return await this.upgrading('--within', '5m', ...words).end(patienceMs);
  }

  /** Must do what it was asked for. */
  async upgraded(...words: readonly string[]): Promise<Ran> {
    const ran = await this.upgrade(...words);
    assert.equal(ran.exitCode, 0, ran.said);
    return ran;
  }

  /** Of the control plane's own chain, as they are stored; whoever writes them. */
  events(type: string): readonly { readonly version: number; readonly payload: Readonly<Record<string, unknown>> }[] {
    const database = new DatabaseSync(this.whole.databaseFile, { readOnly: true, timeout: 5_000 });
    try {
      const rows = database.prepare('select version, body from journal where type = ? order by position').all(type);
      return rows.map((row) => ({ version: Number(row['version']), payload: JSON.parse(String(row['body'])).payload }));
    } finally {
      database.close();
    }
  }

  async pids(): Promise<readonly (number | null)[]> {
    return (await this.client.environment()).services.flatMap(({ slots }) => slots.map(({ pid }) => pid));
  }
}
