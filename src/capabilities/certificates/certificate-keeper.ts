import { systemActor, type Actor } from '../../core/events.ts';
import { LotseError, toLotseError } from '../../core/errors.ts';
import type { UnixMs } from '../../core/ids.ts';
import type { FrontDoors } from '../../core/routing-document.ts';
import {
  CertificateRefused,
  type CertificateSources,
  type SecuredDoor,
} from '../../ports/certificates/certificates.ts';
import type { CertificateBook } from './certificate-book.ts';
import type { CertificateRecord } from './certificate-rows.ts';
import { covers, wantedCertificates, type SecuredEnvironment, type WantedCertificate } from './certificates.ts';
import { routedCertificates, securedDoor, type FrontCertificate } from './front-certificates.ts';

export interface CertificateKeeperParts {
  readonly book: CertificateBook;
  readonly sources: CertificateSources;
  /** All accepted environments. */
  readonly environments: () => Promise<readonly SecuredEnvironment[]>;
  /** Tells the proxy what `frontDoors` says now. */
  readonly publish: () => Promise<void>;
  /** Null: no TLS here; then nothing is asked for. */
  readonly tlsPort: number | null;
  readonly now: () => UnixMs;
  readonly log: (about: object) => void;
}

/** One that is wanted, with what is there, and whether the next one is being asked for. */
type PresentCertificate = FrontCertificate & { readonly isTrying: boolean };

/** How often is looked at what is wanted and due, in milliseconds; files are read again as often. */
const lookEveryMs = 5_000;
/** An order may take so long, in milliseconds: DNS servers need their time. */
const orderMs = 15 * 60_000;
/** Orders at the same time. */
const maxOrders = 3;

/** Sees to it that there is a certificate for each name, and that the proxy shows it. Rollouts never wait for it. */
export class CertificateKeeper {
  readonly #parts: CertificateKeeperParts;
  readonly #closing = new AbortController();
  readonly #orders = new Map<string, Promise<void>>();
  #environments: readonly SecuredEnvironment[] = [];
  #wanted: readonly WantedCertificate[] = [];
  /** Wanted in another way than before: asked for at once, whatever went wrong with the old way. */
  readonly #changed = new Set<string>();
  #published = '';
  #wake: () => void = () => undefined;
  #watch: Promise<void> = Promise.resolve();

  constructor(parts: CertificateKeeperParts) {
    this.#parts = parts;
  }

  /** Looks at what is wanted, so that the answers of `door` and `frontDoors` are those of before a restart. */
  async open(): Promise<void> {
    await this.#read();
    for (const { wanted, record } of this.certificates()) {
      if (!this.#parts.book.isLocked(wanted.name)) continue;
      this.#parts.log({
        during: 'opening the key of a certificate',
        name: wanted.name,
        error: record?.problem ?? null,
      });
    }
  }

  /** Looks again and again, until `close`; without TLS once, so that the proxy shows nothing that it showed before. */
  start(): void {
    const once = async () => await this.#publishNews().catch((error: unknown) => this.#log(error));
    this.#watch = this.#parts.tlsPort === null ? once() : this.#run();
  }

  /** Something may be wanted that was not before. */
  wake(): void {
    this.#wake();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#wake();
    await this.#watch;
    await Promise.all(this.#orders.values());
  }

  /** One look: begins what is due, and tells the proxy what is new. Orders go on behind it. */
  async look(): Promise<void> {
    await this.#read();
    const due = this.#wanted.filter((wanted) => this.#isDue(wanted));
    const orders = due.filter((wanted) => wanted.request.kind !== 'files');
    for (const wanted of orders.slice(0, Math.max(0, maxOrders - this.#orders.size))) this.#begin(wanted, systemActor);
    for (const wanted of due) if (wanted.request.kind === 'files') this.#begin(wanted, systemActor);
    await this.#parts.book.tidy(this.#wanted);
    await this.#publishNews();
  }

  /** Resolves when no order is under way. */
  async settled(): Promise<void> {
    while (this.#orders.size > 0) await Promise.all(this.#orders.values());
  }

  /** The one that is called so, or that has this name. Errors: `not-found`. */
  find(name: string): WantedCertificate {
    const wanted = this.#wanted.find((each) => each.name === name || each.names.includes(name));
    if (wanted !== undefined) return wanted;
    const names = this.#wanted.map((each) => each.name);
    const hint = names.length === 0 ? 'There is none at all.' : `There are: ${names.join(', ')}.`;
    throw new LotseError('not-found', `No certificate is kept for ${name}.`, { hint });
  }

  /** Begins an order now, whether it is due or not. */
  renew(wanted: WantedCertificate, actor: Actor): void {
    this.#begin(wanted, actor);
  }

  /** In the order in which the proxy shows them. */
  certificates(): readonly PresentCertificate[] {
    return this.#wanted.map((wanted) => this.present(wanted));
  }

  present(wanted: WantedCertificate): PresentCertificate {
    return { ...this.#front(wanted), isTrying: this.#orders.has(wanted.name) };
  }

  frontDoors(): Pick<FrontDoors, 'tls' | 'challenges'> {
    const { tlsPort: port, sources } = this.#parts;
    const certificates = routedCertificates(
      this.#wanted.map((each) => this.#front(each)),
      this.#environments,
    );
    const isOpen = port !== null && certificates.length > 0;
    return { tls: isOpen ? { port, certificates } : null, challenges: sources.challenges() };
  }

  door(environment: SecuredEnvironment): SecuredDoor {
    const { tlsPort, now } = this.#parts;
    const held = this.#wanted.flatMap((each) => this.#front(each).record ?? []);
    return securedDoor(environment, held, tlsPort, now());
  }

  async #run(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      const woken = Promise.withResolvers<void>();
      this.#wake = woken.resolve;
      await this.look().catch((error: unknown) => this.#log(error));
      const timer = setTimeout(woken.resolve, lookEveryMs);
      if (!this.#closing.signal.aborted) await woken.promise;
      clearTimeout(timer);
    }
  }

  async #read(): Promise<void> {
    this.#environments = await this.#parts.environments();
    const before = new Map(this.#wanted.map((each) => [each.name, JSON.stringify(each)]));
    this.#wanted = this.#parts.tlsPort === null ? [] : wantedCertificates(this.#environments);
    for (const each of this.#wanted) {
      if (before.has(each.name) && before.get(each.name) !== JSON.stringify(each)) this.#changed.add(each.name);
    }
  }

  #front(wanted: WantedCertificate): FrontCertificate {
    return { wanted, record: this.#parts.book.find(wanted.name) };
  }

  #isDue(wanted: WantedCertificate): boolean {
    const now = this.#parts.now();
    const record = this.#parts.book.find(wanted.name);
    if (this.#orders.has(wanted.name)) return false;
    if (wanted.request.kind === 'files') return true;
    if (record === undefined || this.#changed.has(wanted.name)) return true;
    if (wanted.request.kind === 'acme' && this.#parts.book.isLocked(wanted.name)) return false;
    if (record.nextTryAt !== null && now < record.nextTryAt) return false;
    return isOutdated(record, wanted) || (record.renewAt !== null && record.renewAt <= now);
  }

  #begin(wanted: WantedCertificate, actor: Actor): void {
    if (this.#orders.has(wanted.name)) return;
    this.#changed.delete(wanted.name);
    const order = this.#order(wanted, actor)
      .catch((error: unknown) => this.#log(error, wanted.name))
      .finally(() => this.#orders.delete(wanted.name));
    this.#orders.set(wanted.name, order);
  }

  async #order(wanted: WantedCertificate, actor: Actor): Promise<void> {
    const { book, sources, log } = this.#parts;
    try {
      const issuer = sources.issuer(wanted.request);
      if (issuer === null) throw noTerms(wanted.name);
      if (issuer.kind === 'acme') await book.refuseUnsealed();
      const ends = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(orderMs)]);
      const issued = await issuer.issue(wanted.names, ends);
      if ((await book.keep(wanted, issued, actor)) === 'new') await this.#publishNews();
    } catch (thrown) {
      if (this.#closing.signal.aborted) return; // asked for again after the next start
      if (!(thrown instanceof CertificateRefused)) throw thrown;
      const before = book.find(wanted.name);
      // Files are read every few seconds: what is known about them is no news.
      if (wanted.request.kind === 'files' && before?.problem === thrown.message) return;
      const { failures, nextTryAt } = await book.fail(wanted, thrown);
      log({ during: 'getting a certificate', name: wanted.name, error: thrown.message, failures, nextTryAt });
    }
  }

  /** What could not be told is told at the next look. */
  async #publishNews(): Promise<void> {
    const now = JSON.stringify(this.frontDoors().tls);
    if (now === this.#published) return;
    await this.#parts.publish();
    this.#published = now;
  }

  #log(error: unknown, name: string | null = null): void {
    this.#parts.log({ during: 'keeping certificates', name, error: toLotseError(error).message });
  }
}

/** What is there is not what is wanted: other names, or from elsewhere. It is served until the right one comes. */
function isOutdated({ held, issuer }: CertificateRecord, { names, request }: WantedCertificate): boolean {
  return held === null || issuer !== request.kind || !names.every((name) => covers(held.names, name));
}

function noTerms(name: string): CertificateRefused {
  return new CertificateRefused(
    'conflict',
    `Nobody has agreed to the terms of a certificate authority, so ${name} gets no certificate.`,
    {
      hint: 'Start the control plane with --acme-email ADDRESS: that agrees to them. Or write `tls: local` or `tls: off` for the environment.',
      isOwnFinding: true,
    },
  );
}
