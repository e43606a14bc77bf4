import { createHmac, timingSafeEqual } from 'node:crypto';
import { bucketCount, probeMaxAgeMs } from '../core/routing-document.ts';

/** What a signed probe asks for: the answer of a bucket, of a revision, or (both null) just "which revision answers?". */
export interface ProbeRequest {
  readonly bucket: number | null;
  readonly revision: string | null;
}

function sign(probeKey: string, text: string): Buffer {
  return createHmac('sha256', Buffer.from(probeKey, 'hex')).update(text).digest();
}

/** Value of the probe header. `probeKey` is the routing document's, in hex; `nowMs` is the wall clock. */
export function signProbe(probeKey: string, request: ProbeRequest, nowMs: number): string {
  const text = `${Math.trunc(nowMs)}.${request.bucket ?? '-'}.${request.revision ?? '-'}`;
  return `${text}.${sign(probeKey, text).toString('hex')}`;
}

/** Returns what a validly signed and fresh probe asks for, null for any other value. */
export function verifyProbe(probeKey: string, value: string, nowMs: number): ProbeRequest | null {
  const parts = /^(\d{1,15})\.(\d{1,3}|-)\.([A-Za-z0-9_.-]{1,128})\.([0-9a-f]{64})$/.exec(value);
  if (parts === null || probeKey.length < 32) return null;
  const [, at = '', bucket = '-', revision = '-', signature = ''] = parts;
  if (Math.abs(nowMs - Number(at)) > probeMaxAgeMs) return null;
  if (!timingSafeEqual(sign(probeKey, `${at}.${bucket}.${revision}`), Buffer.from(signature, 'hex'))) return null;
  if (bucket !== '-' && Number(bucket) >= bucketCount) return null;
  return { bucket: bucket === '-' ? null : Number(bucket), revision: revision === '-' ? null : revision };
}
