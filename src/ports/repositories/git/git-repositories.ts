import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { getCACertificates } from 'node:tls';
import { LotseError } from '../../../core/errors.ts';
import type { FetchedCommit, Repositories, Repository, WantedTar } from '../repositories.ts';
import { readFailure } from './read-failure.ts';
import { runGit } from './run-git.ts';

interface GitOptions {
  /** A cache: of Lotse alone, and may be deleted while nothing is fetched. */
  readonly folder: string;
  /** Of a pack, and of a tar. */
  readonly maxBytes?: number;
  readonly fetchMs?: number;
  /** Authorities (PEM) that a repository may lead to, beside those of the system and of Node. */
  readonly roots?: readonly string[];
}

const usualMaxBytes = 2 * 1024 ** 3;
const usualFetchMs = 600_000;
const tidyMs = 120_000;
/** Where the branch stood when it was fetched last. */
const fetchedRef = 'refs/lotse/head';
const quietly = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-auto-maintenance'];
const fetchArgs = ['fetch', '--depth=1', '--force', ...quietly];

/** The git of this machine, with a bare repository for each address, without its history. */
export function gitRepositories({
  folder,
  maxBytes = usualMaxBytes,
  fetchMs = usualFetchMs,
  roots = [],
}: GitOptions): Repositories {
  const turns = new Map<string, Promise<unknown>>();
  const inTurn = <T>(address: string, work: () => Promise<T>): Promise<T> => {
    const mine = (turns.get(address) ?? Promise.resolve()).then(work, work);
    turns.set(address, mine);
    const done = () => void (turns.get(address) === mine && turns.delete(address));
    mine.then(done, done);
    return mine;
  };
  // Logins of a control plane that was killed, above all.
  let swept: Promise<unknown> | null = null;
  const place = ({ address }: Repository): string =>
    join(folder, `${createHash('sha256').update(address).digest('hex').slice(0, 24)}.git`);
  const limits = { maxFileBytes: maxBytes };
  return {
    fetch: (repository, branch, signal) =>
      inTurn(repository.address, async () => {
        const late = AbortSignal.timeout(fetchMs);
        const both = AbortSignal.any([late, signal]);
        await (swept ??= sweep(folder).then(() => writeRoots(folder, roots)));
        try {
          return await fetchHead({ bare: place(repository), folder, ...limits, signal: both }, repository, branch);
        } catch (error) {
          if (!late.aborted || signal.aborted) throw error;
          const message = `${shownAddress(repository)} was not fetched within ${Math.round(fetchMs / 1000)} s`;
          throw new LotseError('timeout', message, { retriable: true });
        }
      }),
    pack: (repository, wanted, signal) =>
      inTurn(repository.address, () => pack({ bare: place(repository), folder, ...limits, signal }, wanted)),
  };
}

async function sweep(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const left = (await readdir(folder)).filter((name) => /^(?:login|tree)-/.test(name));
  await Promise.all(left.map((name) => rm(join(folder, name), { recursive: true, force: true })));
}

/** git takes one file, which replaces the system's: so all are in it. */
async function writeRoots(folder: string, roots: readonly string[]): Promise<void> {
  await rm(rootsFile(folder), { force: true });
  if (roots.length === 0) return;
  const all = [...roots, ...getCACertificates('bundled'), ...getCACertificates('system')];
  await writeFile(rootsFile(folder), all.join('\n'), { mode: 0o600 });
}

function rootsFile(folder: string): string {
  return join(folder, 'roots.pem');
}

interface Surroundings {
  readonly bare: string;
  readonly folder: string;
  readonly maxFileBytes: number;
  readonly signal: AbortSignal;
}

/** What a killed git has left behind is no reason: it is only a cache, and is made anew. */
async function fetchHead(around: Surroundings, repository: Repository, branch: string): Promise<FetchedCommit> {
  try {
    return await fetchOnce(around, repository, branch);
  } catch (error) {
    if (!(error instanceof LotseError) || !error.details.some((line) => leftBehind.test(line))) throw error;
    await rm(around.bare, { recursive: true, force: true });
    return await fetchOnce(around, repository, branch);
  }
}

const leftBehind =
  /a git process|\.lock\b|not a git repository: |bad object|corrupt|(?:loose object|packfile) .* (?:empty|missing)/i;

async function fetchOnce(around: Surroundings, repository: Repository, branch: string): Promise<FetchedCommit> {
  const { bare, folder } = around;
  if (!existsSync(join(bare, 'HEAD'))) {
    await rm(bare, { recursive: true, force: true });
    await git({ ...around, cwd: folder }, ['init', '--quiet', '--bare', bare]);
  }
  const scratch = await mkdtemp(join(folder, 'login-'));
  try {
    const variables = await loginOf(repository, scratch, folder);
    const wanted = [repository.address, `+refs/heads/${branch}:${fetchedRef}`];
    const fetched = await runGit({ ...around, cwd: bare, variables, args: [...fetchArgs, '--', ...wanted] });
    if (fetched.exitCode !== 0)
      throw readFailure(fetched.stderr, { address: shownAddress(repository), branch, ...around });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  const log = await git({ ...around, cwd: bare }, ['log', '-1', '--format=%H%n%s', fetchedRef, '--']);
  const [commit = '', subject = ''] = log.split('\n');
  await tidy(around);
  return { commit, subject };
}

/** What a fetch before has left is let go, now and then. */
async function tidy({ bare, maxFileBytes, signal }: Surroundings): Promise<void> {
  const late = AbortSignal.any([signal, AbortSignal.timeout(tidyMs)]);
  const settings = ['-c', 'gc.autoDetach=false', '-c', 'gc.auto=2000', '-c', 'gc.autoPackLimit=20'];
  const args = [...settings, 'gc', '--auto', '--quiet', '--prune=now'];
  await runGit({ args, cwd: bare, maxFileBytes, signal: late }).catch(() => undefined);
}

async function pack(around: Surroundings, { commit, folder: below, file }: WantedTar): Promise<void> {
  const { bare, folder, maxFileBytes } = around;
  // From inside a folder git packs that folder, and takes the time of the commit for all of its files.
  const tree = await mkdtemp(join(folder, 'tree-'));
  try {
    const cwd = join(tree, below);
    await mkdir(cwd, { recursive: true });
    const where = [`--git-dir=${bare}`, `--work-tree=${tree}`];
    const args = [...where, 'archive', '--format=tar', `--output=${file}`, commit];
    const packed = await runGit({ ...around, cwd, args });
    if (packed.exitCode === 0) return;
    await rm(file, { force: true });
    throw readFailure(packed.stderr, {
      address: below === '' ? commit : `${commit}:${below}`,
      branch: null,
      maxFileBytes,
    });
  } finally {
    await rm(tree, { recursive: true, force: true });
  }
}

async function git(call: Omit<Parameters<typeof runGit>[0], 'args'>, args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runGit({ ...call, args });
  if (exitCode === 0) return stdout;
  throw readFailure(stderr, { address: 'the cache of repositories', branch: null, maxFileBytes: call.maxFileBytes });
}

/** Settings that open the repository, for this one call. */
async function loginOf(repository: Repository, scratch: string, folder: string): Promise<Record<string, string>> {
  const { address, login } = repository;
  // A redirect could lead elsewhere with the token; a connection on which nothing comes is given up.
  const settings: [string, string][] = [
    ['http.followRedirects', 'false'],
    ['http.lowSpeedLimit', '1000'],
    ['http.lowSpeedTime', '60'],
    ...(existsSync(rootsFile(folder)) ? [['http.sslCAInfo', rootsFile(folder)] satisfies [string, string]] : []),
  ];
  const isWeb = /^https?:/.test(address);
  if (login?.kind === 'token' && isWeb) {
    const basic = Buffer.from(`lotse:${login.value.reveal()}`).toString('base64');
    settings.push([`http.${new URL(address).origin}/.extraHeader`, `Authorization: Basic ${basic}`]);
  }
  const config = settings.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, key],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ]);
  const variables = { GIT_CONFIG_COUNT: String(settings.length), ...Object.fromEntries(config) };
  return isWeb ? variables : { ...variables, GIT_SSH_COMMAND: await sshCommand(login, scratch, folder) };
}

/** The key of a machine that is met for the first time is kept, and has to be the same from then on. */
async function sshCommand(login: Repository['login'], scratch: string, folder: string): Promise<string> {
  const known = join(folder, 'known_hosts');
  const options = [
    'BatchMode=yes',
    'ConnectTimeout=20',
    'StrictHostKeyChecking=accept-new',
    `UserKnownHostsFile=${quoted(known)}`,
  ];
  const ssh = ['ssh', '-F', '/dev/null', ...options.flatMap((option) => ['-o', option])];
  if (login?.kind !== 'key') return ssh.join(' ');
  const file = join(scratch, 'key');
  await writeFile(file, `${login.value.reveal().trimEnd()}\n`, { mode: 0o600 });
  return [...ssh, '-o', 'IdentitiesOnly=yes', '-i', quoted(file)].join(' ');
}

/** git hands this to a shell; these paths are ours. */
function quoted(path: string): string {
  return `'${path.replaceAll("'", `'\\''`)}'`;
}

function shownAddress({ address }: Repository): string {
  return address.replace(/\/\/[^/@]*@/, '//');
}
