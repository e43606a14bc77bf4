import { randomBytes } from 'node:crypto';
import { link, open, readFile, rm, stat } from 'node:fs/promises';
import { LotseError } from '../../../core/errors.ts';
import { VaultKey } from './envelope.ts';

/**
 * The vault's key from its file; made, 0600, when there is none and nothing has been sealed yet. Null: there is none, and
 * none may be made, because what was sealed would stay sealed for ever. Errors: `sealed` when others may read the file,
 * or it holds no key.
 */
export async function readVaultKey(file: string, hasSealed: () => Promise<boolean>): Promise<VaultKey | null> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  });
  if (text !== null) {
    await refuseReadable(file);
    return new VaultKey(Buffer.from(text.trim(), 'base64url'));
  }
  if (await hasSealed()) return null;
  await makeKey(file);
  return await readVaultKey(file, hasSealed);
}

/** On disk before anything is sealed by it, and whole from the first moment. Of several that are made at once one stays. */
async function makeKey(file: string): Promise<void> {
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(`${VaultKey.random().reveal().toString('base64url')}\n`);
    await handle.sync();
    await link(draft, file).catch(unlessThere);
  } finally {
    await handle.close();
    await rm(draft, { force: true });
  }
}

function unlessThere(error: unknown): void {
  if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return;
  throw error;
}

async function refuseReadable(file: string): Promise<void> {
  const { mode } = await stat(file);
  if ((mode & 0o077) === 0) return;
  throw new LotseError('sealed', `others on this machine may read ${file}`, {
    hint: `chmod 600 ${file}, and give every secret a new value if somebody may have read it.`,
  });
}
