import { randomBytes } from 'node:crypto';
import type { RoutedCertificate, RoutingDocument } from '../../core/routing-document.ts';
import type * as Compile from './compile-certificate.ts';

type Checker = typeof Compile;

/**
 * Keeps certificates that cannot be used out of force, in the proxy's parent: workers get the document with the last
 * usable certificate of the same names in their place, or without one where there never was any.
 */
export class UsableCertificates {
  #problems: readonly string[] = [];
  /** What is in force, and what has been found usable, by digest. */
  #inForce: readonly RoutedCertificate[] = [];
  #usable = new Map<string, string | null>();

  /** One for each certificate of the last document that cannot be used. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  /** The document as workers should have it; the same object where all certificates can be used. */
  async select(document: RoutingDocument): Promise<RoutingDocument> {
    const { tls } = document;
    if (tls === null) {
      this.#problems = [];
      this.#inForce = [];
      return document;
    }
    const checker = await import('./compile-certificate.ts');
    const checks = new Map<string, string | null>();
    const problems: string[] = [];
    const certificates = tls.certificates.flatMap((certificate) => {
      const digest = checker.certificateDigest(certificate);
      const known = this.#usable.get(digest);
      const problem = known === undefined ? findProblem(checker, certificate) : known;
      checks.set(digest, problem);
      if (problem === null) return [certificate];
      const previous = this.#previousOf(certificate);
      problems.push(describe(certificate, problem, previous.length > 0));
      return previous;
    });
    this.#usable = checks;
    this.#problems = problems;
    this.#inForce = certificates;
    return problems.length === 0 ? document : { ...document, tls: { ...tls, certificates } };
  }

  /** Those in force that were shown for one of its names; only for its names, so that no other name changes hands. */
  #previousOf({ names }: RoutedCertificate): readonly RoutedCertificate[] {
    return this.#inForce.flatMap((previous) => {
      const shared = previous.names.filter((name) => names.includes(name));
      return shared.length === 0 ? [] : [{ ...previous, names: shared }];
    });
  }
}

function findProblem(checker: Checker, certificate: RoutedCertificate): string | null {
  try {
    checker.compileCertificate(certificate, randomBytes(48));
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function describe(certificate: RoutedCertificate, problem: string, hasPrevious: boolean): string {
  const what = hasPrevious ? 'the one before it is shown on' : 'there is none for these names';
  return `bad-certificate: the certificate for ${certificate.names.join(', ')} cannot be used (${problem}); ${what}`;
}
