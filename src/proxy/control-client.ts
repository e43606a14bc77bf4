import net from 'node:net';
import { resolve } from 'node:path';
import { isErrorCode, LotseError } from '../core/errors.ts';
import type { EpochCounters, ProxyStatus, RoutingDocument } from '../core/routing-document.ts';
import { BodyReader } from './framing/body-reader.ts';
import { HeadCollector } from './framing/head-collector.ts';
import { readResponseHead } from './framing/response-head.ts';
import { defaultLimits } from './limits.ts';
import { signProbe } from './probe-signature.ts';
import type { ProbeRequest } from './probe-signature.ts';
import { controlSocketPath } from './state-folder.ts';

export interface PutDocumentResult {
  readonly fence: number;
  readonly version: number;
  /** What could not be done although the document is in force: `port-taken: port 80 on 0.0.0.0 is …`. */
  readonly problems: readonly string[];
}

export interface CallOptions {
  /** How long to wait for the answer, in milliseconds. */
  readonly timeoutMs?: number;
}

const defaultTimeoutMs = 10_000;

/**
 * The control protocol of a running proxy, over the unix socket in its state folder. Every call opens a connection of
 * its own. Errors: `unreachable` (no proxy answers there), `timeout`, and what the proxy itself says. All calls may be
 * repeated.
 */
export class ProxyControl {
  readonly stateDir: string;
  readonly #socketPath: string;

  /** Error: `bad-input` when the state folder's path is too long for a socket. */
  constructor(stateDir: string) {
    this.stateDir = resolve(stateDir);
    this.#socketPath = controlSocketPath(this.stateDir);
  }

  /**
   * Brings a document into force; returns when every proxy worker has confirmed it. Errors: `fenced-off` when the proxy
   * has a newer one, `bad-input`, `disk-full`.
   */
  async putDocument(document: RoutingDocument, options: CallOptions = {}): Promise<PutDocumentResult> {
    return this.#call<PutDocumentResult>('PUT', '/document', document, options);
  }

  /** The document in force, null before the first. */
  async document(options: CallOptions = {}): Promise<RoutingDocument | null> {
    return (await this.#call<{ document: RoutingDocument | null }>('GET', '/document', undefined, options)).document;
  }

  async status(options: CallOptions = {}): Promise<ProxyStatus> {
    return this.#call<ProxyStatus>('GET', '/status', undefined, options);
  }

  /** Closed epochs that were not acknowledged yet, then the open ones. */
  async counters(options: CallOptions = {}): Promise<readonly EpochCounters[]> {
    return (await this.#call<{ counters: readonly EpochCounters[] }>('GET', '/counters', undefined, options)).counters;
  }

  /** The proxy may forget these closed epochs. Open ones stay. */
  async acknowledge(
    epochs: readonly Pick<EpochCounters, 'app' | 'environment' | 'epoch' | 'proxyStart'>[],
    options: CallOptions = {},
  ): Promise<void> {
    const names = epochs.map(({ app, environment, epoch, proxyStart }) => ({ app, environment, epoch, proxyStart }));
    await this.#call('POST', '/counters/acknowledge', { epochs: names }, options);
  }

  /** Heads that are not named stay as they were. */
  async putJournalHeads(heads: ProxyStatus['journalHeads'], options: CallOptions = {}): Promise<void> {
    await this.#call('PUT', '/journal-heads', heads, options);
  }

  /** Prometheus text. */
  async metrics(options: CallOptions = {}): Promise<string> {
    return this.#call<string>('GET', '/metrics', undefined, options);
  }

  /** Returns when new workers accept and the old ones only finish what they have, each for at most `graceMs`. */
  async replaceWorkers(graceMs?: number, options: CallOptions = {}): Promise<void> {
    await this.#call('POST', '/workers/replace', { graceMs }, { timeoutMs: 60_000, ...options });
  }

  /** Drains for at most `graceMs`, then ends the proxy; returns when its workers are gone. */
  async stop(graceMs = 30_000, options: CallOptions = {}): Promise<void> {
    await this.#call('POST', '/stop', { graceMs }, { timeoutMs: graceMs + defaultTimeoutMs, ...options });
  }

  /** Value of the probe header for the document in force; the key stays in this process and the proxy. */
  static signProbe(probeKey: string, request: ProbeRequest, nowMs: number): string {
    return signProbe(probeKey, request, nowMs);
  }

  async #call<T>(method: string, path: string, body: unknown, options: CallOptions): Promise<T> {
    const text = body === undefined ? '' : JSON.stringify(body);
    const request = `${method} ${path} HTTP/1.1\r\nhost: lotse\r\nconnection: close\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
    const answer = await exchange(this.#socketPath, request, options.timeoutMs ?? defaultTimeoutMs);
    if (answer.status >= 400) throw readError(answer.body);
    // parsed: the proxy and its client are one program; shapes are as the protocol version says
    return (answer.isJson ? JSON.parse(answer.body) : answer.body) as T;
  }
}

interface Answer {
  readonly status: number;
  readonly isJson: boolean;
  readonly body: string;
}

function exchange(socketPath: string, request: string, timeoutMs: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const reader = new AnswerReader();
    const socket = net.connect(socketPath);
    const timer = setTimeout(
      () => fail(new LotseError('timeout', `the proxy did not answer within ${timeoutMs} ms`, { retriable: true })),
      timeoutMs,
    );
    const fail = (error: LotseError) => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    socket.on('connect', () => socket.write(request));
    socket.on('data', (bytes) => {
      const answer = reader.read(bytes);
      if (answer === null) return;
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    });
    socket.on('error', (cause) => fail(unreachable(socketPath, cause)));
    socket.on('close', () => fail(unreachable(socketPath, undefined)));
  });
}

function unreachable(socketPath: string, cause: unknown): LotseError {
  return new LotseError('unreachable', `no proxy answers on ${socketPath}`, { retriable: true, cause });
}

class AnswerReader {
  readonly #collector = new HeadCollector(defaultLimits.responseHeadBytes);
  readonly #parts: Buffer[] = [];
  #status = 0;
  #isJson = false;
  #body: BodyReader | null = null;

  read(bytes: Buffer): Answer | null {
    this.#collector.push(bytes);
    if (this.#body === null) {
      const text = this.#collector.take();
      if (typeof text !== 'string') return null;
      const head = readResponseHead(text, defaultLimits);
      this.#status = head.status;
      this.#isJson = /content-type: application\/(problem\+)?json/i.test(head.kept);
      this.#body = BodyReader.ofLength(Math.max(0, head.contentLength));
    }
    const more = this.#collector.takeAll();
    if (more !== null) this.#parts.push(more.subarray(0, this.#body.consume(more, 0, more.length)));
    return this.#body.isDone
      ? { status: this.#status, isJson: this.#isJson, body: Buffer.concat(this.#parts).toString('utf8') }
      : null;
  }
}

function readError(body: string): LotseError {
  try {
    // parsed: each field is checked below
    const { code, message, hint, retriable, details } = JSON.parse(body) as Record<string, unknown>;
    return new LotseError(typeof code === 'string' && isErrorCode(code) ? code : 'internal', String(message), {
      ...(typeof hint === 'string' ? { hint } : {}),
      retriable: retriable === true,
      details: Array.isArray(details) ? details.map(String) : [],
    });
  } catch (cause) {
    return new LotseError('internal', 'the proxy answered something that is not an error document', { cause });
  }
}
