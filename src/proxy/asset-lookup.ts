import type { DataPlane } from './data-plane.ts';
import { readResponseHead } from './framing/response-head.ts';
import type { ResponseHead } from './framing/response-head.ts';
import type { InstanceRoute, ServiceRoute } from './routing/route-table.ts';
import { pickInstance } from './upstream/pick-instance.ts';
import type { UpstreamConnection, UpstreamUser } from './upstream/upstream-connection.ts';

const endOfHead = Buffer.from('\r\n\r\n');

/** An answer whose head has come. Its instance and connection belong to whoever was told, the count of requests in flight included. */
export interface FoundAsset {
  readonly instance: InstanceRoute;
  readonly connection: UpstreamConnection;
  readonly head: ResponseHead;
  /** What has come of the body. */
  readonly rest: Buffer;
}

/**
 * Asks one revision after the other, once each, for a file that belongs to one of them. The first that has an answer other
 * than 404 is taken. One that fails, takes too long or is broken (5xx) has none.
 */
export class AssetLookup implements UpstreamUser {
  readonly #plane: DataPlane;
  /** The whole request, without a body. */
  readonly #request: string;
  readonly #services: readonly ServiceRoute[];
  /** Called once, unless cancelled; null: nobody has it. */
  readonly #onEnd: (found: FoundAsset | null) => void;
  #asked = 0;
  #instance: InstanceRoute | null = null;
  #connection: UpstreamConnection | null = null;
  #isReused = false;
  #bytes: Buffer | null = null;
  #deadlineMs = 0;

  constructor(
    plane: DataPlane,
    request: string,
    services: readonly ServiceRoute[],
    onEnd: (found: FoundAsset | null) => void,
  ) {
    this.#plane = plane;
    this.#request = request;
    this.#services = services;
    this.#onEnd = onEnd;
  }

  /** Asks the next revision, or ends without an answer. */
  start(): void {
    this.#leave()?.destroy();
    const service = this.#services[this.#asked++];
    if (service === undefined) return this.#onEnd(null);
    const nowMs = this.#plane.nowMs();
    const instance = pickInstance(service.instances, [], this.#plane.nextTurn(), nowMs);
    if (instance === null) return this.start();
    this.#deadlineMs = nowMs + this.#plane.limits.assetMs;
    this.#ask(instance, instance.upstream.take(this, nowMs, Number.POSITIVE_INFINITY));
  }

  #ask(instance: InstanceRoute, kept: UpstreamConnection | null): void {
    this.#instance = instance;
    this.#bytes = null;
    instance.upstream.active++;
    this.#isReused = kept !== null;
    this.#connection = kept ?? instance.upstream.connect(this);
    if (this.#isReused) this.#send();
  }

  #send(): void {
    this.#connection?.socket.write(this.#request, 'latin1');
  }

  upstreamConnected(): void {
    this.#instance?.upstream.noteConnected();
    this.#send();
  }

  upstreamBytes(bytes: Buffer, length: number): void {
    const come = bytes.subarray(0, length);
    const whole = this.#bytes === null ? come : Buffer.concat([this.#bytes, come]);
    for (let from = 0; ;) {
      const at = whole.indexOf(endOfHead, from);
      if (at < 0) return this.#keep(whole.subarray(from));
      const head = readResponseHead(whole.toString('latin1', from, at + 2), this.#plane.limits);
      from = at + 4;
      if (head.problem !== null || head.status === 101) return this.start();
      if (head.status >= 200) return this.#answered(head, whole.subarray(from));
    }
  }

  /** Read bytes lie in a buffer that others use too. */
  #keep(bytes: Buffer): void {
    if (bytes.length > this.#plane.limits.responseHeadBytes) return this.start();
    this.#bytes = Buffer.from(bytes);
  }

  #answered(head: ResponseHead, rest: Buffer): void {
    const instance = this.#instance;
    const connection = this.#connection;
    if (head.status === 404 || head.status >= 500 || instance === null || connection === null) return this.start();
    this.#instance = null;
    this.#connection = null;
    this.#onEnd({ instance, connection, head, rest: Buffer.from(rest) });
  }

  upstreamClosed(): void {
    const instance = this.#instance;
    const mayRepeat = this.#isReused && this.#bytes === null;
    this.#leave()?.destroy();
    if (mayRepeat && instance !== null) this.#ask(instance, null);
    else this.start();
  }

  upstreamDrained(): void {}

  check(nowMs: number): void {
    if (nowMs >= this.#deadlineMs) this.start();
  }

  /** Nobody waits any more. */
  cancel(): void {
    this.#leave()?.destroy();
  }

  #leave(): UpstreamConnection | null {
    const connection = this.#connection;
    if (this.#instance !== null) this.#instance.upstream.active--;
    this.#instance = null;
    this.#connection = null;
    return connection;
  }
}
