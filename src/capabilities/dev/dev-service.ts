import type { Address } from '../../core/routing-document.ts';
import { toLotseError } from '../../core/errors.ts';
import type { RevisionId, Scope } from '../../core/ids.ts';
import type { Target, TargetSlot, Variables } from '../../ports/targets/targets.ts';
import type { ServiceDefinition } from '../../rollout/release.ts';
import type { DevEvent } from './dev-events.ts';
import { stopAndWait, workingTree } from './stop-slots.ts';

/** A service as it should run. */
export interface WantedService {
  readonly definition: ServiceDefinition;
  readonly variables: Variables;
  readonly storeFolders: readonly string[];
}

/** `coming`: it starts, or starts again. `down`: it ended, and waits for a change. */
export type ServicePhase = 'coming' | 'up' | 'down';

export interface ServiceSurroundings {
  readonly scope: Scope;
  readonly target: Target;
  readonly newRevision: () => RevisionId;
  /** Addresses that the proxy still names. */
  readonly named: () => readonly Address[];
  readonly report: (event: DevEvent) => void;
  /** What is known has changed: traffic follows. Never rejects. */
  readonly onTurn: () => Promise<void>;
  readonly signal: AbortSignal;
}

/** Keeps one service of the working tree as it was last wanted: each wish stops what runs and starts it anew. */
export class DevService {
  readonly name: string;
  readonly #around: ServiceSurroundings;
  #wanted: WantedService | null = null;
  #because: readonly string[] = [];
  #generation = 0;
  #fulfilled = 0;
  #turn: Promise<void> = Promise.resolve();
  #isTurning = false;
  #revision: RevisionId | null = null;
  #phase: ServicePhase = 'coming';
  #comingSinceMs = performance.now();
  #slots: readonly TargetSlot[] = [];
  #note: string | null = null;

  constructor(name: string, around: ServiceSurroundings) {
    this.name = name;
    this.#around = around;
  }

  get wanted(): WantedService | null {
    return this.#wanted;
  }

  get phase(): ServicePhase {
    return this.#phase;
  }

  /** For how long it has been starting, in milliseconds. */
  get comingForMs(): number {
    return performance.now() - this.#comingSinceMs;
  }

  /** Slots of what was started last. */
  get slots(): readonly TargetSlot[] {
    return this.#slots;
  }

  /** Starts it, starts it again, or (null) stops it for good. Resolves when the latest wish was ordered. */
  async want(wanted: WantedService | null, because: readonly string[]): Promise<void> {
    this.#wanted = wanted;
    this.#because = because;
    this.#generation += 1;
    this.#turn = this.#turn.then(() => this.#fulfil());
    await this.#turn;
  }

  /** Resolves when nothing is being stopped or started any more. */
  async settled(): Promise<void> {
    await this.#turn;
  }

  /** Takes in what the target sees of it. */
  see(all: readonly TargetSlot[]): void {
    if (this.#isTurning || this.#revision === null) return;
    const slots = all.filter((slot) => slot.revision === this.#revision && slot.service === this.name);
    if (slots.length === 0) return; // ordered this very moment
    this.#slots = slots;
    const ended = slots.find((slot) => slot.state === 'gave-up');
    if (ended !== undefined) return this.#goDown(howItEnded(ended.note), ended.logTail);
    if (slots.every((slot) => slot.state === 'ready')) this.#comeUp();
    this.#remark(slots.find((slot) => slot.note !== null)?.note ?? null);
  }

  /** Several wishes at once are one turn: the latest counts. */
  async #fulfil(): Promise<void> {
    const generation = this.#generation;
    const { signal } = this.#around;
    if (generation === this.#fulfilled || signal.aborted) return;
    this.#isTurning = true;
    try {
      await this.#stop();
      if (generation !== this.#generation || signal.aborted) return; // a newer wish comes next
      this.#fulfilled = generation;
      if (this.#wanted !== null) await this.#start(this.#wanted);
    } catch (thrown) {
      const { message, hint } = toLotseError(thrown);
      this.#goDown([message, hint].filter((words) => words !== undefined).join(' '), []);
    } finally {
      this.#isTurning = false;
    }
  }

  async #stop(): Promise<void> {
    this.#note = null;
    this.#phase = 'coming';
    this.#comingSinceMs = performance.now();
    const turned = this.#around.onTurn();
    if (this.#revision !== null) await turned; // new requests wait before it is told to end
    if (this.#wanted !== null) this.#around.report({ event: 'starting', service: this.name, because: this.#because });
    if (this.#revision === null) return;
    const { scope, target } = this.#around;
    await stopAndWait(target, scope, [{ revision: this.#revision, service: this.name }]);
    this.#revision = null;
    this.#slots = [];
  }

  async #start({ definition, variables, storeFolders }: WantedService): Promise<void> {
    const { scope, target, newRevision, named } = this.#around;
    const revision = newRevision();
    await target.ensure({
      ...scope,
      revision,
      ...workingTree,
      definition,
      slots: definition.instances,
      claim: definition.readsClaim ? 'all' : null,
      variables,
      storeFolders,
      avoid: named(),
    });
    this.#revision = revision;
  }

  #comeUp(): void {
    if (this.#phase === 'up') return;
    this.#phase = 'up';
    this.#around.report({ event: 'up', service: this.name, afterMs: Math.round(this.comingForMs) });
  }

  #goDown(how: string, tail: readonly string[]): void {
    if (this.#phase === 'down') return;
    this.#phase = 'down';
    this.#around.report({ event: 'crashed', service: this.name, revision: this.#revision, how, tail });
  }

  #remark(note: string | null): void {
    if (note === null || note === this.#note) return;
    this.#note = note;
    this.#around.report({ event: 'note', service: this.name, text: note });
  }
}

/** The target counts attempts and says why it gives up; here each start has one attempt. */
function howItEnded(note: string | null): string {
  return (note ?? 'It ended.').replace(/^Attempt \d+ /, '').replace(/ Given up: .*$/s, '');
}
