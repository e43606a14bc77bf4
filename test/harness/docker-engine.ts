import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, openSync, closeSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DockerEngine } from '../../src/docker-engine/docker-engine.ts';
import type { EngineAddress } from '../../src/docker-engine/engine-address.ts';
import { baseImage } from './docker-base-image.ts';
import type { KeeperOptions, KeeperOrder, KeeperWord } from './docker-engine-keeper.ts';

const keeperProgram = fileURLToPath(new URL('docker-engine-keeper.ts', import.meta.url));
const repository = fileURLToPath(new URL('../../', import.meta.url));
const needed = ['dockerd', 'containerd', 'runc', 'docker-init', 'iptables'];

/** An engine for tests, or why there is none on this machine. Either way `skip` goes into the options of a test. */
export type FoundEngine =
  | { readonly skip: string }
  | {
      readonly skip: false;
      readonly address: EngineAddress & { readonly kind: 'socket' };
      readonly engine: DockerEngine;
      /** Only a private one may be stopped, filled or killed, and even that one is shared with other test files. */
      readonly isPrivate: boolean;
    };

/**
 * The engine of this test run: one that is reachable (`DOCKER_HOST`, the usual socket) and has the base image or can pull
 * it, else a private one, which is installed where needed and started by the first test that asks, shared by all others,
 * and ended when the last process that uses it has ended. Tests name what they make so that they do not meet each other,
 * and remove it: a reachable engine may be somebody's own.
 */
export async function findTestEngine(): Promise<FoundEngine> {
  const foreign = await findForeign();
  if (foreign !== null) return foreign;
  const path = await bringPrograms();
  if (typeof path !== 'string') return path;
  const folder = join(tmpdir(), 'lotse-test-engine');
  const kept = await keepEngine({
    ...{ folder, searchPath: path, address: folder, lingerMs: 5000, withBaseImage: true, isShared: true },
  });
  if ('problem' in kept) return skipped(kept.problem);
  return { skip: false, isPrivate: true, ...clientOf(join(folder, 'sock')) };
}

export interface KeptEngine {
  /** Answers when it is done; an error says what dockerd said. */
  readonly order: (order: KeeperOrder) => Promise<void>;
  /** The engine goes when nobody else is connected. The end of this process does the same. */
  readonly release: () => void;
}

/** Connects to the keeper of this address, which is started when there is none. The connection does not hold the process. */
export async function keepEngine(options: KeeperOptions): Promise<KeptEngine | { readonly problem: string }> {
  const { socket, nextWord, first } = await reachKeeper(options);
  if ('problem' in first) {
    socket.destroy();
    return first;
  }
  socket.unref();
  return {
    order: async (order) => {
      socket.ref();
      socket.write(`${order}\n`);
      const word = await nextWord();
      socket.unref();
      if ('problem' in word) throw new Error(word.problem);
    },
    release: () => void socket.destroy(),
  };
}

/** PATH with all programs that an engine needs, or why it cannot run here. */
export async function bringPrograms(): Promise<string | { readonly skip: string }> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    return skipped('no Docker engine is reachable, and only root on Linux can start one');
  }
  // Plain JavaScript, because set-up runs before there is a compiler.
  const setup: {
    readonly systemPackages: readonly { readonly command: string }[];
    readonly pathWithTools: (root: string, path: string) => string;
    readonly missingPackages: (path: string, packages: readonly unknown[]) => readonly unknown[];
    readonly installSystemPackages: (root: string, missing: readonly unknown[]) => Promise<readonly unknown[]>;
  } = await import(join(repository, 'scripts/setup/system-packages.mjs'));
  const path = setup.pathWithTools(repository, process.env['PATH'] ?? '');
  const packages = setup.systemPackages.filter(({ command }) => needed.includes(command));
  const missing = setup.missingPackages(path, packages);
  if (missing.length === 0) return path;
  const still = await setup.installSystemPackages(repository, missing).catch(() => missing);
  return still.length === 0 ? path : skipped('Docker is not there and could not be installed');
}

function skipped(why: string): { readonly skip: string } {
  return { skip: why };
}

function clientOf(path: string) {
  const address = { kind: 'socket', path } as const;
  return { address, engine: new DockerEngine(address) };
}

async function findForeign(): Promise<FoundEngine | null> {
  const host = process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock';
  const path = host.replace(/^unix:\/\//, '');
  if (!host.startsWith('unix://') || !existsSync(path)) return null;
  const { address, engine } = clientOf(path);
  const answers = await engine.ping(5000).then(
    () => true,
    () => false,
  );
  if (!answers) return null;
  try {
    const isThere = await engine.images.list({ reference: [baseImage] });
    if (isThere.length === 0) for await (const _ of engine.images.pull(baseImage, null));
    return { skip: false, address, engine, isPrivate: false };
  } catch (error) {
    return skipped(`the Docker engine at ${host} has no ${baseImage}: ${error instanceof Error ? error.message : ''}`);
  }
}

const hasEnded: KeeperWord = { problem: 'the keeper of the Docker engine has ended' };

/** Answers with the first word of a keeper that stays: one that is just ending sends everybody away. */
async function reachKeeper(options: KeeperOptions) {
  for (let tries = 0, startAt = 0; tries < 300; tries++) {
    const socket = connect({ path: `\0${options.address}` });
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    if (isOpen) {
      const nextWord = wordsOf(socket);
      const first = await nextWord();
      if (first !== hasEnded) return { socket, nextWord, first };
    } else if (tries >= startAt) {
      startKeeper(options);
      startAt = tries + 40;
    }
    await pause(100);
  }
  throw new Error('the keeper of the Docker engine could not be reached');
}

/** In a session of its own: it has to outlive this process by a moment, to clean up. */
function startKeeper(options: KeeperOptions): void {
  mkdirSync(tmpdir(), { recursive: true });
  const log = openSync(`${options.folder}.keeper.log`, 'a');
  const child = spawn(process.execPath, [keeperProgram, JSON.stringify(options)], {
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  child.unref();
}

function wordsOf(socket: Socket): () => Promise<KeeperWord> {
  const words: KeeperWord[] = [];
  const waiting: ((word: KeeperWord) => void)[] = [];
  const hear = (word: KeeperWord): void => {
    const next = waiting.shift();
    if (next === undefined) words.push(word);
    else next(word);
  };
  createInterface({ input: socket })
    .on('line', (line) => hear(JSON.parse(line)))
    .on('error', () => undefined); // What the socket says; its end is heard below.
  socket.once('close', () => hear(hasEnded));
  return async () => words.shift() ?? (await new Promise<KeeperWord>((resolve) => waiting.push(resolve)));
}
