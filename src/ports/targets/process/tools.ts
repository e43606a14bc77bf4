import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import type { LauncherTools } from './launcher.ts';

export interface MachineTools extends LauncherTools {
  readonly fallocate: string | null;
}

/** All but the scripts, which the target writes itself. */
export type FoundTools = Omit<MachineTools, 'scripts'>;

/** System folders only: nothing that an app or a user could have put in the way of root. */
const folders = ['/usr/bin', '/bin', '/usr/sbin', '/sbin'];

/** What util-linux offers here. All of it is on Debian; macOS has none of it, and the target's notes say what follows. */
export async function findTools(): Promise<FoundTools> {
  const [flock, setsid, setpriv, fallocate] = await Promise.all(
    ['flock', 'setsid', 'setpriv', 'fallocate'].map((name) => findTool(name)),
  );
  return { flock: flock ?? null, setsid: setsid ?? null, setpriv: setpriv ?? null, fallocate: fallocate ?? null };
}

async function findTool(name: string): Promise<string | null> {
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
