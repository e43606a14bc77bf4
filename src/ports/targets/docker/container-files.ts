import type { Scope } from '../../../core/ids.ts';
import type { Mount } from '../../../docker-engine/engine-shapes.ts';
import type { ServiceOrder } from '../targets.ts';

/** Where the claim file is, inside. */
export const claimFolder = '/run/lotse';

/** Who a container runs as. */
export interface ContainerUser {
  readonly name: string;
  /** User and group of the environment, which own its stores. */
  readonly environment: number;
  /** The image names its user, who gets at the stores by the environment's group. */
  readonly isOfImage: boolean;
}

export interface WantedFiles {
  readonly scope: Scope;
  /** Paths as the variables name them: inside a container a store is there, wherever it lies outside. */
  readonly storeFolders: readonly string[];
  readonly claimFile: string | null;
  readonly user: ContainerUser;
  /** Id of the image that the container is made of. */
  readonly image: string;
}

/** How stores and claims get into containers: that depends on where the engine is. */
export interface ContainerFiles {
  /** What the container is made with; its stores are there, and its user may write to them. Errors: `disk-full`. */
  mounts(wanted: WantedFiles): Promise<readonly Mount[]>;
  /** The container is made and has not been started. May be called again. */
  fill(container: string, claimFile: string | null): Promise<void>;
  /** The claim file has another text: resolves when every container of the service has it. */
  spreadClaim(order: ServiceOrder, claimFile: string): Promise<void>;
}
