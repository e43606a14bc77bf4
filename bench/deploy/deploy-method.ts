/** One way to bring a new version of the app under deployment to users without a gap. */
export interface DeployMethod {
  readonly name: string;
  /** Where users reach it, on 127.0.0.1. */
  readonly port: number;
  readonly hostName: string;
  /** How often in a row it waits for the app's boot: what it may take at least. */
  readonly boots: number;
  /** All that comes before the command (build, files). Answers the version: what `x-version` will say. */
  prepare(): Promise<string>;
  /** The command. Resolves when it says that the new version is there; throws when it says that it could not. */
  deploy(version: string): Promise<void>;
  /** Resolves when nothing of the deploy moves any more, and answers when each part of it began, for explanations. */
  settle(): Promise<readonly Milestone[]>;
  close(): Promise<void>;
}

export interface Milestone {
  readonly title: string;
  /** On the clock of `clockMs`. */
  readonly atMs: number;
}
