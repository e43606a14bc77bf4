import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DockerEngine } from '../../src/docker-engine/docker-engine.ts';
import { bringPrograms, keepEngine } from './docker-engine.ts';
import type { FoundEngine, KeptEngine } from './docker-engine.ts';
import { until } from './until.ts';

/** An engine that may be killed, stopped and changed. */
export type OwnEngine = Exclude<FoundEngine, { readonly skip: string }> &
  KeptEngine & {
    readonly folder: string;
    /** Its daemon.json, read at each start and at SIGHUP. */
    readonly settings: string;
    /** Ends it, with all that is on it. */
    readonly end: () => Promise<void>;
  };

export interface OwnEngineOptions {
  /** How much room it has, on a disk of memory. Default: as much as this machine. */
  readonly diskBytes?: number;
}

/**
 * An engine of one test file alone. Without firewall rules of its own, since other engines have theirs: so nothing in a
 * build or a container reaches further than this machine. `name` is a word that no other test file has.
 */
export async function startOwnEngine(
  name: string,
  options: OwnEngineOptions = {},
): Promise<OwnEngine | { readonly skip: string }> {
  const searchPath = await bringPrograms();
  if (typeof searchPath !== 'string') return searchPath;
  const folder = join(tmpdir(), `lotse-${name}-${process.pid}`);
  const settings = `${folder}.json`;
  await writeFile(settings, '{}');
  if (options.diskBytes !== undefined) mountDisk(join(folder, 'data'), options.diskBytes);
  const bridge = `lotse${process.pid}`;
  const dockerdArguments = ['--iptables=false', '--ip-forward=false', '--bridge', bridge, '--config-file', settings];
  const places = { folder, address: folder, searchPath, dockerdArguments, prefix: onBridge(bridge) };
  const atEnd = [['ip', 'link', 'delete', bridge]] as const;
  const kept = await keepEngine({ ...places, lingerMs: 500, withBaseImage: true, isShared: false, atEnd });
  if ('problem' in kept) return { skip: kept.problem };
  const address = { kind: 'socket', path: join(folder, 'sock') } as const;
  const end = async (): Promise<void> => {
    kept.release();
    await rm(settings, { force: true });
  };
  return { skip: false, address, engine: new DockerEngine(address), isPrivate: true, ...kept, folder, settings, end };
}

/** It goes with the engine. */
function mountDisk(folder: string, bytes: number): void {
  mkdirSync(folder, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=0711`, 'tmpfs', folder]);
}

/** Without a bridge of its own, dockerd would take docker0; told to have none, it removes docker0, whosever it is. */
function onBridge(name: string): readonly string[] {
  const net = `10.215.${process.pid % 256}.1/24`;
  const made = `ip link add ${name} type bridge && ip address add ${net} dev ${name} && ip link set ${name} up`;
  return ['sh', '-c', `ip link show ${name} || { ${made}; } && exec "$@"`, 'dockerd'];
}

/** Whether its containers outlive it. Containers that run stay. */
export async function setLiveRestore(own: OwnEngine, isOn: boolean): Promise<void> {
  await writeFile(own.settings, JSON.stringify({ 'live-restore': isOn }));
  process.kill(Number(await readFile(join(own.folder, 'pid'), 'utf8')), 'SIGHUP');
  await until('the engine has read its settings', async () => {
    const info = await own.engine.info();
    return 'LiveRestoreEnabled' in info && info.LiveRestoreEnabled === isOn;
  });
}
