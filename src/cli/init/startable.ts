import type { FoundPort } from './find-port.ts';
import type { ProposedService } from './proposal.ts';

/** How something is started, before it has a name and a path. */
export interface Startable {
  readonly name: string;
  readonly command: string;
  readonly comment: string;
  readonly root: string | null;
  readonly port: FoundPort | null;
  readonly ready: ProposedService['ready'];
  /** Other command lines that start the same. */
  readonly sameAs: readonly string[];
}
