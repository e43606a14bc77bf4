import { join } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Where a person's own settings of Lotse are: `$XDG_CONFIG_HOME/lotse`, else `~/.config/lotse` (XDG Base Directory
 * Specification), on macOS `~/Library/Application Support/lotse`, on Windows `%APPDATA%\lotse`. Null for nobody's home.
 */
export function userConfigFolder(env: Environment, platform: NodeJS.Platform = process.platform): string | null {
  const chosen = named(env['XDG_CONFIG_HOME']);
  if (chosen !== null) return join(chosen, 'lotse');
  if (platform === 'win32') {
    const appData = named(env['APPDATA']);
    return appData === null ? null : join(appData, 'lotse');
  }
  const home = named(env['HOME']);
  if (home === null) return null;
  return platform === 'darwin' ? join(home, 'Library', 'Application Support', 'lotse') : join(home, '.config', 'lotse');
}

function named(value: string | undefined): string | null {
  return value === undefined || value === '' ? null : value;
}
