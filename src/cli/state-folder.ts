import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What a control plane on this machine writes into its state folder, for the commands that are typed beside it. */
export interface LocalControlPlane {
  readonly file: string;
  readonly server: string;
  readonly token: string | null;
}

export const stateFolderName = '.lotse';
/** Where `lotse install` keeps the state of a server. */
export const installedStateFolder = '/var/lib/lotse';

/** The folder itself and all above it, from the inside out. */
export function foldersAbove(folder: string): readonly string[] {
  const above = dirname(folder);
  return above === folder ? [folder] : [folder, ...foldersAbove(above)];
}

/** The nearest `.lotse` that a control plane has used, in `folder` or above it; else the installed one, for those who may read it. */
export function findStateFolder(folder: string): string | null {
  const candidates = foldersAbove(folder).map((each) => join(each, stateFolderName));
  const near = candidates.find((each) => existsSync(join(each, 'client.json')));
  return near ?? (isReadable(join(installedStateFolder, 'client.json')) ? installedStateFolder : null);
}

function isReadable(file: string): boolean {
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

/** `<state>/client.json`, null when it is missing or not what a control plane writes. */
export function readClientFile(stateFolder: string): LocalControlPlane | null {
  const file = join(stateFolder, 'client.json');
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof value !== 'object' || value === null || !('server' in value)) return null;
    if (typeof value.server !== 'string') return null;
    const token = 'token' in value && typeof value.token === 'string' ? value.token : null;
    return { file, server: value.server, token };
  } catch {
    return null;
  }
}
