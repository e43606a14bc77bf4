import { randomBytes } from 'node:crypto';
import { appendFileSync, writeSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { uuidv7 } from 'uuidv7';
import packageJson from '../package.json' with { type: 'json' };
import { createServer } from './api/server.ts';
import { openAccounts, type Accounts } from './capabilities/accounts/open-accounts.ts';
import { configPart, configValues } from './capabilities/config/config-part.ts';
import { artifactPart } from './capabilities/releases/artifact-part.ts';
import { Builds } from './capabilities/releases/builds.ts';
import { definitionsPart } from './capabilities/releases/definitions-part.ts';
import { engineBindings } from './capabilities/releases/engine-bindings.ts';
import { listScopes } from './capabilities/releases/environment-rows.ts';
import { followRollout } from './capabilities/releases/follow-rollouts.ts';
import { PortBook } from './capabilities/releases/port-rows.ts';
import { findRevision } from './capabilities/releases/release-rows.ts';
import type { ReleasesContext } from './capabilities/releases/releases-context.ts';
import { roomPart } from './capabilities/releases/room-part.ts';
import { routesOfReleases } from './capabilities/releases/routes.ts';
import { describeErrorCode, LotseError, toLotseError } from './core/errors.ts';
import { checkJournal } from './database/check-journal.ts';
import { openCheckpoints } from './database/checkpoints.ts';
import { openJournal, type DatabaseJournal } from './database/journal.ts';
import { openDatabase, type Database } from './database/open-database.ts';
import { takeOwnerLock } from './database/owner-lock.ts';
import { openSubscriptions } from './database/subscriptions.ts';
import { Engine } from './engine/engine.ts';
import { readNpm } from './ports/builders/process/read-npm.ts';
import { openProcessBuilder } from './ports/builders/process/process-builder.ts';
import { folderStores } from './ports/stores/folder/folder-store.ts';
import { openProcessTarget, type ProcessTarget } from './ports/targets/process/process-target.ts';
import { ProxyRouter } from './ports/traffic/proxy/proxy-router.ts';
import type { ProxyControl } from './proxy/control-client.ts';
import { startProxy } from './proxy/start-proxy.ts';

/**
 * The composition root: the only file that names concrete drivers. `main.ts serve` is the control plane; it says on
 * file descriptor 3 when it serves, or what is wrong.
 */
interface Options {
  readonly stateDir: string;
  readonly host: string;
  readonly port: number;
  readonly frontPort: number;
  readonly frontHost: string;
  readonly webFolder: string;
  /** `up`: an interrupt stops everything that runs; otherwise app and proxy go on serving. */
  readonly stopsAll: boolean;
}

const now = Date.now;

async function serve(options: Options): Promise<void> {
  const { stateDir } = options;
  const controlDir = join(stateDir, 'control');
  await mkdir(stateDir, { recursive: true, mode: 0o711 });
  const database = await openDatabase({ file: join(controlDir, 'lotse.sqlite') });
  const lock = await takeOwnerLock(controlDir, database);
  const journal = openJournal(database, { now, newId: uuidv7, newSalt: () => randomBytes(16).toString('hex') });
  const log = (about: object): void => appendFileSync(join(controlDir, 'control-plane.log'), logLine(about));

  const proxy = proxyKeeper(join(stateDir, 'proxy'));
  await refuseDamage(database, await proxy());
  const builder = await openProcessBuilder({
    stateDir: join(stateDir, 'builds'),
    nodePath: process.execPath,
    ...(await readNpm()),
    inUse: () => Promise.resolve(running.target?.artifactsInUse() ?? []),
  });
  const running: { target?: ProcessTarget } = {};
  const target = await openProcessTarget({
    stateDir: join(stateDir, 'target'),
    nodePath: process.execPath,
    artifactFolder: (digest) => builder.artifactFolder(digest),
  });
  running.target = target;
  const { frontPort, frontHost } = options;
  const probeKey = await keptKey(join(controlDir, 'probe.key'));
  const traffic = new ProxyRouter({ proxy, fence: () => lock.fence, probeKey, frontPort, frontHost, now });

  const stores = folderStores(join(stateDir, 'stores'));
  const bindings = engineBindings({
    context: () => context,
    stores,
    config: (revision, service) => configValues(database.db, revision, revision.configVersion, service),
  });
  const engine = new Engine({
    journal,
    checkpoints: openCheckpoints(database),
    lock,
    target,
    traffic,
    bindings,
    clock: { now, sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined) },
    log: ({ error, ...about }) => log({ ...about, error: toLotseError(error).message }),
    atPoint: crashPoint(process.env['LOTSE_CRASH_AT']),
  });
  const context: ReleasesContext = {
    ...{ database, journal, lock, engine, builder, target, traffic, frontPort, stateDir, now },
    newId: uuidv7,
    parts: [
      artifactPart(builder),
      configPart(database.db, now),
      definitionsPart((revision) => findRevision(database.db, revision.app, revision.id)),
      roomPart(target),
    ],
    ports: new PortBook(database, now),
    surroundings: (scope, revision) => bindings.surroundings(scope, revision, null),
  };
  await engine.open(await listScopes(database.db, null));
  const subscriptions = openSubscriptions(database, journal, {
    now,
    onFailure: (name, event, error) => log({ during: name, event: event?.id, error: toLotseError(error).message }),
  });
  await subscriptions.subscribe({ name: 'releases', from: 'start', handle: (event) => followRollout(context, event) });
  const stopHeads = keepHeads(journal, proxy);

  const accounts = openAccounts({ database, journal, fence: () => lock.fence, now });
  const builds = new Builds(context);
  const server = await createServer({
    routes: routesOfReleases({ context, builds, checkJournal: () => verdict(database, proxy) }),
    accounts,
    changes: journal,
    webFolder: options.webFolder,
    version: packageJson.version,
    log: { error: (fields, message) => log({ message, ...fields }) },
  });
  const url = await server.listen({ host: options.host, port: options.port });
  const token = await localToken(join(stateDir, 'client.json'), url, accounts);
  const link = await accounts.sessions.createLink((await accounts.people.ensureOwner()).id, {
    kind: 'system',
    id: 'lotse',
  });
  tell({ ready: true, server: url, signIn: server.signInUrl(link.secret), token, notes: target.traits.notes });

  const interrupted = await untilTold();
  builds.cancelAll();
  await server.close();
  await subscriptions.stopAll();
  await (interrupted && options.stopsAll ? engine.suspend() : engine.close());
  stopHeads();
  await target.close();
  if (interrupted && options.stopsAll) await (await proxy()).stop();
  await lock.release();
  await database.close();
}

/** Answers the proxy that runs on this state; starts one when there is none, or when it has gone. */
function proxyKeeper(stateDir: string): () => Promise<ProxyControl> {
  const checkedMs = 1_000;
  let known: { readonly proxy: Promise<ProxyControl>; readonly at: number } | null = null;
  return async () => {
    if (known === null || now() - known.at > checkedMs) {
      known = { proxy: startProxy({ stateDir, nodePath: process.execPath }), at: now() };
    }
    const { proxy } = known;
    return await proxy.catch((error: unknown) => {
      known = null;
      throw error;
    });
  };
}

/** The heads that the proxy keeps show a journal whose tail was cut. Errors: `journal-damaged`. */
async function refuseDamage(database: Database, proxy: ProxyControl): Promise<void> {
  const { intact, problems } = await checkJournal(database, { heads: (await proxy.status()).journalHeads });
  if (intact) return;
  throw new LotseError('journal-damaged', problems[0]?.message ?? 'the journal is damaged', {
    hint: problems[0]?.advice ?? 'Restore a backup of the state folder.',
    details: problems.map((problem) => `${problem.chain ?? 'all chains'}: ${problem.message}`),
  });
}

async function verdict(database: Database, proxy: () => Promise<ProxyControl>) {
  const { intact, chains, problems } = await checkJournal(database, {
    heads: (await (await proxy()).status()).journalHeads,
  });
  const found = chains.map(({ chain, verified: events, problems: [problem] }) => ({
    chain,
    events,
    problem: problem?.message ?? null,
  }));
  return { ok: intact, chains: found, advice: problems[0]?.advice ?? null };
}

/** Hands the journal's heads to the proxy soon after each append; a proxy that is away gets them with the next. */
function keepHeads(journal: DatabaseJournal, proxy: () => Promise<ProxyControl>): () => void {
  const delayMs = 100;
  let timer: NodeJS.Timeout | null = null;
  const hand = async (): Promise<void> => await (await proxy()).putJournalHeads(await journal.heads());
  const stop = journal.onAppend(() => {
    timer ??= setTimeout(() => {
      timer = null;
      void hand().catch(() => undefined);
    }, delayMs);
  });
  return () => {
    stop();
    if (timer !== null) clearTimeout(timer);
  };
}

/** The credential of commands that are typed on this machine; kept as long as it is valid. */
async function localToken(file: string, server: string, accounts: Accounts): Promise<string> {
  const known = await readFile(file, 'utf8').then(
    (text) => String(JSON.parse(text).token),
    () => '',
  );
  const isValid = (await accounts.tokens.authenticate(known)) !== null;
  const request = {
    name: 'commands on this machine',
    roles: ['developer', 'approver', 'operator', 'admin'],
    ...({ speaksFor: 'me', app: null, environment: null, validMs: null } as const),
  } as const;
  const owner = await accounts.people.ensureOwner();
  const token = isValid
    ? known
    : (await accounts.tokens.createForLotse({ ...request, roles: [...request.roles] }, owner.id)).secret;
  await writeFile(`${file}.part`, JSON.stringify({ server, token }), { mode: 0o600 });
  await rename(`${file}.part`, file);
  return token;
}

async function keptKey(file: string): Promise<string> {
  const known = await readFile(file, 'utf8').catch(() => null);
  if (known !== null) return known.trim();
  const key = randomBytes(32).toString('hex');
  await writeFile(file, key, { mode: 0o600 });
  return key;
}

/** Ends the process at the n-th point that it passes, for tests that prove what a crash leaves behind. */
function crashPoint(text: string | undefined): (point: string) => void {
  let left = Number(text ?? Number.NaN);
  if (Number.isNaN(left)) return () => undefined;
  return (point) => {
    left -= 1;
    if (left > 0) return;
    writeSync(2, `crashing at: ${point}\n`);
    process.kill(process.pid, 'SIGKILL');
  };
}

function logLine(about: object): string {
  return `${JSON.stringify({ at: new Date().toISOString(), ...about })}\n`;
}

/** Resolves when the process is told to end: true for an interrupt (Ctrl-C), false for a termination. */
async function untilTold(): Promise<boolean> {
  const { promise, resolve: told } = Promise.withResolvers<boolean>();
  process.on('SIGINT', () => told(true));
  process.on('SIGTERM', () => told(false));
  process.on('SIGHUP', () => told(false));
  return await promise;
}

/** File descriptor 3 is the parent's, when there is one; otherwise people read standard output. */
function tell(message: object): void {
  const line = `${JSON.stringify(message)}\n`;
  try {
    writeSync(3, line);
  } catch {
    process.stdout.write(line);
  }
}

function readOptions(): Options {
  const { values } = parseArgs({
    allowPositionals: true,
    options: {
      state: { type: 'string', default: '.lotse' },
      listen: { type: 'string', default: '127.0.0.1:7700' },
      'front-port': { type: 'string', default: '8080' },
      'front-host': { type: 'string', default: '127.0.0.1' },
      web: { type: 'string', default: join(import.meta.dirname, '../web/dist') },
      'stop-all-on-exit': { type: 'boolean', default: false },
    },
  });
  const [host = '', port = ''] = values.listen.split(/:(?=\d+$)/);
  return {
    stateDir: resolve(values.state),
    host,
    port: Number(port),
    frontPort: Number(values['front-port']),
    frontHost: values['front-host'],
    webFolder: values.web,
    stopsAll: values['stop-all-on-exit'],
  };
}

try {
  await serve(readOptions());
  process.exit(0);
} catch (thrown) {
  const { code, message, hint, details } = toLotseError(thrown);
  tell({ problem: { code, message, hint, details } });
  process.exit(describeErrorCode(code).exit);
}
