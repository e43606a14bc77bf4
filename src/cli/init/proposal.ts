import type { ComposeNote } from '../compose/compose-note.ts';

/** What `init` makes of a folder: everything that the written lotse.yaml says, with the reasons as comments. */
export interface Proposal {
  readonly app: string;
  readonly hasDockerfile: boolean;
  /** Why it runs as processes although there is a Dockerfile, without a full stop; null: as Lotse takes it by itself. */
  readonly processBecause: string | null;
  /** The compose file that services come from or that was read beside them; null without one. */
  readonly composeFile: string | null;
  /** For the comment on what is built. */
  readonly packageManager: string | null;
  readonly services: readonly ProposedService[];
  readonly jobs: readonly ProposedJob[];
  readonly stores: readonly ProposedStore[];
  /** For every service. */
  readonly config: readonly ProposedValue[];
  /** Names only. */
  readonly secrets: readonly string[];
  /** A name on the internet that was found; null: `<app>.example` stands for it. */
  readonly domain: string | null;
  /** Somebody listens where it wants, whatever PORT says: old and new cannot run side by side. */
  readonly takesTurns: boolean;
  /** For the person, beside the file. */
  readonly remarks: readonly string[];
  /** What became of the lines of a compose file that are not simply there. */
  readonly notes: readonly ComposeNote[];
}

export interface ProposedService {
  readonly name: string;
  /** Null: what the image runs. */
  readonly run: string | null;
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
  /** The path that tells readiness, where that is said and not guessed. */
  readonly check: string | null;
  readonly instances: number | null;
  /** `512 MiB`. */
  readonly memory: string | null;
  /** Cores. */
  readonly cpu: number | null;
  /** `30s`. */
  readonly drain: string | null;
  /** For this service alone. */
  readonly config: readonly ProposedValue[];
}

export interface ProposedValue {
  readonly name: string;
  /** Null: every environment has to give one. */
  readonly value: string | null;
  readonly comment: string;
}

export interface ProposedJob {
  readonly name: string;
  readonly run: string;
  readonly comment: string;
  /** Null for the app's own folder. */
  readonly root: string | null;
}

export interface ProposedStore {
  readonly name: string;
  readonly folder: string;
  /** Why it was found: `.gitignore`, `server.js`; null when nothing was guessed. */
  readonly source: string | null;
  /** Where a container had it; null outside of containers. */
  readonly mountedAt: string | null;
}
