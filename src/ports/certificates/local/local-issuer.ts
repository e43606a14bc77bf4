import { Secret } from '../../../core/secret.ts';
import type { CertificateIssuer } from '../certificates.ts';
import { signLeaf, type LocalRoot } from './local-authority.ts';

/** The development CA of this machine. The key of its root never leaves it. */
export function localIssuer(root: () => Promise<LocalRoot>, now: () => number): CertificateIssuer {
  return {
    kind: 'local',
    async issue(names) {
      const { chainPem, keyPem } = await signLeaf(await root(), names, now());
      return { chainPem, keyPem: new Secret(keyPem) };
    },
  };
}
