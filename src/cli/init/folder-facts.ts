import type { ComposeFolder } from '../compose/compose-folder.ts';

/** What lies in the folder of an app, read once; everything that is concluded from it is pure. */
export interface FolderFacts {
  /** Last part of the folder's path. */
  readonly folderName: string;
  readonly packageFile: PackageFile | null;
  /** `npm`, `pnpm`, `yarn`, `bun` by its lockfile; null without one. */
  readonly lockfile: string | null;
  readonly procfile: readonly ProcfileLine[];
  readonly dockerfile: DockerfileFacts | null;
  readonly compose: ComposeFolder | null;
  /** Lines of .gitignore without comments. */
  readonly ignored: readonly string[];
  readonly sources: readonly SourceFile[];
  /** Members of a workspace, without those that cannot be started. */
  readonly members: readonly MemberFacts[];
  /** The folder belongs to a workspace whose lockfile lies above it, at this path. */
  readonly workspaceAbove: string | null;
}

export interface PackageFile {
  readonly name: string | null;
  readonly main: string | null;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: readonly string[];
  readonly workspaces: readonly string[];
}

export interface ProcfileLine {
  readonly name: string;
  readonly command: string;
}

/** What its last stage says. */
export interface DockerfileFacts {
  /** What it is built from; null for a stage of its own file. */
  readonly image: string | null;
  readonly port: number | null;
  /** The last WORKDIR when it is absolute, without a slash at its end. */
  readonly workdir: string | null;
  readonly entrypoint: string | null;
  readonly cmd: string | null;
  /** What the image starts, as one line: ENTRYPOINT and CMD; null when it does not say. */
  readonly command: string | null;
}

export interface SourceFile {
  /** Relative to the folder of the app. */
  readonly path: string;
  readonly text: string;
}

export interface MemberFacts {
  /** `apps/web`. */
  readonly root: string;
  readonly packageFile: PackageFile;
  readonly sources: readonly SourceFile[];
}
