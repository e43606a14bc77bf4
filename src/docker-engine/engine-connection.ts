import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { EngineAddress } from './engine-address.ts';
import { describeAddress } from './engine-address.ts';
import { EngineAgent } from './engine-agent.ts';
import type { Answered, EngineCall } from './engine-call.ts';
import { nameOfCall, readBody, sendCall } from './engine-call.ts';
import { EngineError, refusal } from './engine-errors.ts';
import type { EngineVersion } from './engine-shapes.ts';
import { parseAnswer, parseMessage, parseMessages } from './parse-engine.ts';

/** Lotse speaks any version between these; what it uses has not changed in them. */
const oldest = '1.41';
const newest = '1.51';

/**
 * HTTP to one engine, in the newest version of the API that both know (the engine's documentation: "Engine API",
 * versioning). Nothing is connected before the first call, and an engine that goes away and comes back as another version
 * is asked anew.
 */
export class EngineConnection {
  readonly address: EngineAddress;
  /** The address, for messages. */
  readonly name: string;
  readonly #kept: EngineAgent;
  readonly #fresh: EngineAgent;
  #version: Promise<EngineVersion & { readonly spoken: string }> | null = null;

  constructor(address: EngineAddress) {
    this.address = address;
    this.name = describeAddress(address);
    this.#kept = new EngineAgent(address, true);
    this.#fresh = new EngineAgent(address, false);
  }

  /** Answers with the whole body. Errors: those of `EngineError`, `cancelled`. */
  async call<T>(call: EngineCall): Promise<T> {
    const response = await this.stream(call);
    return parseAnswer<T>(await readBody(response, this.name, call));
  }

  /** Like `call`, for what answers with nothing; false: the engine says that it was so already (304). */
  async order(call: EngineCall): Promise<boolean> {
    const response = await this.stream(call);
    await readBody(response, this.name, call);
    return response.statusCode !== 304;
  }

  /** Answers when the head is there and good; the caller reads the body. */
  async stream(call: EngineCall): Promise<IncomingMessage> {
    const answered = await this.#send(call);
    if ('upgraded' in answered) {
      answered.upgraded.destroy();
      throw new EngineError('failed', `Docker answered ${nameOfCall(call)} with another protocol.`);
    }
    return await this.#check(answered.response, call);
  }

  /** A stream of JSON values. A failure that is told inside it is thrown. */
  async *messages<T>(call: EngineCall): AsyncGenerator<T> {
    yield* parseMessages<T>(await this.stream(call), this.name, nameOfCall(call));
  }

  /** The connection itself, after the engine has agreed to talk another protocol on it (101). */
  async upgrade(call: EngineCall): Promise<Duplex> {
    const answered = await this.#send(call);
    if ('upgraded' in answered) return answered.upgraded;
    await this.#check(answered.response, call);
    answered.response.destroy();
    throw new EngineError('failed', `Docker did not change the protocol for ${nameOfCall(call)}.`);
  }

  /** What the engine says of itself; `spoken` is the version of the API that is used with it. */
  async version(): Promise<EngineVersion & { readonly spoken: string }> {
    this.#version ??= this.#negotiate();
    try {
      return await this.#version;
    } catch (error) {
      this.#version = null;
      throw error;
    }
  }

  /** Ends connections that are kept. Calls under way go on. */
  close(): void {
    this.#kept.destroy();
  }

  async #negotiate(): Promise<EngineVersion & { readonly spoken: string }> {
    const call = { method: 'GET', path: '/version', timeoutMs: 10_000 } as const;
    const answered = await sendCall(this.#fresh, this.name, call.path, call);
    if ('upgraded' in answered) throw new EngineError('failed', `What answers at ${this.name} is no Docker engine.`);
    const response = await this.#check(answered.response, call);
    const version = parseAnswer<EngineVersion>(await readBody(response, this.name, call));
    const spoken = lower(newest, version.ApiVersion);
    if (spoken !== oldest && lower(spoken, oldest) === spoken) {
      throw new EngineError(
        'too-old',
        `Docker ${version.Version} at ${this.name} speaks API ${version.ApiVersion}; Lotse needs ${oldest} or newer.`,
      );
    }
    return { ...version, spoken };
  }

  /**
   * Only what changes nothing goes over a kept connection, and is repeated when just that one was closed meanwhile: of
   * anything else nobody could say whether it has happened.
   */
  async #send(call: EngineCall): Promise<Answered> {
    const { spoken } = await this.version();
    const path = `/v${spoken}${call.path}`;
    const isRead = call.method === 'GET' || call.method === 'HEAD';
    try {
      if (!isRead) return await sendCall(this.#fresh, this.name, path, call);
      return await sendCall(this.#kept, this.name, path, call).catch(async (error: unknown) => {
        if (!(error instanceof EngineError) || error.failure !== 'closed') throw error;
        return await sendCall(this.#fresh, this.name, path, call);
      });
    } catch (error) {
      if (error instanceof EngineError && error.failure !== 'late') this.#version = null;
      throw error;
    }
  }

  async #check(response: IncomingMessage, call: EngineCall): Promise<IncomingMessage> {
    const status = response.statusCode ?? 0;
    if (status < 400) return response;
    const text = parseMessage(await readBody(response, this.name, call));
    if (/client version .* is too (?:new|old)/i.test(text)) this.#version = null;
    throw refusal(status, text === '' ? `HTTP ${status}` : text, nameOfCall(call));
  }
}

/** Of two versions like `1.41`. */
function lower(one: string, other: string): string {
  return one.localeCompare(other, 'en', { numeric: true }) <= 0 ? one : other;
}
