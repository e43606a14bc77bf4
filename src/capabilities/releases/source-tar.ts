import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { LotseError, toLotseError } from '../../core/errors.ts';

const run = promisify(execFile);
const tarEnvironment = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C.UTF-8' };
/** Manifests and checklists are texts for people. */
const maxTextBytes = 1024 * 1024;
const maxListBytes = 256 * 1024 * 1024;

/** Keeps what a client sends as a file, whole or not at all; answers the SHA-256 of its bytes in hex. */
export async function keepSource(source: Readable, file: string): Promise<string> {
  const part = `${file}.part`;
  const hash = createHash('sha256');
  try {
    await mkdir(dirname(file), { recursive: true });
    await pipeline(
      source,
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          hash.update(chunk);
          yield chunk;
        }
      },
      createWriteStream(part),
    );
    await rename(part, file);
  } catch (thrown) {
    await rm(part, { force: true });
    throw toLotseError(thrown);
  }
  return hash.digest('hex');
}

/** Paths inside a tar, without a leading `./`. Errors: `bad-input` when it is no tar. */
export async function listTar(file: string): Promise<ReadonlySet<string>> {
  try {
    const { stdout } = await run('tar', ['-tf', file], { env: tarEnvironment, maxBuffer: maxListBytes });
    return new Set(stdout.split('\n').map((path) => path.replace(/^\.\//, '')));
  } catch (cause) {
    throw new LotseError('bad-input', 'what was sent is not a tar file', { cause });
  }
}

/** The text of one file of a tar; null when it is not in it. */
export async function readFromTar(file: string, path: string): Promise<string | null> {
  for (const name of [path, `./${path}`]) {
    const text = await run('tar', ['-xOf', file, '--', name], { env: tarEnvironment, maxBuffer: maxTextBytes }).then(
      ({ stdout }) => stdout,
      () => null,
    );
    if (text !== null) return text;
  }
  return null;
}
