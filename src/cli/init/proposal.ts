/** What `init` makes of a folder: everything that the written lotse.yaml says, with the reasons as comments. */
export interface Proposal {
  readonly app: string;
  readonly hasDockerfile: boolean;
  /** For the comment on what is built. */
  readonly packageManager: string | null;
  readonly services: readonly ProposedService[];
  readonly jobs: readonly ProposedJob[];
  readonly stores: readonly ProposedStore[];
  /** Somebody listens where it wants, whatever PORT says: old and new cannot run side by side. */
  readonly takesTurns: boolean;
  /** For the person, beside the file. */
  readonly remarks: readonly string[];
}

export interface ProposedService {
  readonly name: string;
  readonly run: string;
  readonly runComment: string;
  /** Null: a worker. */
  readonly port: number | null;
  readonly portComment: string;
  /** Null for `/` and for workers. */
  readonly path: string | null;
  /** Null for the app's own folder. */
  readonly root: string | null;
  /** A path that may tell readiness, and where it was seen. */
  readonly ready: { readonly path: string; readonly file: string } | null;
}

export interface ProposedJob {
  readonly name: string;
  readonly run: string;
  readonly comment: string;
}

export interface ProposedStore {
  readonly name: string;
  readonly folder: string;
  /** Why it was found: `.gitignore`, `server.js`. */
  readonly source: string;
}
