import { systemActor, type Actor } from '../../core/events.ts';
import { LotseError } from '../../core/errors.ts';
import { chainOf, type UnixMs } from '../../core/ids.ts';
import { Secret } from '../../core/secret.ts';
import type { DatabaseJournal } from '../../database/journal.ts';
import type { Database } from '../../database/open-database.ts';
import { CertificateRefused, type IssuedCertificate } from '../../ports/certificates/certificates.ts';
import { certificateEvent } from './certificate-events.ts';
import {
  listCertificateRows,
  putCertificateRow,
  removeCertificateRow,
  writtenKey,
  type CertificateRecord,
  type LockedRow,
  type WrittenKey,
} from './certificate-rows.ts';
import { renewalAt, retryAt, type WantedCertificate } from './certificates.ts';
import { certificateFacts, checkCertificate } from './check-certificate.ts';
import { unlessSealed, type KeySealer } from './sealed-keys.ts';

export interface CertificateBookParts {
  readonly database: Database;
  readonly journal: DatabaseJournal;
  readonly sealer: KeySealer;
  /** Certificates with their keys that the proxy shows: it has them on its own disk. Asked when a key cannot be opened. */
  readonly shown: () => Promise<readonly { readonly chainPem: string; readonly keyPem: string }[]>;
  /** The owner's fencing token at this moment. */
  readonly fence: () => number;
  readonly now: () => UnixMs;
  /** In [0, 1). */
  readonly random: () => number;
}

/** All certificates of this control plane: in memory for whoever asks, in the database for good. */
export class CertificateBook {
  readonly #parts: CertificateBookParts;
  readonly #records: Map<string, CertificateRecord>;

  /** Names whose key lies in the database and cannot be opened. */
  readonly #locked: Set<string>;

  constructor(parts: CertificateBookParts, records: readonly CertificateRecord[], locked: readonly string[]) {
    this.#parts = parts;
    this.#records = new Map(records.map((record) => [record.name, record]));
    this.#locked = new Set(locked);
  }

  static async open(parts: CertificateBookParts): Promise<CertificateBook> {
    const rows = await listCertificateRows(parts.database.db, parts.sealer);
    const locked = rows.flatMap((row) => ('record' in row ? [row.record.name] : []));
    const shown = locked.length === 0 ? [] : await parts.shown();
    const keys = new Map(shown.map(({ chainPem, keyPem }) => [chainPem, new Secret(keyPem)]));
    const records = rows.map((row) => ('record' in row ? withoutKey(row, keys.get(row.chainPem)) : row));
    return new CertificateBook(parts, records, locked);
  }

  /** Is its key in the database and cannot be opened? Then no other one is ordered by itself. */
  isLocked(name: string): boolean {
    return this.#locked.has(name);
  }

  /** What could not be written down is not ordered. Errors: CertificateRefused. */
  async refuseUnsealed(): Promise<void> {
    const probe = await unlessSealed(() => this.#parts.sealer.seal(new Secret('probe'), 'probe'));
    if (!(probe instanceof LotseError)) return;
    throw new CertificateRefused('conflict', `A certificate could not be kept: ${probe.message}.`, {
      hint: probe.hint ?? 'Look at the key of the vault.',
      isOwnFinding: true,
    });
  }

  find(name: string): CertificateRecord | undefined {
    return this.#records.get(name);
  }

  /** Puts it into force, with its event. The same one again changes nothing. Errors: CertificateRefused. */
  async keep(wanted: WantedCertificate, issued: IssuedCertificate, actor: Actor): Promise<'new' | 'known'> {
    const { now, random, sealer } = this.#parts;
    const before = this.#records.get(wanted.name);
    const facts = checkCertificate(issued, wanted.names, now());
    const isKnown =
      before?.held?.fingerprint === facts.fingerprint && before.held.keyPem.reveal() === issued.keyPem.reveal();
    if (isKnown && before.problem === null && before.issuer === wanted.request.kind) return 'known';
    const { app, environment, name, names } = wanted;
    const renews = wanted.request.kind !== 'files';
    const isSameCourse = before !== undefined && before.held !== null && before.issuer === wanted.request.kind;
    const isRenewal = isSameCourse && !isKnown;
    const record: CertificateRecord = {
      ...{ app, environment, name, names, issuer: wanted.request.kind },
      held: { ...issued, ...facts },
      renewAt: renews ? renewalAt(facts.validFrom, facts.validUntil, random()) : null,
      servedSince: isSameCourse ? before.servedSince : now(),
      renewals: isSameCourse ? before.renewals + (isRenewal ? 1 : 0) : 0,
      ...{ failures: 0, problem: null, hint: null, nextTryAt: null },
    };
    const { validFrom, validUntil, fingerprint } = facts;
    const payload = { name, names, issuer: record.issuer, fingerprint, validFrom, validUntil };
    const type = isRenewal ? 'certificate-renewed' : 'certificate-issued';
    const events = isKnown ? [] : [certificateEvent(type, actor, payload)];
    const written = await writtenKey(name, issued, sealer);
    // What is written down already, under a key that is gone, stays for the day when that comes back.
    await this.#put(record, isKnown && written.key_pem === null ? null : written, events);
    this.#locked.delete(name);
    return isKnown ? 'known' : 'new';
  }

  /** An attempt failed: what was there is served on. The journal hears of it when it is not known yet. */
  async fail(wanted: WantedCertificate, refusal: CertificateRefused): Promise<CertificateRecord> {
    const { now, random } = this.#parts;
    const before = this.#records.get(wanted.name);
    const { app, environment, name, names } = wanted;
    const failures = (before?.failures ?? 0) + 1;
    const record: CertificateRecord = {
      ...{ held: null, renewAt: null, servedSince: null, renewals: 0, issuer: wanted.request.kind, names },
      ...before,
      ...{ app, environment, name, failures, problem: refusal.message, hint: refusal.hint ?? null },
      nextTryAt: retryAt(failures, now(), refusal, random()),
    };
    const payload = {
      ...{ name, issuer: wanted.request.kind, message: refusal.message, failures },
      nextTryAt: record.nextTryAt ?? now(),
      heldUntil: record.held?.validUntil ?? null,
    };
    const isNews = before?.problem !== refusal.message;
    await this.#put(record, null, isNews ? [certificateEvent('certificate-failed', systemActor, payload)] : []);
    return record;
  }

  /** Forgets what nobody wants any more and has ended: until then it may be wanted again. */
  async tidy(wanted: readonly WantedCertificate[]): Promise<void> {
    const names = new Set(wanted.map(({ name }) => name));
    for (const { name, held } of [...this.#records.values()]) {
      if (names.has(name) || this.#locked.has(name) || (held !== null && held.validUntil > this.#parts.now())) continue;
      await this.#parts.database.write((trx) => removeCertificateRow(trx, name));
      this.#records.delete(name);
    }
  }

  async #put(
    record: CertificateRecord,
    written: WrittenKey | null,
    events: readonly ReturnType<typeof certificateEvent>[],
  ): Promise<void> {
    const { journal, fence } = this.#parts;
    await journal.appendWith(chainOf(record), fence(), events, (trx) => putCertificateRow(trx, record, written));
    this.#records.set(record.name, record);
  }
}

/** With the key that the proxy has, it is served as before; without, there is none until the key can be opened. */
function withoutKey({ record, chainPem, reason }: LockedRow, keyPem: Secret | undefined): CertificateRecord {
  return {
    ...record,
    held: keyPem === undefined ? null : { chainPem, keyPem, ...certificateFacts(chainPem) },
    problem: `The key of this certificate cannot be opened: ${reason.message}.`,
    hint: reason.hint ?? null,
  };
}
