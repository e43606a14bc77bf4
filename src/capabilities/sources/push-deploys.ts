import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { LotseError, sayError, toLotseError } from '../../core/errors.ts';
import type { Actor } from '../../core/events.ts';
import type { Scope } from '../../core/ids.ts';
import type { Secret } from '../../core/secret.ts';
import { buildPlace } from '../../manifest/names.ts';
import type { Repositories, Repository } from '../../ports/repositories/repositories.ts';
import type { Delivery, DeliveryRows } from './delivery-rows.ts';
import { parseAddress } from './source-address.ts';
import { actorOf } from './source-events.ts';
import type { Source } from './source.ts';

/** A commit on its way. */
export interface PushedCommit extends Scope {
  /** Of this machine. */
  readonly tar: string;
  readonly commit: string;
  readonly branch: string;
  readonly subject: string;
  readonly by: Actor;
  readonly reason: string;
}

export interface DeployProgress {
  readonly note: string;
  readonly release?: string;
  readonly rollout?: string;
}

export interface PushDeployParts {
  readonly rows: DeliveryRows;
  readonly find: (app: string, name: string) => Promise<Source | null>;
  readonly repositories: Repositories;
  /** The value of a secret; null: there is none. */
  readonly secret: (scope: Scope, name: string) => Promise<Secret | null>;
  /** Builds a commit and brings it to its environment; resolves when it is live there. The same commit again joins what is under way. */
  readonly deploy: (
    commit: PushedCommit,
    tell: (progress: DeployProgress) => Promise<void>,
    signal: AbortSignal,
  ) => Promise<void>;
  /** Where tars lie for a moment. */
  readonly folder: string;
  readonly newId: () => string;
  readonly log: (about: object) => void;
  /** Before each further try of what may pass by itself. */
  readonly pausesMs?: readonly number[];
}

const usualPausesMs: readonly number[] = [5_000, 30_000, 120_000];

/**
 * Deploys what was pushed: reads from the repository itself where the branch stands now, builds that commit, and follows it
 * until it is live. Nothing is lost with the control plane: the next one begins anew, and joins what is under way.
 */
export class PushDeploys {
  readonly #parts: PushDeployParts;
  readonly #closing = new AbortController();
  readonly #running = new Map<string, { readonly leave: AbortController; readonly ended: Promise<void> }>();
  #look: Promise<void>;

  constructor(parts: PushDeployParts) {
    this.#parts = parts;
    // What a control plane that was killed has left.
    this.#look = rm(parts.folder, { recursive: true, force: true }).catch((error: unknown) => this.#log(error));
  }

  /** Takes up what is not over, and leaves what a newer push has taken the place of. */
  look(): Promise<void> {
    this.#look = this.#look.then(() => this.#lookOnce()).catch((error: unknown) => this.#log(error));
    return this.#look;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#look;
    await Promise.all([...this.#running.values()].map(({ ended }) => ended));
  }

  async #lookOnce(): Promise<void> {
    const open = await this.#parts.rows.open();
    for (const [id, { leave }] of this.#running) if (!open.some((each) => each.id === id)) leave.abort();
    for (const delivery of open) {
      if (this.#running.has(delivery.id) || this.#closing.signal.aborted) continue;
      const leave = new AbortController();
      const signal = AbortSignal.any([leave.signal, this.#closing.signal]);
      const ended = this.#run(delivery, signal)
        .catch((error: unknown) => this.#log(error))
        .finally(() => this.#running.delete(delivery.id));
      this.#running.set(delivery.id, { leave, ended });
    }
  }

  async #run(delivery: Delivery, signal: AbortSignal): Promise<void> {
    const { rows, find } = this.#parts;
    const source = await find(delivery.app, delivery.source);
    if (source === null) return;
    try {
      await this.#deploy(source, delivery.id, signal);
      if (!signal.aborted) await rows.deployed(source, await this.#current(delivery));
    } catch (error) {
      // Left: by a control plane that closes, or for a newer push.
      if (signal.aborted) return;
      await rows.failed(
        source,
        await this.#current(delivery),
        toLotseError(error).code,
        sayError(error).slice(0, 1000),
      );
    }
  }

  async #current(delivery: Delivery): Promise<Delivery> {
    return (await this.#parts.rows.find(delivery.id)) ?? delivery;
  }

  async #deploy(source: Source, id: string, signal: AbortSignal): Promise<void> {
    const { rows, folder, deploy, newId } = this.#parts;
    const { app, name, branch, environment } = source;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const tar = join(folder, `${newId()}.tar`);
    try {
      await rows.progress(id, { note: `fetching ${branch}` });
      const { commit, subject } = await this.#patiently(id, () => this.#fetch(source, tar, signal), signal);
      await rows.progress(id, { note: 'building', commit });
      const pushed = {
        app,
        environment,
        tar,
        commit,
        branch,
        subject,
        by: actorOf(source),
        reason: `push to ${branch} (${name})`,
      };
      await deploy(pushed, (progress) => rows.progress(id, progress), signal);
    } finally {
      await rm(tar, { force: true });
    }
  }

  async #fetch(source: Source, tar: string, signal: AbortSignal) {
    const { repositories } = this.#parts;
    const repository: Repository = { address: source.address, login: await this.#login(source) };
    const head = await repositories.fetch(repository, source.branch, signal);
    await repositories.pack(repository, { commit: head.commit, folder: source.folder, file: tar }, signal);
    return head;
  }

  /** A key for ssh, a token for the web. */
  async #login({ app, address, token, key }: Source): Promise<Repository['login']> {
    const kind = parseAddress(address).isWeb ? 'token' : 'key';
    const name = kind === 'token' ? token : key;
    if (name === null) return null;
    const value = await this.#parts.secret({ app, environment: buildPlace }, name);
    if (value !== null) return { kind, value };
    const hint = `Give it one: \`lotse secret set ${name} ${buildPlace}\`.`;
    throw new LotseError('not-found', `${name} has no value, so the repository cannot be opened`, { hint });
  }

  async #patiently<T>(id: string, action: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (const pauseMs of this.#parts.pausesMs ?? usualPausesMs) {
      try {
        return await action();
      } catch (error) {
        const { retriable, message, details } = toLotseError(error);
        if (!retriable || signal.aborted) throw error;
        await this.#parts.rows.progress(id, {
          note: `is tried again: ${[message, ...details].join(' ')}`.slice(0, 1000),
        });
        await wait(pauseMs, undefined, { signal });
      }
    }
    return await action();
  }

  #log(error: unknown): void {
    this.#parts.log({ during: 'deploying what was pushed', error: toLotseError(error).message });
  }
}
