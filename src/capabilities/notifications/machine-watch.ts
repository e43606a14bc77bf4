import { setTimeout as wait } from 'node:timers/promises';
import { statfs } from 'node:fs/promises';
import { toLotseError } from '../../core/errors.ts';
import type { Scope, UnixMs } from '../../core/ids.ts';
import { formatSizeRoughly } from '../../core/quantities.ts';
import type { Engine } from '../../engine/engine.ts';
import type { Telling } from './notification.ts';

interface MachineWatchParts {
  readonly engine: Pick<Engine, 'view' | 'slots'>;
  readonly scopes: () => Promise<readonly Scope[]>;
  /** Which proxy process answers: another name for each start. */
  readonly proxyStart: () => Promise<string>;
  /** On the disk that is watched. */
  readonly stateDir: string;
  readonly tell: (scope: Scope, telling: Telling) => Promise<void>;
  readonly now: () => UnixMs;
  readonly log: (about: object) => void;
}

const lookEveryMs = 5_000;
/** Less than either of them is told. */
const leastPart = 0.05;
const leastBytes = 1_000_000_000;
/** So many starts of the proxy within this time are too many. */
const proxyStarts = { most: 3, withinMs: 600_000 };

/** What no event tells: instances that gave up, a disk that fills, a proxy that ends again and again. */
export class MachineWatch {
  readonly #parts: MachineWatchParts;
  readonly #closing = new AbortController();
  readonly #told = new Set<string>();
  #starts: readonly { readonly name: string; readonly at: UnixMs }[] = [];
  #loop: Promise<void> = Promise.resolve();

  constructor(parts: MachineWatchParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#loop = this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#loop;
  }

  /** One look at everything. */
  async look(): Promise<void> {
    const scopes = await this.#parts.scopes();
    for (const scope of scopes) await this.#lookAtSlots(scope);
    const apps = new Map(scopes.map((scope) => [scope.app, scope]));
    await this.#lookAtDisk([...apps.values()]);
    await this.#lookAtProxy([...apps.values()]);
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.look().catch((error: unknown) =>
        this.#parts.log({ during: 'watching the machine', error: toLotseError(error).message }),
      );
      await wait(lookEveryMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Of what serves. A release that is on its way says so by the end of its rollout. */
  async #lookAtSlots(scope: Scope): Promise<void> {
    const { environment } = this.#parts.engine.view(scope);
    if (environment.serving === null) return;
    for (const { revision, service, slot, attempt, state, note } of this.#parts.engine.slots(scope)) {
      if (state !== 'gave-up' || revision !== environment.serving.revision) continue;
      const id = `gave-up/${revision}/${service}/${slot}/${attempt}`;
      await this.#tellOnce([scope], `instance/${revision}/${service}`, id, 'gave-up', { service, why: note ?? '' });
    }
  }

  /** Once a day while it is so. */
  async #lookAtDisk(scopes: readonly Scope[]): Promise<void> {
    const { bavail, blocks, bsize } = await statfs(this.#parts.stateDir);
    if (bavail >= blocks * leastPart && bavail * bsize >= leastBytes) return;
    const day = new Date(this.#parts.now()).toISOString().slice(0, 10);
    const data = { folder: this.#parts.stateDir, free: formatSizeRoughly(bavail * bsize) };
    await this.#tellOnce(scopes, 'disk', `disk/${day}`, 'disk-low', data);
  }

  async #lookAtProxy(scopes: readonly Scope[]): Promise<void> {
    const name = await this.#parts.proxyStart().catch(() => null);
    const now = this.#parts.now();
    if (name === null || this.#starts.at(-1)?.name === name) return;
    const since = now - proxyStarts.withinMs;
    this.#starts = [...this.#starts.filter(({ at }) => at > since), { name, at: now }];
    // The first one is the one that was there already.
    if (this.#starts.length <= proxyStarts.most) return;
    await this.#tellOnce(scopes, 'proxy', `proxy/${name}`, 'proxy-restarts', { count: `${this.#starts.length}` });
  }

  async #tellOnce(
    scopes: readonly Scope[],
    story: string,
    id: string,
    kind: Telling['fact']['kind'],
    data: Telling['fact']['data'],
  ): Promise<void> {
    if (this.#told.has(id)) return;
    for (const scope of scopes)
      await this.#parts.tell(scope, { story, fact: { id, kind, at: this.#parts.now(), data } });
    this.#told.add(id);
  }
}
