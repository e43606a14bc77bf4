import { createHmac, timingSafeEqual } from 'node:crypto';

/** A preview holds for so long at most, in milliseconds. */
export const previewMaxMs = 7 * 86_400_000;

function sign(probeKey: string, text: string): Buffer {
  return createHmac('sha256', Buffer.from(probeKey, 'hex')).update(text).digest();
}

/**
 * Value of the preview header. `probeKey` is the routing document's, in hex; `release` is one lower-case DNS label,
 * `untilMs` the wall clock until when it holds.
 */
export function signPreview(probeKey: string, release: string, untilMs: number): string {
  const text = `${Math.trunc(untilMs)}.${release}`;
  return `${text}.${sign(probeKey, text).toString('hex')}`;
}

/** Returns the release that a validly signed value shows; null for any other value, and when its time is over. */
export function verifyPreview(probeKey: string, value: string, nowMs: number): string | null {
  const parts = /^(\d{1,15})\.([a-z0-9][a-z0-9-]{0,62})\.([0-9a-f]{64})$/.exec(value);
  if (parts === null || probeKey.length < 32) return null;
  const [, until = '', release = '', signature = ''] = parts;
  const leftMs = Number(until) - nowMs;
  if (leftMs <= 0 || leftMs > previewMaxMs) return null;
  return timingSafeEqual(sign(probeKey, `${until}.${release}`), Buffer.from(signature, 'hex')) ? release : null;
}
