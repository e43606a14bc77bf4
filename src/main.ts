import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { uuidv7 } from 'uuidv7';
import packageJson from '../package.json' with { type: 'json' };
import { refuseTakenPort } from './api/listen.ts';
import { createServer } from './api/server.ts';
import { keepLocalToken } from './capabilities/accounts/local-token.ts';
import { openAccounts } from './capabilities/accounts/open-accounts.ts';
import { configPart, configValues } from './capabilities/config/config-part.ts';
import { artifactPart } from './capabilities/releases/artifact-part.ts';
import { Builds } from './capabilities/releases/builds.ts';
import { definitionsPart } from './capabilities/releases/definitions-part.ts';
import { engineBindings } from './capabilities/releases/engine-bindings.ts';
import { listScopes } from './capabilities/releases/environment-rows.ts';
import { followRollout } from './capabilities/releases/follow-rollouts.ts';
import { journalVerdict } from './capabilities/releases/journal-verdict.ts';
import { PortBook } from './capabilities/releases/port-rows.ts';
import { findRevision } from './capabilities/releases/release-rows.ts';
import type { ReleasesContext } from './capabilities/releases/releases-context.ts';
import { roomPart } from './capabilities/releases/room-part.ts';
import { routesOfReleases } from './capabilities/releases/routes.ts';
import { describeErrorCode, LotseError, toLotseError } from './core/errors.ts';
import { systemActor } from './core/events.ts';
import { handOnHeads } from './database/hand-on-heads.ts';
import { openJournal, type DatabaseJournal } from './database/journal.ts';
import { openDatabase, type Database } from './database/open-database.ts';
import { takeOwnerLock } from './database/owner-lock.ts';
import { refuseDamage } from './database/refuse-damage.ts';
import { openSubscriptions } from './database/subscriptions.ts';
import { Engine, type OwnerLock } from './engine/engine.ts';
import { readNpm } from './ports/builders/process/read-npm.ts';
import { openProcessBuilder } from './ports/builders/process/process-builder.ts';
import { folderStores } from './ports/stores/folder/folder-store.ts';
import { openProcessTarget, type ProcessTarget } from './ports/targets/process/process-target.ts';
import { keptProbeKey } from './ports/traffic/proxy/probe-key.ts';
import { keepProxyAlive, proxyKeeper } from './ports/traffic/proxy/proxy-keeper.ts';
import { ProxyRouter } from './ports/traffic/proxy/proxy-router.ts';
import type { ProxyControl } from './proxy/control-client.ts';
import { isRolloutEvent } from './rollout/rollout-events.ts';
import { crashPoint, problemLog, tell, untilTold } from './process.ts';
import { findProxy } from './proxy/start-proxy.ts';

/**
 * The composition root: here and in dev.ts, for the dev mode, concrete drivers have names, and nowhere else. `main.ts
 * serve` is the control plane; it says on file descriptor 3 when it serves, or what is wrong.
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

/** Everything of one state folder, open. */
interface House extends Options {
  readonly controlDir: string;
  readonly database: Database;
  readonly journal: DatabaseJournal;
  readonly lock: OwnerLock;
  readonly proxy: () => Promise<ProxyControl>;
  readonly log: (about: object) => void;
}

async function serve(options: Options): Promise<void> {
  const told = untilTold();
  await refuseTakenPort(options.host, options.port);
  const house = await openHouse(options);
  const { database, journal, lock, proxy, log } = house;
  const { context, target } = await openReleases(house);
  await context.engine.open(await listScopes(database.db, null));
  const subscriptions = openSubscriptions(database, journal, {
    now,
    onFailure: (name, event, error) => log({ during: name, event: event?.id, error: toLotseError(error).message }),
  });
  await subscriptions.subscribe({ name: 'releases', from: 'start', handle: (event) => followRollout(context, event) });
  const stopHeads = handOnHeads(journal, async (heads) => await (await proxy()).putJournalHeads(heads));
  const endWatch = keepProxyAlive(proxy, (error) => log({ during: 'keeping the proxy alive', error }));
  const builds = new Builds(context);
  const server = await openServer(house, context, builds, target.traits.notes);

  const interrupted = await told;
  const stopsAll = interrupted && options.stopsAll;
  builds.cancelAll();
  await server.close();
  await subscriptions.stopAll();
  await (stopsAll ? context.engine.suspend() : context.engine.close());
  stopHeads();
  await endWatch();
  await target.close();
  if (stopsAll) await (await proxy()).stop();
  await lock.release();
  await database.close();
}

async function act(mode: string): Promise<void> {
  if (mode === 'serve') return await serve(readOptions());
  if (mode === 'dev') return await develop();
  if (mode === 'journal-check') return await checkOffline(readOptions());
  throw new LotseError('bad-input', `main.ts has no mode ${mode}`, { hint: 'There are serve, dev and journal-check.' });
}

/** Verifies the journal of a state folder, also beside a control plane that runs or one that refuses to start. */
async function checkOffline({ stateDir }: Options): Promise<void> {
  const proxy = await findProxy(join(stateDir, 'proxy'));
  const heads = proxy === null ? {} : (await proxy.status()).journalHeads;
  const database = await openDatabase({ file: join(stateDir, 'control', 'lotse.sqlite'), readonly: true });
  tell({ result: await journalVerdict(database, heads) });
  await database.close();
}

/** The working tree instead of releases. Loaded only here: the control plane needs none of it. */
async function develop(): Promise<void> {
  const { runDev } = await import('./dev.ts');
  await runDev({ untilTold, onReady: (server) => tell({ ready: true, server }) });
}

async function openHouse(options: Options): Promise<House> {
  const controlDir = join(options.stateDir, 'control');
  await mkdir(options.stateDir, { recursive: true, mode: 0o711 });
  const database = await openDatabase({ file: join(controlDir, 'lotse.sqlite') });
  const lock = await takeOwnerLock(controlDir, database);
  const journal = openJournal(database, { now, newId: uuidv7, newSalt: () => randomBytes(16).toString('hex') });
  const proxyDir = join(options.stateDir, 'proxy');
  if ((await findProxy(proxyDir)) === null) await refuseTakenPort(options.frontHost, options.frontPort, '--front-port');
  const proxy = proxyKeeper(proxyDir, process.execPath);
  await refuseDamage(database, (await (await proxy()).status()).journalHeads);
  const log = problemLog(join(controlDir, 'control-plane.log'));
  return { ...options, controlDir, database, journal, lock, proxy, log };
}

/** The capability with its drivers: process target and builder, Lotse's own proxy, folder stores. */
async function openReleases(
  house: House,
): Promise<{ readonly context: ReleasesContext; readonly target: ProcessTarget }> {
  const { stateDir, controlDir, database, journal, lock, proxy, frontPort, frontHost } = house;
  const nodePath = process.execPath;
  const npm = await readNpm();
  const builder = await openProcessBuilder({
    ...{ stateDir: join(stateDir, 'builds'), nodePath, ...npm },
    inUse: () => Promise.resolve(target.artifactsInUse()),
  });
  const target = await openProcessTarget({
    ...{ stateDir: join(stateDir, 'target'), nodePath, pathFolders: npm.pathFolders },
    artifactFolder: (digest) => builder.artifactFolder(digest),
  });
  const probeKey = await keptProbeKey(join(controlDir, 'probe.key'));
  const traffic = new ProxyRouter({ proxy, fence: () => lock.fence, probeKey, frontPort, frontHost, now });
  const bindings = engineBindings({
    context: () => context,
    stores: folderStores(join(stateDir, 'stores')),
    config: (revision, service) => configValues(database.db, revision, revision.configVersion, service),
  });
  const atPoint = crashPoint(process.env['LOTSE_CRASH_AT']);
  journal.onAppend((events) => {
    // Points around what the engine writes are its own.
    for (const event of events) {
      if (event.chain !== 'control' && !isRolloutEvent(event)) atPoint(`committed ${event.type}`);
    }
  });
  const engine = new Engine({
    ...{ journal, lock, target, traffic, bindings },
    clock: { now, sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined) },
    log: ({ error, ...about }) => house.log({ ...about, error: toLotseError(error).message }),
    atPoint,
  });
  const context: ReleasesContext = {
    ...{ database, journal, lock, engine, builder, target, traffic, frontPort, stateDir, now, newId: uuidv7 },
    parts: [
      artifactPart(builder),
      configPart(database.db, now),
      definitionsPart((revision) => findRevision(database.db, revision.app, revision.id)),
      roomPart(target),
    ],
    ports: new PortBook(database, now),
  };
  return { context, target };
}

async function openServer(house: House, context: ReleasesContext, builds: Builds, notes: readonly string[]) {
  const { database, journal, lock, proxy, log, host, port, stateDir } = house;
  const accounts = openAccounts({ database, journal, fence: () => lock.fence, now });
  const checkJournal = async () => await journalVerdict(database, (await (await proxy()).status()).journalHeads);
  const server = await createServer({
    routes: routesOfReleases({ context, builds, checkJournal }),
    ...{ accounts, changes: journal, webFolder: house.webFolder, version: packageJson.version },
    log: { error: (fields, message) => log({ message, ...fields }) },
  });
  const url = await server.listen({ host, port });
  const token = await keepLocalToken(join(stateDir, 'client.json'), url, accounts);
  const link = await accounts.sessions.createLink((await accounts.people.ensureOwner()).id, systemActor);
  tell({ ready: true, server: url, signIn: server.signInUrl(link.secret), token, notes });
  return server;
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
  await act(process.argv[2] ?? 'serve');
  process.exit(0);
} catch (thrown) {
  const { code, message, hint, details } = toLotseError(thrown);
  tell({ problem: { code, message, hint, details } });
  process.exit(describeErrorCode(code).exit);
}
