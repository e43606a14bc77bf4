import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { LotseError } from '../../../core/errors.ts';
import { Secret } from '../../../core/secret.ts';

const format = 'v1';
const algorithm = 'aes-256-gcm';
const keyBytes = 32;
/** NIST SP 800-38D, 8.2.2: random nonces of 96 bits, far below 2³² of them for one key. */
const nonceBytes = 12;
const tagBytes = 16;

/** The vault's own key. It seals nothing but keys of values. */
export class VaultKey {
  readonly #bytes: Buffer;

  /** Errors: `sealed` when these are not 32 bytes. */
  constructor(bytes: Buffer) {
    if (bytes.length !== keyBytes)
      throw sealed(`the key of the vault has ${bytes.length} bytes instead of ${keyBytes}`);
    this.#bytes = bytes;
  }

  static random(): VaultKey {
    return new VaultKey(randomBytes(keyBytes));
  }

  /** Tells keys apart, and says nothing about them. */
  get id(): string {
    return createHash('sha256').update('lotse vault key\n').update(this.#bytes).digest('hex').slice(0, 16);
  }

  /** The way to the bytes: for the file that keeps them. */
  reveal(): Buffer {
    return this.#bytes;
  }
}

/**
 * Envelope encryption: a fresh key for each value seals it, and the vault's key seals that key, both with AES-256-GCM
 * (NIST SP 800-38D). `about` is authenticated and not kept: a sealed value opens only where it belongs. Answers
 * `v1.<id of the key>.<sealed key>.<sealed value>`, both base64url of nonce, text and tag.
 */
export function seal(key: VaultKey, value: Secret, about: string): string {
  const own = randomBytes(keyBytes);
  const sealedKey = encrypt(key.reveal(), own, about);
  const sealedValue = encrypt(own, Buffer.from(value.reveal(), 'utf8'), about);
  own.fill(0);
  return [format, key.id, sealedKey, sealedValue].join('.');
}

/** Errors: `sealed`: it was sealed by another key, for another place, or is damaged. */
export function open(key: VaultKey, text: string, about: string): Secret {
  const [version, keyId, sealedKey = '', sealedValue = ''] = text.split('.');
  if (version !== format) throw sealed('a sealed value was written by another version of Lotse');
  if (keyId !== key.id) throw sealed(`a value was sealed by the key ${keyId}, and the key of this vault is ${key.id}`);
  const own = decrypt(key.reveal(), sealedKey, about);
  const value = decrypt(own, sealedValue, about);
  own.fill(0);
  const secret = new Secret(value.toString('utf8'));
  value.fill(0);
  return secret;
}

function encrypt(key: Buffer, plain: Buffer, about: string): string {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce).setAAD(Buffer.from(about, 'utf8'));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]).toString('base64url');
}

function decrypt(key: Buffer, text: string, about: string): Buffer {
  const bytes = Buffer.from(text, 'base64url');
  try {
    const decipher = createDecipheriv(algorithm, key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes });
    decipher.setAAD(Buffer.from(about, 'utf8')).setAuthTag(bytes.subarray(-tagBytes));
    return Buffer.concat([decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()]);
  } catch (cause) {
    throw sealed('a sealed value is damaged, or was moved to another place', cause);
  }
}

function sealed(message: string, cause?: unknown): LotseError {
  return new LotseError('sealed', message, {
    hint: 'Bring back the key file that belongs to this state (control/vault.key), or set the secret anew.',
    ...(cause === undefined ? {} : { cause }),
  });
}
