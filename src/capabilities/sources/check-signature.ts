import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Secret } from '../../core/secret.ts';
import type { Source } from './source.ts';

/**
 * Does the sender know the secret? GitHub and Gitea sign the bytes of the body with it (HMAC-SHA256 in hex, at GitHub
 * behind `sha256=`), GitLab shows it. Compared in a time that says nothing about where the two differ.
 */
export function isSignedBy(secret: Secret, kind: Source['kind'], shown: string, body: Buffer): boolean {
  const wanted = kind === 'gitlab' ? secret.reveal() : createHmac('sha256', secret.reveal()).update(body).digest('hex');
  const given = kind === 'github' ? shown.replace(/^sha256=/, '') : shown;
  return timingSafeEqual(digest(wanted), digest(given));
}

/** Of one length, whatever is given. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
