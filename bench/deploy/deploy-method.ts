/** One way to bring a new version of the app under deployment to users without a gap. */
export interface DeployMethod {
  readonly name: string;
  /** Where users reach it: an address, 127.0.0.1 when left out, and a port. */
  readonly host?: string;
  readonly port: number;
  readonly hostName: string;
  /** How often in a row it waits for the app's boot: what it may take at least. */
  readonly boots: number;
  /** All that comes before the command (build, files). Answers the version: what `x-version` will say. */
  prepare(): Promise<string>;
  /** The command. Resolves when it says that the new version is there; throws when it says that it could not. */
  deploy(version: string): Promise<void>;
  /** Resolves when nothing of the deploy moves any more, and answers how it went. */
  settle(): Promise<Course>;
  close(): Promise<void>;
}

export interface Course {
  /** When each part of it began, for explanations. */
  readonly milestones: readonly Milestone[];
  /**
   * When it saw the last new copy healthy, so that nothing but the switch was left to do. On the clock of `clockMs`; null
   * for those that switch copy by copy.
   */
  readonly readyAtMs: number | null;
}

export interface Milestone {
  readonly title: string;
  /** On the clock of `clockMs`. */
  readonly atMs: number;
}
