import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { devOutput } from './capabilities/dev/dev-output.ts';
import { openDevSession, type DevSession } from './capabilities/dev/dev-session.ts';
import { devPorts, findFreePort } from './capabilities/dev/free-ports.ts';
import { openDatabase } from './database/open-database.ts';
import { takeOwnerLock } from './database/owner-lock.ts';
import type { OwnerLock } from './engine/owner-lock.ts';
import { readNpm } from './ports/builders/process/read-npm.ts';
import { folderStores } from './ports/stores/folder/folder-store.ts';
import { openProcessTarget, type ProcessTarget } from './ports/targets/process/process-target.ts';
import { newProbeKey } from './ports/traffic/proxy/probe-key.ts';
import { proxyKeeper } from './ports/traffic/proxy/proxy-keeper.ts';
import { ProxyRouter } from './ports/traffic/proxy/proxy-router.ts';
import { findProxy } from './proxy/start-proxy.ts';

/**
 * The composition root of the dev mode: `main.ts dev` runs the working tree of an app with the same target, proxy and
 * stores as everywhere else, and without a journal, releases or an API. All its state lies in `<state>/dev`.
 */
interface DevOptions {
  readonly source: string;
  readonly stateDir: string;
  readonly frontHost: string;
  /** Null: the first free one of the usual ones. */
  readonly frontPort: number | null;
  readonly isJson: boolean;
}

export interface DevProcess {
  readonly untilTold: () => Promise<unknown>;
  /** To whoever started this process: it serves, and where. */
  readonly onReady: (server: string) => void;
}

const proxyGraceMs = 500;

/** Runs until it is told to end. Errors before anything runs: `manifest-invalid`, `bad-input`, `locked`, `port-taken`. */
export async function runDev({ untilTold, onReady }: DevProcess): Promise<void> {
  const told = untilTold(); // heard from the start: what was begun is taken down again
  const options = readDevOptions();
  const controlDir = join(options.stateDir, 'control');
  const proxyDir = join(options.stateDir, 'proxy');
  const npm = readNpm(); // takes a second
  await mkdir(controlDir, { recursive: true, mode: 0o700 });
  const database = await openDatabase({ file: join(controlDir, 'lotse.sqlite') });
  const lock = await takeOwnerLock(controlDir, database);
  try {
    await stopProxy(proxyDir); // an earlier session was killed
    const target = await openTarget(options, (await npm).pathFolders);
    const session = await openSession(options, { lock, target, proxyDir });
    await session.start();
    onReady(session.addresses[0] ?? '');
    await told;
    await session.stop();
    await target.close();
  } finally {
    await stopProxy(proxyDir);
    await lock.release();
    await database.close();
  }
}

interface DevHouse {
  readonly lock: OwnerLock;
  readonly target: ProcessTarget;
  readonly proxyDir: string;
}

/** Who develops an app runs it as themselves; and a crash waits for a change instead of a second try. */
async function openTarget({ source, stateDir }: DevOptions, pathFolders: readonly string[]): Promise<ProcessTarget> {
  return await openProcessTarget({
    stateDir: join(stateDir, 'target'),
    nodePath: process.execPath,
    pathFolders,
    artifactFolder: () => Promise.resolve(source),
    users: null,
    ports: devPorts.instances,
    restarts: { exitsBeforeReady: 1, exitsInWindow: 1 },
  });
}

async function openSession(options: DevOptions, { lock, target, proxyDir }: DevHouse): Promise<DevSession> {
  const { source, stateDir, frontHost } = options;
  const frontPort = options.frontPort ?? (await findFreePort(devPorts.front, null, frontHost));
  const router = new ProxyRouter({
    ...{ now: Date.now, probeKey: newProbeKey(), fence: () => lock.fence },
    doors: () => ({ frontPort, frontHost, tls: null, challenges: [], trustedProxies: [], accessLogPermille: 10 }),
    proxy: proxyKeeper(proxyDir, process.execPath),
  });
  return await openDevSession({
    ...{ folder: source, stateFolder: join(stateDir, '..'), target, router },
    stores: folderStores(join(stateDir, 'stores')),
    front: { host: frontHost, port: frontPort },
    report: devOutput({
      isJson: options.isJson,
      hasColours: process.stdout.isTTY && process.stdout.hasColors(),
      write: (text) => void process.stdout.write(text),
    }),
  });
}

async function stopProxy(proxyDir: string): Promise<void> {
  await (await findProxy(proxyDir))?.stop(proxyGraceMs);
}

function readDevOptions(): DevOptions {
  const { values } = parseArgs({
    allowPositionals: true,
    options: {
      source: { type: 'string', default: '.' },
      state: { type: 'string', default: '.lotse' },
      listen: { type: 'string' }, // there is no API here, so nobody listens for it
      'front-port': { type: 'string' },
      'front-host': { type: 'string', default: '127.0.0.1' },
      json: { type: 'boolean', default: false },
    },
  });
  const port = values['front-port'];
  return {
    source: resolve(values.source),
    stateDir: join(resolve(values.state), 'dev'),
    frontHost: values['front-host'],
    frontPort: port === undefined ? null : Number(port),
    isJson: values.json,
  };
}
