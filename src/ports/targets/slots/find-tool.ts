import { constants } from 'node:fs';
import { access } from 'node:fs/promises';

/** System folders only: nothing that an app or a user could have put in the way of root. */
const folders = ['/usr/bin', '/bin', '/usr/sbin', '/sbin'];

/** Absolute path of a program; null where the machine has none. */
export async function findTool(name: string): Promise<string | null> {
  for (const folder of folders) {
    const path = `${folder}/${name}`;
    const usable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (usable) return path;
  }
  return null;
}
