import type { ComposePair } from './compose-tree.ts';

/** What a compose file says, in one form for each thing that can be written in several. */
export interface ComposeApp {
  /** Null: Compose takes the folder's name. */
  readonly name: string | null;
  readonly services: readonly ComposeService[];
  /** Named volumes that Compose does not make itself. */
  readonly externalVolumes: readonly string[];
}

export interface ComposeService {
  readonly name: string;
  readonly line: number;
  readonly image: string | null;
  readonly imageLine: number;
  readonly build: ComposeBuild | null;
  readonly command: ComposeWords | null;
  readonly entrypoint: ComposeWords | null;
  readonly workingDir: string | null;
  readonly environment: readonly ComposePair[];
  readonly envFiles: readonly { readonly path: string; readonly isRequired: boolean; readonly line: number }[];
  readonly ports: readonly ComposePort[];
  readonly expose: readonly number[];
  readonly mounts: readonly ComposeMount[];
  readonly healthcheck: { readonly test: string; readonly line: number; readonly kept: readonly string[] } | null;
  readonly dependsOn: readonly { readonly name: string; readonly condition: string; readonly line: number }[];
  readonly replicas: Placed<number> | null;
  /** Bytes. */
  readonly memory: Placed<number> | null;
  /** Cores. */
  readonly cpus: Placed<number> | null;
  /** As written: `30s`, `1m30s`. */
  readonly grace: Placed<string> | null;
  readonly restart: Placed<string> | null;
  readonly profiles: readonly string[];
  readonly usesHostNetwork: boolean;
  /** Names of top-level secrets. */
  readonly secrets: readonly Placed<string>[];
  readonly labels: readonly ComposePair[];
}

export interface Placed<T> {
  readonly value: T;
  readonly line: number;
}

export interface ComposeBuild {
  readonly line: number;
  /** As written: `.`, `./web`, `https://…`. */
  readonly context: string;
  readonly dockerfile: string | null;
  /** A Dockerfile that stands in the compose file itself. */
  readonly inline: string | null;
  /** A stage of it by name. */
  readonly target: string | null;
}

/** A list of words, or a line that Compose splits. */
export interface ComposeWords {
  readonly line: number;
  readonly words: readonly string[] | null;
  /** Null when it is a list. */
  readonly text: string | null;
  /** Variables that stand in it as `${NAME}`. */
  readonly kept: readonly string[];
}

export interface ComposePort {
  readonly line: number;
  readonly written: string;
  /** Null for a range and for what is no number. */
  readonly target: number | null;
  /** The port of the machine; null when Compose chooses one. */
  readonly published: number | null;
  /** On all addresses of the machine. */
  readonly isForAll: boolean;
  readonly protocol: string;
}

export interface ComposeMount {
  readonly line: number;
  readonly kind: 'volume' | 'bind' | 'other';
  /** Null for an anonymous volume. */
  readonly source: string | null;
  readonly target: string;
  readonly isReadOnly: boolean;
}
