import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { Secret } from '../../../core/secret.ts';
import type { Variables } from '../targets.ts';
import { readText, writeDurably } from './state-files.ts';

/** A variable as it is kept: plain, or sealed with AES-256-GCM (NIST SP 800-38D) as iv + tag + text in base64. */
export type KeptVariable = { readonly plain: string } | { readonly sealed: string };

/**
 * The target heals slots when the control plane that ordered them is long gone, so it must keep their secrets. They
 * are sealed: the kept orders alone (a copied folder, a backup without the key) tell nothing.
 */
export function sealVariables(key: Buffer, variables: Variables): Readonly<Record<string, KeptVariable>> {
  const entries = Object.entries(variables).map(([name, value]) => {
    const kept: KeptVariable = value instanceof Secret ? { sealed: seal(key, value.reveal()) } : { plain: value };
    return [name, kept] as const;
  });
  return Object.fromEntries(entries);
}

/** The inverse. Throws when the key is another one or the text was changed. */
export function openVariables(key: Buffer, kept: Readonly<Record<string, KeptVariable>>): Variables {
  const entries = Object.entries(kept).map(([name, value]) => {
    return [name, 'plain' in value ? value.plain : new Secret(unseal(key, value.sealed))] as const;
  });
  return Object.fromEntries(entries);
}

/** The target's own key file, made at the first call. */
export async function readSealingKey(file: string): Promise<Buffer> {
  const kept = await readText(file);
  if (kept !== null) return Buffer.from(kept.trim(), 'hex');
  const key = randomBytes(32);
  await writeDurably(file, `${key.toString('hex')}\n`);
  return key;
}

function seal(key: Buffer, text: string): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64');
}

function unseal(key: Buffer, sealed: string): string {
  const bytes = Buffer.from(sealed, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 });
  decipher.setAuthTag(bytes.subarray(12, 28));
  return decipher.update(bytes.subarray(28), undefined, 'utf8') + decipher.final('utf8');
}

/** The one place where the secrets of variables are revealed: right before a start. */
export function reveal(variables: Variables): Record<string, string> {
  const entries = Object.entries(variables).map(([name, value]) => {
    return [name, value instanceof Secret ? value.reveal() : value] as const;
  });
  return Object.fromEntries(entries);
}
