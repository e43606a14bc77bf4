import { readFile } from 'node:fs/promises';
import { Secret } from '../../../core/secret.ts';
import { CertificateRefused, type CertificateIssuer } from '../certificates.ts';

export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
  /** Errors: CertificateRefused for a file that may not be read. */
  readonly allowFile: (file: string) => Promise<void>;
}

/** Files of the server that somebody else keeps fresh. Whether they fit is for the caller to see. */
export function filesIssuer({ certificate, key, allowFile }: CertificateFiles): CertificateIssuer {
  const read = async (file: string): Promise<string> => {
    await allowFile(file);
    return await readFile(file, 'utf8').catch((cause: unknown) => {
      const why = cause instanceof Error ? cause.message : String(cause);
      const hint = `Put the file there, for the user that Lotse runs as: it is read again by itself.`;
      throw new CertificateRefused('not-found', `${file} cannot be read: ${why}`, { hint, isOwnFinding: true, cause });
    });
  };
  return {
    kind: 'files',
    async issue() {
      const [chainPem, keyPem] = [await read(certificate), await read(key)];
      return { chainPem, keyPem: new Secret(keyPem) };
    },
  };
}
