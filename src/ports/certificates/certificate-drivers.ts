import { acmeIssuer } from './acme/acme-issuer.ts';
import type { AcmeProof } from './acme/acme-proof.ts';
import { ChallengeBoard } from './acme/challenge-board.ts';
import { nameLookup } from './acme/name-lookup.ts';
import { scriptProof } from './acme/script-proof.ts';
import { updateProof } from './acme/update-proof.ts';
import type { AccountBook, CertificateRequest, CertificateSources } from './certificates.ts';
import { allowedFiles } from './files/allowed-files.ts';
import { filesIssuer } from './files/files-issuer.ts';
import { keptLocalRoot, type LocalRoot } from './local/local-authority.ts';
import { localIssuer } from './local/local-issuer.ts';

export interface CertificateDriverOptions {
  /** Null: nobody has agreed to an authority's terms. */
  readonly acme: AcmeSettings | null;
  /** Roots (PEM) that the TLS of an authority may lead to, beside the system's. */
  readonly extraRoots: readonly string[];
  readonly accounts: AccountBook;
  /** Tells the proxy what it has to answer now. */
  readonly publish: () => Promise<void>;
  /** Folder of the development CA. */
  readonly localFolder: string;
  /** Folders below which a manifest may name files and programs. */
  readonly fileFolders: readonly string[];
  readonly now: () => number;
}

export interface AcmeSettings {
  readonly directory: string;
  readonly email: string;
  /** Where it asks for HTTP-01; 80 outside of tests. */
  readonly httpPort: number;
  /** Asked instead of this machine's DNS servers; null: those. */
  readonly dnsServer: string | null;
}

export function certificateDrivers(options: CertificateDriverOptions): CertificateSources {
  const { acme, extraRoots, accounts, publish, localFolder, fileFolders, now } = options;
  const lookup = nameLookup(acme?.dnsServer ?? null);
  const board = new ChallengeBoard({ publish, lookup, port: acme?.httpPort ?? 80 });
  const allowFile = allowedFiles(fileFolders);
  let turn: Promise<unknown> = Promise.resolve();
  // One after the other: two at once would each make a root.
  const localRoot = (): Promise<LocalRoot> => {
    const mine = turn.then(() => keptLocalRoot(localFolder, now));
    turn = mine.catch(() => undefined);
    return mine;
  };
  const proofFor = (dns: Extract<CertificateRequest, { kind: 'acme' }>['dns']): AcmeProof => {
    if (dns === null) return board;
    return dns.kind === 'script'
      ? scriptProof({ argv: dns.argv, allowFile })
      : updateProof({ ...dns, lookup, allowFile });
  };
  return {
    issuer(request) {
      switch (request.kind) {
        case 'local':
          return localIssuer(localRoot, now);
        case 'files':
          return filesIssuer({ ...request, allowFile });
        case 'acme':
          return acme === null ? null : acmeIssuer({ ...acme, extraRoots, accounts, proof: proofFor(request.dns) });
      }
    },
    challenges: () => board.challenges(),
    localRoot,
  };
}
