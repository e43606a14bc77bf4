import { posix } from 'node:path';
import type { SourceFile } from '../init/folder-facts.ts';

/** A compose file and what lies around it. Read once; everything that is concluded from it is pure. */
export interface ComposeFolder {
  /** Relative to the folder of the app: `compose.yaml`. */
  readonly file: string;
  readonly text: string;
  /** Other compose files that lie beside it and are not read. */
  readonly otherFiles: readonly string[];
  readonly folderName: string;
  /** Code of the app, for what it says about ports. */
  readonly sources: readonly SourceFile[];
  /** Relative to the folder of the app; null for what is not there. */
  readText(path: string): string | null;
  /** Whether git leaves it out: what is in it does not belong into a file that is committed. */
  isIgnored(path: string): boolean;
}

/** A path of the compose file, as one of the app's folder (`.`, `apps/web`); null for what lies outside of it. */
export function pathInFolder({ file }: ComposeFolder, written: string): string | null {
  if (/^[/~]|^[\w+.-]+:\/\/|^git@|^github\.com\//.test(written)) return null;
  const path = posix.normalize(posix.join(posix.dirname(file), written)).replace(/(.)\/+$/, '$1');
  return path === '..' || path.startsWith('../') || /[\n\\\0]/.test(path) || path.length > 300 ? null : path;
}

/** `apps/web` and `package.json` make `apps/web/package.json`. */
export function below(root: string, path: string): string {
  return root === '.' ? path : `${root}/${path}`;
}
