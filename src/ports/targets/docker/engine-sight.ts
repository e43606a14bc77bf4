import { sayError } from '../../../core/errors.ts';
import { DockerEngine } from '../../../docker-engine/docker-engine.ts';
import { EngineError } from '../../../docker-engine/engine-errors.ts';

const patienceMs = 5000;
const shortPatienceMs = 1000;

/** Whether the engine can be asked now, as the latest calls have shown. */
export class EngineSight {
  readonly #engine: DockerEngine;
  readonly #place: string;
  #problem: string | null = null;

  /** `place`: in front of what people are told, where one engine is not the only one. */
  constructor(engine: DockerEngine, place = '') {
    this.#engine = engine;
    this.#place = place;
  }

  /** A sentence for people; null: it answers. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Null instead of an error when the engine could not be asked; other errors pass. */
  async tryToSee<T>(call: () => Promise<T>): Promise<T | null> {
    try {
      const seen = await this.#soon(call());
      this.#problem = null;
      return seen;
    } catch (error) {
      if (!isOutOfSight(error)) throw error;
      this.#problem = `${this.#place}${sayError(error)}`;
      return null;
    }
  }

  /**
   * Whether it takes new connections. One that is told to end closes its door first, and still answers those that are
   * inside.
   */
  async isOpen(): Promise<boolean> {
    const visitor = new DockerEngine(this.#engine.connection.address);
    return (await this.tryToSee(() => visitor.version()).catch(() => null)) !== null;
  }

  /** One that did not answer a moment ago is not waited for again as long. */
  #soon<T>(call: Promise<T>): Promise<T> {
    const limitMs = this.#problem === null ? patienceMs : shortPatienceMs;
    const { name } = this.#engine.connection;
    return new Promise((resolve, reject) => {
      const late = new EngineError('late', `The Docker engine at ${name} did not answer within ${limitMs / 1000} s.`);
      const timer = setTimeout(() => reject(late), limitMs);
      call.then(resolve, reject).finally(() => clearTimeout(timer));
    });
  }
}

/** Nobody knows what the engine would have said. */
export function isOutOfSight(error: unknown): boolean {
  if (!(error instanceof EngineError)) return false;
  switch (error.failure) {
    case 'absent':
    case 'closed':
    case 'late':
    case 'forbidden':
    case 'too-old':
      return true;
    case 'bad-request':
    case 'not-found':
    case 'conflict':
    case 'no-space':
    case 'no-memory':
    case 'port-taken':
    case 'registry':
    case 'failed':
      return false;
  }
}

export function isFailure(error: unknown, failure: EngineError['failure']): boolean {
  return error instanceof EngineError && error.failure === failure;
}
