import { LotseError, toLotseError } from '../core/errors.ts';
import type { ReleaseId, Scope, UnixMs } from '../core/ids.ts';
import { namesRelease, queryFor, type SignalQuery, type SignalQuestion } from '../ports/signals/signals.ts';
import type { SignalReading } from '../rollout/judge/judgement.ts';
import type { Plan } from '../rollout/plan.ts';
import { jobOrder } from './orders.ts';
import type { EngineParts } from './parts.ts';

const readIntervalMs = 15_000;
/** How long the job of a signal may take, in milliseconds. */
const jobMs = 10_000;

/** Reads a rollout's signals beside its loop: nobody waits for them, and what comes is taken by the next look. */
export class SignalReadings {
  readonly #parts: EngineParts;
  readonly #plan: Plan;
  readonly #scope: Scope;
  readonly #ended = new AbortController();
  #queries: readonly SignalQuery[] | null = null;
  #askedAt: UnixMs | null = null;
  #isAsking = false;
  #number = 0;
  #waiting: SignalReading[] = [];
  /** By signal: the last problem, which is told once. */
  readonly #problems = new Map<string, string>();

  constructor(parts: EngineParts, plan: Plan) {
    this.#parts = parts;
    this.#plan = plan;
    this.#scope = { app: plan.app, environment: plan.environment };
  }

  /** What has come since it was taken last. */
  take(): readonly SignalReading[] {
    return this.#waiting.splice(0);
  }

  /** Asks when it is time. */
  follow(): void {
    const now = this.#parts.clock.now();
    const sinceMs = this.#askedAt === null ? Infinity : now - this.#askedAt;
    if (this.#isAsking || (sinceMs >= 0 && sinceMs < readIntervalMs)) return;
    this.#askedAt = now;
    this.#isAsking = true;
    // Job keys never come twice, also after a restart.
    this.#number = Math.max(this.#number + 1, Math.floor(now / 1_000));
    void this.#readAll().finally(() => (this.#isAsking = false));
  }

  close(): void {
    this.#ended.abort();
  }

  async #readAll(): Promise<void> {
    try {
      this.#queries ??= await this.#parts.bindings.signals(this.#plan);
    } catch (error) {
      return this.#tell('the signals', error);
    }
    await Promise.all(this.#queries.map((query) => this.#readOne(query)));
  }

  async #readOne(query: SignalQuery): Promise<void> {
    const { to, before } = this.#plan;
    const oldRelease = before.kind === 'revision' && namesRelease(query.source) ? before.release : null;
    const [fresh, old] = await Promise.all([
      this.#ask(query, to.release, 'new'),
      oldRelease === null ? null : this.#ask(query, oldRelease, 'old'),
    ]);
    const hasOtherCause = (await query.hasOtherCause?.()) ?? false;
    if (this.#ended.signal.aborted) return;
    const reading = { signal: query.signal, at: this.#parts.clock.now(), new: fresh, old };
    this.#waiting.push(hasOtherCause ? { ...reading, hasOtherCause: true } : reading);
  }

  /** A problem is no verdict: it reads as no number. */
  async #ask({ signal, source }: SignalQuery, release: ReleaseId, side: 'new' | 'old'): Promise<number | null> {
    const name = `the signal ${signal} of ${release}`;
    try {
      const question = await this.#questionFor(source, release, `${signal}/${side}`);
      const value = await this.#parts.signals.read(question, this.#ended.signal);
      this.#problems.delete(name);
      return value;
    } catch (error) {
      this.#tell(name, error);
      return null;
    }
  }

  async #questionFor(source: SignalQuery['source'], release: ReleaseId, name: string): Promise<SignalQuestion> {
    if (source.kind === 'prometheus') return { ...source, query: queryFor(source.query, release) };
    const { bindings } = this.#parts;
    const { app, environment, rollout, to } = this.#plan;
    const wanted = {
      key: `${app}/${environment}/${rollout}/signal/${this.#number}/${name}`,
      revision: await bindings.revision(this.#scope, to.revision),
      definition: { job: 'signal', argv: source.argv, root: source.root, withinMs: jobMs },
      variables: { LOTSE_SIGNAL_RELEASE: release },
    };
    return { kind: 'job', job: await jobOrder(bindings, this.#scope, wanted) };
  }

  #tell(during: string, error: unknown): void {
    const { message } = toLotseError(error);
    if (this.#ended.signal.aborted || this.#problems.get(during) === message) return;
    this.#problems.set(during, message);
    const { app, environment } = this.#plan;
    const told = error instanceof LotseError ? error : toLotseError(error);
    this.#parts.log({ environment: `${app}/${environment}`, during: `reading ${during}`, error: told });
  }
}
