import { LotseError } from '../../core/errors.ts';
import type { FrontDoors } from '../../core/routing-document.ts';
import type { AccountBook, CertificateSources, SecuredDoor } from '../../ports/certificates/certificates.ts';
import { CertificateBook, type CertificateBookParts } from './certificate-book.ts';
import { CertificateKeeper } from './certificate-keeper.ts';
import { accountRows } from './certificate-rows.ts';
import type { CertificateSettings } from './certificate-settings.ts';
import type { SecuredEnvironment } from './certificates.ts';
import { routesOfCertificates } from './routes.ts';
import { sealPlainKeys, unlessSealed } from './sealed-keys.ts';

export interface CertificatesParts extends Pick<
  CertificateBookParts,
  'database' | 'journal' | 'fence' | 'now' | 'sealer' | 'shown'
> {
  readonly settings: CertificateSettings;
  /** The drivers, given where accounts at authorities are kept. */
  readonly sources: (accounts: AccountBook) => CertificateSources;
  readonly environments: () => Promise<readonly SecuredEnvironment[]>;
  /** Tells the proxy what `doors` says now. */
  readonly publish: () => Promise<void>;
  readonly log: (about: object) => void;
}

/** What the rest of the control plane has of certificates. */
export interface Certificates {
  /** Their part of what the proxy is told. */
  doors(): Pick<FrontDoors, 'tls' | 'challenges'>;
  secured(environment: SecuredEnvironment): SecuredDoor;
  /** Roots (PEM) beside the system's that a certificate served here may lead to. */
  extraRoots(): Promise<readonly string[]>;
  readonly routes: ReturnType<typeof routesOfCertificates>;
  /** Begins to look at what is wanted and due. */
  start(): void;
  close(): Promise<void>;
}

/** Certificates of this state folder, as they were served before. */
export async function openCertificates(parts: CertificatesParts): Promise<Certificates> {
  const { settings, environments, publish, database, journal, now, log, sealer } = parts;
  const { tlsPort } = settings;
  const left = await unlessSealed(() => sealPlainKeys(database, sealer));
  if (left instanceof LotseError) log({ during: 'sealing keys of certificates', error: left.message });
  const sources = parts.sources(accountRows(database, sealer));
  const book = await CertificateBook.open({ ...parts, random: Math.random });
  const keeper = new CertificateKeeper({ book, sources, environments, publish, tlsPort, now, log });
  await keeper.open();
  const stopListening = journal.onAppend((events) => {
    if (events.some(({ type }) => type === 'rollout-planned')) keeper.wake();
  });
  return {
    doors: () => keeper.frontDoors(),
    secured: (environment) => keeper.door(environment),
    extraRoots: async () => [...settings.extraRoots, (await sources.localRoot()).certificatePem],
    routes: routesOfCertificates({ keeper, sources, tlsPort, now }),
    start: () => keeper.start(),
    async close() {
      stopListening();
      await keeper.close();
    },
  };
}
