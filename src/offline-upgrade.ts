import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import packageJson from '../package.json' with { type: 'json' };
import { journalVerdict } from './capabilities/releases/journal-verdict.ts';
import { LotseError } from './core/errors.ts';
import { copyDatabaseFile } from './database/backup.ts';
import { openDatabase } from './database/open-database.ts';
import { SqliteFile } from './database/sqlite-dialect.ts';
import { latestWriter, refuseNewerState, unsettledMigrations } from './database/state-version.ts';
import { readTableShapes, whatBreaks } from './database/table-shapes.ts';
import { findProxy } from './proxy/start-proxy.ts';

type Arguments = readonly string[];

const busyTimeoutMs = 5_000;
/** A control plane that was asked to end finishes what it performs; killed, it would lose nothing either. */
const patienceMs = 90_000;
const pollMs = 50;

/**
 * `main.ts upgrade-rehearse --state S --folder F`: copies the database of a state that may be in use into `F/control`,
 * migrates the copy with this program, and checks it. Answers what that would change. With `--copy-only` for a program
 * that is older than this one: it is left to that one to look at the copy.
 */
export async function rehearseFromArguments(args: Arguments): Promise<unknown> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      state: { type: 'string', default: '.lotse' },
      folder: { type: 'string', default: '' },
      'copy-only': { type: 'boolean', default: false },
    },
  });
  const stateDir = resolve(values.state);
  const copy = join(resolve(values.folder), 'control', 'lotse.sqlite');
  const heads = await journalHeads(stateDir);
  await rm(join(values.folder, 'control'), { recursive: true, force: true });
  await mkdir(join(values.folder, 'control'), { recursive: true, mode: 0o700 });
  const source = new SqliteFile(join(stateDir, 'control', 'lotse.sqlite'), { readonly: true, busyTimeoutMs });
  try {
    if (!values['copy-only']) refuseNewerState(source, packageJson.version);
    await copyDatabaseFile(source, copy);
  } finally {
    source.close();
  }
  const before = look(copy);
  if (values['copy-only']) return { ...before, added: [], breaks: [], problem: null };
  const database = await openDatabase({ file: copy, isCopy: true });
  try {
    const { chains, ok } = await journalVerdict(database, heads);
    const known = before.unsettled;
    const unsettled = unsettledMigrations(database.sqlite).map(({ name }) => name);
    return {
      ...{ unsettled, writtenBy: before.writtenBy, added: unsettled.filter((name) => !known.includes(name)) },
      breaks: whatBreaks(before.shapes, readTableShapes(database.sqlite)),
      problem: ok ? null : (chains.find(({ problem }) => problem !== null)?.problem ?? 'the journal is damaged'),
    };
  } finally {
    await database.close();
  }
}

/** What the proxy remembers of the journal, read before the copy is made: the journal may only have gone on since. */
async function journalHeads(stateDir: string) {
  const proxy = await findProxy(join(stateDir, 'proxy'));
  return proxy === null ? {} : (await proxy.status()).journalHeads;
}

function look(file: string) {
  const sqlite = new SqliteFile(file, { readonly: true, busyTimeoutMs });
  try {
    const unsettled = unsettledMigrations(sqlite).map(({ name }) => name);
    return { unsettled, writtenBy: latestWriter(sqlite), shapes: readTableShapes(sqlite) };
  } finally {
    sqlite.close();
  }
}

/**
 * `main.ts swap-process --end PID … --words FILE --log FILE -- PROGRAM …`: ends these processes and starts another one once they
 * are gone, whatever becomes of who asked for it. What the new one says on descriptor 3 goes to `--words`. Answers its number.
 */
export async function swapFromArguments(args: Arguments): Promise<unknown> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      end: { type: 'string', multiple: true, default: [] },
      words: { type: 'string', default: '/dev/null' },
      log: { type: 'string', default: '/dev/null' },
    },
    allowPositionals: true,
  });
  const [program, ...more] = positionals;
  if (program === undefined) throw new LotseError('bad-input', 'swap-process was told no program');
  await Promise.all(values.end.map((pid) => end(Number(pid))));
  const words = openSync(values.words, 'w', 0o600);
  const log = openSync(values.log, 'a', 0o600);
  const child = spawn(program, more, { detached: true, stdio: ['ignore', log, log, words] });
  for (const file of [words, log]) closeSync(file);
  const { promise, resolve: started, reject: failed } = Promise.withResolvers<void>();
  child.once('spawn', started).once('error', failed);
  await promise;
  child.unref();
  return { pid: child.pid };
}

async function end(pid: number): Promise<void> {
  signal(pid, 'SIGTERM');
  const killAtMs = performance.now() + patienceMs;
  while (isLiving(pid)) {
    if (performance.now() > killAtMs) signal(pid, 'SIGKILL');
    await sleep(pollMs);
  }
}

/** One that has ended and was not waited for yet holds nothing any more (proc_pid_stat(5): Z). */
function isLiving(pid: number): boolean {
  if (!signal(pid, 0)) return false;
  const stat = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : '';
  return !/^\d+ \(.*\) [ZX]/s.test(stat);
}

function signal(pid: number, what: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, what);
  } catch {
    return false;
  }
}
