import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { uuidv7 } from 'uuidv7';
import packageJson from '../package.json' with { type: 'json' };
import { besideAll } from './api/beside-all.ts';
import { refuseTakenPort } from './api/listen.ts';
import { createServer } from './api/server.ts';
import { openBooks, type Books } from './books.ts';
import { keepLocalToken } from './capabilities/accounts/local-token.ts';
import { openAccounts } from './capabilities/accounts/open-accounts.ts';
import { openCertificates } from './capabilities/certificates/open-certificates.ts';
import { NameBook } from './capabilities/releases/accepted-names.ts';
import { Builds } from './capabilities/releases/builds.ts';
import { nameCommits } from './capabilities/releases/commit-points.ts';
import { engineBindings } from './capabilities/releases/engine-bindings.ts';
import { listScopes } from './capabilities/releases/environment-rows.ts';
import { JobLooks } from './capabilities/releases/job-looks.ts';
import { journalVerdict } from './capabilities/releases/journal-verdict.ts';
import { PortBook } from './capabilities/releases/port-rows.ts';
import { releaseParts } from './capabilities/releases/release-parts.ts';
import type { ReleasesContext } from './capabilities/releases/releases-context.ts';
import { routesOfReleases } from './capabilities/releases/routes.ts';
import { serversOf } from './capabilities/releases/servers-of.ts';
import { Looks } from './core/looks.ts';
import { describeErrorCode, LotseError, toLotseError } from './core/errors.ts';
import { openCheckpoints } from './database/checkpoints.ts';
import { handOnHeads } from './database/hand-on-heads.ts';
import { openDatabase, type Database } from './database/open-database.ts';
import { takeOwnerLock } from './database/owner-lock.ts';
import { refuseDamage } from './database/refuse-damage.ts';
import { Engine, type EngineParts, type OwnerLock } from './engine/engine.ts';
import { openMachine } from './machine.ts';
import { certificateDrivers } from './ports/certificates/certificate-drivers.ts';
import { signalDrivers } from './ports/signals/signal-drivers.ts';
import { folderStores } from './ports/stores/folder/folder-store.ts';
import { keptProbeKey } from './ports/traffic/proxy/probe-key.ts';
import { keepProxyAlive, proxyKeeper } from './ports/traffic/proxy/proxy-keeper.ts';
import { refuseTakenFronts } from './ports/traffic/proxy/refuse-taken-fronts.ts';
import { openPipelineHouse } from './pipelines.ts';
import type { ProxyControl } from './proxy/control-client.ts';
import { crashPoint, tell, untilTold } from './process.ts';
import { keysOfCertificates, openReleaseValues } from './release-values.ts';
import { openRouters } from './routers.ts';
import { readServeOptions, type ServeOptions } from './serve-options.ts';
import { trustRoots } from './trusted-roots.ts';
import { openWatchers } from './watchers.ts';

/**
 * The composition root: here, in books.ts, machine.ts, pipelines.ts, release-values.ts, watchers.ts, routers.ts and dev.ts, concrete drivers have names, and nowhere else. `main.ts serve` is the control plane; it says on file descriptor 3 when it serves, or what is wrong.
 */

const now = Date.now;
const clock: EngineParts['clock'] = {
  now,
  uptime: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined),
};

/** Everything of one state folder, open. */
interface House extends ServeOptions, Books {
  readonly controlDir: string;
  readonly database: Database;
  readonly lock: OwnerLock;
  readonly proxy: () => Promise<ProxyControl>;
}

async function serve(options: ServeOptions): Promise<void> {
  const told = untilTold();
  trustRoots(options.certificates.extraRoots);
  await refuseTakenPort(options.host, options.port);
  const house = await openHouse(options);
  const { database, journal, lock, proxy, log } = house;
  const opened = await openReleases(house);
  const { context, target, certificates, pipelines } = opened;
  await context.engine.open(await listScopes(database.db, null));
  const builds = new Builds(context);
  const watchers = openWatchers({
    context,
    builds,
    log,
    values: opened.values,
    looks: opened.looks,
    roots: options.certificates.extraRoots,
  });
  await watchers.start();
  const stopHeads = handOnHeads(journal, async (heads) => await (await proxy()).putJournalHeads(heads));
  const endWatch = keepProxyAlive(proxy, (error) => log({ during: 'keeping the proxy alive', error }));
  certificates.start();
  await pipelines.start();
  const server = await openServer(house, { ...opened, watchers }, builds);
  const interrupted = await told;
  const stopsAll = interrupted && options.stopsAll;
  const watched = watchers.close();
  builds.cancelAll();
  await server.close();
  await Promise.all([watched, certificates.close(), pipelines.close()]);
  await (stopsAll ? context.engine.suspend() : context.engine.close());
  stopHeads();
  await endWatch();
  await target.close();
  if (stopsAll) await (await proxy()).stop();
  await lock.release();
  await database.close();
}

async function act(mode: string): Promise<void> {
  if (mode === 'serve') return await serve(readServeOptions(process.env));
  if (mode === 'dev') return await develop();
  const { offlineModes } = await import('./offline.ts');
  const offline = offlineModes[mode];
  const dockerHost = process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock';
  if (offline !== undefined) return tell({ result: await offline(process.argv.slice(3), dockerHost) });
  throw new LotseError('bad-input', `main.ts has no mode ${mode}`, {
    hint: `There are serve, dev, ${Object.keys(offlineModes).join(', ')}.`,
  });
}

/** The working tree instead of releases. Loaded only here: the control plane needs none of it. */
async function develop(): Promise<void> {
  const { runDev } = await import('./dev.ts');
  await runDev({ untilTold, onReady: (server) => tell({ ready: true, server }) });
}

async function openHouse(options: ServeOptions): Promise<House> {
  const controlDir = join(options.stateDir, 'control');
  await mkdir(options.stateDir, { recursive: true, mode: 0o711 });
  const database = await openDatabase({ file: join(controlDir, 'lotse.sqlite') });
  const lock = await takeOwnerLock(controlDir, database);
  const books = openBooks(database, controlDir);
  const proxyDir = join(options.stateDir, 'proxy');
  const note = (text: string) => books.log({ during: 'keeping the proxy', note: text });
  const proxy = proxyKeeper(proxyDir, process.execPath, note, { isUnit: options.asUnit });
  const fronts = { '--front-port': options.frontPort, '--front-tls-port': options.certificates.tlsPort };
  const refuse = async (port: number, option: string) => await refuseTakenPort(options.frontHost, port, option);
  await refuseTakenFronts(proxyDir, proxy, fronts, refuse);
  await refuseDamage(database, (await (await proxy()).status()).journalHeads);
  return { ...options, controlDir, database, lock, proxy, ...books };
}

/** The capability with its drivers: the machine's targets and builders, Lotse's own proxy, folder stores. */
async function openReleases(house: House) {
  const { stateDir, controlDir, database, journal, lock, proxy, frontPort, frontHost, environmentPorts } = house;
  const { builders, target, servers } = await openMachine(house);
  const probeKey = await keptProbeKey(join(controlDir, 'probe.key'));
  const names = await NameBook.open(database.db, journal);
  const publish = () => traffic.publish([]);
  const drivers = { ...house.certificates, now, publish, localFolder: join(controlDir, 'local-ca') };
  const certificates = await openCertificates({
    ...{ database, journal, fence: () => lock.fence, now, publish, log: house.log, settings: house.certificates },
    ...keysOfCertificates(house),
    environments: () => names.all(),
    sources: (accounts) => certificateDrivers({ ...drivers, accounts }),
  });
  const fronts = { frontPort, frontHost, accessLogPermille: 10 };
  const { traffic, signPreview } = openRouters({
    ...{ proxy, fence: () => lock.fence, probeKey, now, extraRoots: () => certificates.extraRoots() },
    doors: () => ({ ...fronts, ...names.doors(), ...certificates.doors(), ...values.doors() }),
    ...{ servers, serversOf: serversOf(database.db), folder: join(controlDir, 'servers') },
  });
  const values = await openReleaseValues({ ...house, fence: () => lock.fence, now, publish, context: () => context });
  const bindings = engineBindings({
    context: () => context,
    ...{ config: values.config, secrets: values.secrets },
    stores: folderStores(join(stateDir, 'stores')),
  });
  const atPoint = crashPoint(process.env['LOTSE_CRASH_AT']);
  nameCommits(journal, atPoint);
  const looks = new Looks();
  const engine = new Engine({
    ...{ journal, lock, target, traffic, bindings, clock, looks },
    ...{ checkpoints: openCheckpoints(database), signals: signalDrivers({ target, sleep: clock.sleep }) },
    log: ({ error, ...about }) => house.log({ ...about, error: toLotseError(error).message }),
    atPoint,
  });
  const pipelines = await openPipelineHouse({ ...house, now, context: () => context });
  const context: ReleasesContext = {
    ...{ database, journal, lock, engine, builders, target, traffic, frontPort, stateDir, now, newId: uuidv7 },
    ...values.asked,
    beginPipeline: (built) => pipelines.begin(built),
    pipelineOf: (app, release) => pipelines.standing(app, release),
    parts: releaseParts({ database, builders, target, ...values.parts }),
    ports: new PortBook({ database, now, environmentPorts, stateDir }),
    jobLooks: new JobLooks({ target, looks }),
    lookAtServers: (names) => servers.look(names),
    prepareServer: async (server, artifact) => await (await servers.of(server)).prepare(artifact),
    ...{ names, signPreview, secured: (environment) => certificates.secured(environment) },
  };
  return { context, target, certificates, values, pipelines, looks };
}

type Opened = Awaited<ReturnType<typeof openReleases>> & { readonly watchers: ReturnType<typeof openWatchers> };

async function openServer(house: House, opened: Opened, builds: Builds) {
  const { context, target, certificates, values, watchers, pipelines, looks } = opened;
  const { database, journal, lock, proxy, log, host, port, stateDir } = house;
  const accounts = openAccounts({ database, journal, fence: () => lock.fence, now });
  const checkJournal = async () => await journalVerdict(database, (await (await proxy()).status()).journalHeads);
  const server = await createServer({
    routes: [
      ...routesOfReleases({ context, builds, checkJournal }),
      ...[certificates, values, watchers, pipelines].flatMap(({ routes }) => routes),
    ],
    ...{
      accounts,
      changes: journal,
      webFolder: house.webFolder,
      publicUrl: house.publicUrl,
      version: packageJson.version,
      beside: besideAll(values.beside, watchers.hooks),
    },
    log: { error: (fields, message) => log({ message, ...fields }) },
  });
  looks.onLook((look) => server.publishTransient('look', look, look));
  const url = await server.listen({ host, port });
  const token = await keepLocalToken(join(stateDir, 'client.json'), url, accounts);
  const link = house.asUnit ? null : await accounts.linkOfStart();
  const forPeople = house.asUnit ? {} : { signIn: link === null ? null : server.signInUrl(link.secret), token };
  tell({ ready: true, server: url, ...forPeople, notes: target.traits.notes });
  return server;
}

try {
  await act(process.argv[2] ?? 'serve');
  process.exit(0);
} catch (thrown) {
  const { code, message, hint, details } = toLotseError(thrown);
  tell({ problem: { code, message, hint, details } });
  process.exit(describeErrorCode(code).exit);
}
