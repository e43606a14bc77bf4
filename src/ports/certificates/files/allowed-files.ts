import { realpath } from 'node:fs/promises';
import { sep } from 'node:path';
import { CertificateRefused } from '../certificates.ts';

/**
 * A manifest travels with releases, so whoever may deploy could name any file of the server, and any program, for a
 * control plane that mostly runs as root. It may name what lies below these folders, where links have been followed.
 */
export function allowedFiles(folders: readonly string[]): (file: string) => Promise<void> {
  return async (file) => {
    const real = await realpath(file).catch(() => null);
    if (real === null) {
      throw new CertificateRefused('not-found', `There is no ${file} on the server.`, { isOwnFinding: true });
    }
    const roots = await Promise.all(folders.map((folder) => realpath(folder).catch(() => folder)));
    if (roots.some((root) => real.startsWith(root.endsWith(sep) ? root : `${root}${sep}`))) return;
    throw new CertificateRefused(
      'bad-input',
      `${file} is not below ${folders.join(' or ')}, so lotse.yaml may not name it.`,
      {
        hint: 'Move it there, or start the control plane with `--tls-files FOLDER`.',
        isOwnFinding: true,
      },
    );
  };
}
