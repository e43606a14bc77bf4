import { Readable } from 'node:stream';
import { LotseError } from '../core/errors.ts';
import type { Secret } from '../core/secret.ts';

/** For whom a backup is sealed: who has one of these opens it. */
export type SealFor = { readonly recipients: readonly string[] } | { readonly passphrase: Secret };
/** What opens it: a file of age identities, or the passphrase. */
export type OpenWith = { readonly identities: Secret } | { readonly passphrase: Secret };

/**
 * Seals a stream as an age file (age-encryption.org/v1): chunks of 64 KiB, each authenticated, the last one marked, so that
 * a cut or changed file does not open. `age --decrypt` opens it too. Errors: `bad-input` for a wrong recipient.
 */
export async function seal(content: Readable, sealFor: SealFor): Promise<Readable> {
  const { Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  if ('passphrase' in sealFor) encrypter.setPassphrase(sealFor.passphrase.reveal());
  else for (const recipient of sealFor.recipients) addOrRefuse(recipient, () => encrypter.addRecipient(recipient));
  return Readable.from(chunksOf(await encrypter.encrypt(bytesOf(content))));
}

/** The content of an age file. Errors: `sealed` for a wrong key; `bad-input`, also while it is read, for a damaged or cut file. */
export async function open(file: Readable, openWith: OpenWith): Promise<Readable> {
  const { Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  if ('passphrase' in openWith) decrypter.addPassphrase(openWith.passphrase.reveal());
  else {
    for (const identity of identitiesIn(openWith.identities.reveal()))
      addOrRefuse('the identity', () => decrypter.addIdentity(identity));
  }
  try {
    return Readable.from(orDamaged(chunksOf(await decrypter.decrypt(bytesOf(file)))));
  } catch (cause) {
    throw wrongKeyOrFile(cause);
  }
}

function addOrRefuse(what: string, add: () => void): void {
  try {
    add();
  } catch (cause) {
    throw new LotseError('bad-input', `${what} is none that age knows`, {
      hint: 'A recipient begins with age1, an identity with AGE-SECRET-KEY-1: `age-keygen` makes both.',
      cause,
    });
  }
}

/** As `age-keygen` writes them: one a line, comments behind `#`. */
function identitiesIn(text: string): readonly string[] {
  const found = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  if (found.length > 0) return found;
  throw new LotseError('bad-input', 'there is no identity in that file', { hint: 'It has a line AGE-SECRET-KEY-1…' });
}

function wrongKeyOrFile(cause: unknown): LotseError {
  const said = cause instanceof Error ? cause.message : String(cause);
  if (/no identity matched/i.test(said)) {
    return new LotseError('sealed', 'this key does not open this backup', {
      hint: 'It takes the identity of one of its recipients, or its passphrase. Nothing was written.',
      cause,
    });
  }
  return damaged(cause);
}

async function* orDamaged(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (cause) {
    throw damaged(cause);
  }
}

function damaged(cause: unknown): LotseError {
  return new LotseError('bad-input', 'this backup is damaged or cut, or is none', {
    hint: 'Take another copy of it, or an earlier one. Nothing was written.',
    cause,
  });
}

/** The library speaks web streams of plain byte arrays. */
function bytesOf(stream: Readable): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = stream[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const next: IteratorResult<Buffer> = await reader.next();
      if (next.done === true) controller.close();
      else controller.enqueue(new Uint8Array(next.value));
    },
    async cancel() {
      await reader.return?.();
    },
  });
}

async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream) yield chunk;
}
