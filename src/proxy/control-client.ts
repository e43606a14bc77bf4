import { resolve } from 'node:path';
import { LotseError } from '../core/errors.ts';
import type { EpochCounters, ProxyStatus, RoutingDocument, TrustedProxy } from '../core/routing-document.ts';
import type { ControlDoor } from './call-connection.ts';
import { bodyOf, callControl, KeptConnections } from './control-call.ts';
import { countersInPresentForm } from './counting/counters-in-present-form.ts';
import { inFirstForm } from './document/first-form.ts';
import { signPreview } from './preview-signature.ts';
import { signProbe } from './probe-signature.ts';
import type { ProbeRequest } from './probe-signature.ts';
import { DocumentText } from './document/document-text.ts';
import type { OverrideWish } from './document/person-overrides.ts';
import { localHeader } from './origin/proxy-protocol.ts';
import { controlSocketPath } from './state-folder.ts';
import { TrustedProxies } from './origin/trusted-proxies.ts';

export interface PutDocumentResult {
  readonly fence: number;
  readonly version: number;
  /** What could not be done although the document is in force: `port-taken: port 80 on 0.0.0.0 is …`. */
  readonly problems: readonly string[];
}

export interface ProxyControlOptions {
  /** For whoever calls again and again: connections stay open for the next call; default: each call opens its own. */
  readonly keepsConnections?: boolean;
  /** How the control socket is reached where it is not on this machine; the state folder is that machine's then. */
  readonly door?: ControlDoor;
}

export interface CallOptions {
  /** How long to wait for the answer, in milliseconds. */
  readonly timeoutMs?: number;
}

export interface UpgradeOptions {
  /** The successor's `proxy.ts` (absolute path); default: the one that runs. */
  readonly entry?: string;
  /** The Node.js binary that runs the successor (absolute path); default: the one that runs. */
  readonly nodePath?: string;
  /** Proxy workers of the successor; default: as many as now. */
  readonly workers?: number;
  /** How long the successor may take until it serves, in milliseconds; default 20,000. */
  readonly readyMs?: number;
  /** How long the old workers may take to finish what they have, in milliseconds; default 600,000. */
  readonly graceMs?: number;
}

export interface UpgradeResult {
  /** The proxy that serves now. */
  readonly pid: number;
  readonly proxyStart: string;
  readonly build: string;
  /** The one that handed over; it exits when its workers have finished. */
  readonly previous: { readonly pid: number; readonly proxyStart: string; readonly build: string };
}

const defaultTimeoutMs = 10_000;
/** How long a successor may take until it serves, in milliseconds. */
export const defaultReadyMs = 20_000;

/**
 * The control protocol of a running proxy, over the unix socket in its state folder. Errors: `unreachable` (no proxy
 * answers there), `timeout`, and what the proxy itself says. All calls may be repeated. Which process answers may change
 * from call to call, as proxies hand over to each other.
 */
export class ProxyControl {
  readonly stateDir: string;
  readonly #place: string | ControlDoor;
  readonly #kept: KeptConnections | null;
  readonly #documentText = new DocumentText();

  /** Error: `bad-input` when the state folder's path is too long for a socket. */
  constructor(stateDir: string, { keepsConnections = false, door }: ProxyControlOptions = {}) {
    this.stateDir = resolve(stateDir);
    this.#place = door ?? controlSocketPath(this.stateDir);
    this.#kept = keepsConnections ? new KeptConnections(this.#place) : null;
  }

  /**
   * Brings a document into force; returns when every proxy worker has confirmed it. Errors: `fenced-off` when the proxy
   * has a newer one, `bad-input`, `disk-full`.
   */
  async putDocument(document: RoutingDocument, options: CallOptions = {}): Promise<PutDocumentResult> {
    try {
      return await this.#send<PutDocumentResult>('PUT', '/document', this.#documentText.of(document), options);
    } catch (error) {
      if (!(error instanceof LotseError && error.code === 'bad-input' && (await this.#isOfFirstVersion(options))))
        throw error;
      return await this.#call<PutDocumentResult>('PUT', '/document', inFirstForm(document), options);
    }
  }

  /** It named no build, and handed over to nobody. */
  async #isOfFirstVersion(options: CallOptions): Promise<boolean> {
    return !Object.hasOwn(await this.status(options), 'build');
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
    const { counters } = await this.#call<{ counters: readonly EpochCounters[] }>(
      'GET',
      '/counters',
      undefined,
      options,
    );
    return counters.map(countersInPresentForm);
  }

  /** The proxy may forget these closed epochs. Open ones stay. */
  async acknowledge(
    epochs: readonly Pick<EpochCounters, 'app' | 'environment' | 'epoch' | 'proxyStart'>[],
    options: CallOptions = {},
  ): Promise<void> {
    const names = epochs.map(({ app, environment, epoch, proxyStart }) => ({ app, environment, epoch, proxyStart }));
    await this.#call('POST', '/counters/acknowledge', { epochs: names }, options);
  }

  /**
   * What a person orders at the proxy itself, laid over every document until it is cleared; it replaces an order of the
   * same kind. Returns when it is in force. Error: `not-found` when the document names no such environment, or no such
   * revision that has instances.
   */
  async override(wish: OverrideWish, options: CallOptions = {}): Promise<void> {
    await this.#call('PUT', '/override', wish, options);
  }

  /** Returns false when there was none. */
  async clearOverride(
    of: Pick<OverrideWish, 'app' | 'environment'>,
    kind: OverrideWish['order']['kind'],
    options: CallOptions = {},
  ): Promise<boolean> {
    const { app, environment } = of;
    const body = { app, environment, kind };
    return (await this.#call<{ isCleared: boolean }>('POST', '/override/clear', body, options)).isCleared;
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

  /**
   * Hands everything over to a new process of the proxy without losing a connection; returns when that one serves and
   * the old one only finishes what it has. When the successor cannot serve, the old proxy goes on as if nothing had
   * happened: `unreachable` with the successor's last log lines as details. Other errors: `conflict` (another hand-over
   * is under way), `bad-input`.
   */
  async upgrade(upgrade: UpgradeOptions = {}, options: CallOptions = {}): Promise<UpgradeResult> {
    const timeoutMs = (upgrade.readyMs ?? defaultReadyMs) + defaultTimeoutMs;
    return this.#call<UpgradeResult>('POST', '/upgrade', upgrade, { timeoutMs, ...options });
  }

  /** Drains for at most `graceMs`, then ends the proxy; returns when its workers are gone. */
  async stop(graceMs = 30_000, options: CallOptions = {}): Promise<void> {
    await this.#call('POST', '/stop', { graceMs }, { timeoutMs: graceMs + defaultTimeoutMs, ...options });
  }

  /** Value of the probe header for the document in force; the key stays in this process and the proxy. */
  static signProbe(probeKey: string, request: ProbeRequest, nowMs: number): string {
    return signProbe(probeKey, request, nowMs);
  }

  /** Value of the preview header, likewise; at most seven days ahead. */
  static signPreview(probeKey: string, release: string, untilMs: number): string {
    return signPreview(probeKey, release, untilMs);
  }

  /** What a connection from this address must begin with so that it is its own; null: with nothing. */
  static greeting(trustedProxies: readonly TrustedProxy[], address: string): Buffer | null {
    return new TrustedProxies(trustedProxies).protocolOf(address) === 'proxy-v2' ? localHeader : null;
  }

  async #call<T>(method: string, path: string, body: unknown, options: CallOptions): Promise<T> {
    return await this.#send<T>(method, path, bodyOf(body), options);
  }

  async #send<T>(method: string, path: string, body: string, options: CallOptions): Promise<T> {
    const call = { method, path, body, timeoutMs: options.timeoutMs ?? defaultTimeoutMs };
    // parsed: the proxy and its client are one program; shapes are as the protocol version says
    return (await callControl(this.#place, call, this.#kept)) as T;
  }
}
