import { findTool } from '../slots/find-tool.ts';
import type { LauncherTools } from './launcher.ts';

export interface MachineTools extends LauncherTools {
  readonly fallocate: string | null;
  readonly script: string | null;
  readonly stty: string | null;
}

/** All but the scripts, which the target writes itself. */
export type FoundTools = Omit<MachineTools, 'scripts'>;

/** What util-linux and coreutils offer here. All of it is on Debian; macOS has none of it, and the target's notes say what follows. */
export async function findTools(): Promise<FoundTools> {
  const [flock = null, setsid = null, setpriv = null, fallocate = null, script = null, stty = null] = await Promise.all(
    ['flock', 'setsid', 'setpriv', 'fallocate', 'script', 'stty'].map((name) => findTool(name)),
  );
  return { flock, setsid, setpriv, fallocate, script, stty };
}
