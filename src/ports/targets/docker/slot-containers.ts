import type { Address } from '../../../core/routing-document.ts';
import type { JobOrder, ServiceOrder } from '../targets.ts';
import type { AttemptPlace } from '../slots/attempt-place.ts';
import type { Attempt, Instance } from '../slots/instance.ts';
import type { SlotFiles } from '../slots/slot-files.ts';
import type { SlotMachine, SlotSettings } from '../slots/slot-machine.ts';
import { ContainerInstance } from './container-instance.ts';
import { ContainerJob } from './container-job.ts';
import { identityOfInstance, identityOfJob } from './container-names.ts';
import { findImage, prepareContainer } from './container-spec.ts';
import type { DockerMachine } from './docker-machine.ts';

/** Fills slots and runs jobs with containers of one engine. */
export class SlotContainers implements SlotMachine {
  readonly settings: SlotSettings;
  readonly #machine: DockerMachine;

  constructor(machine: DockerMachine, settings: SlotSettings) {
    this.#machine = machine;
    this.settings = settings;
  }

  async checkService(order: ServiceOrder): Promise<void> {
    await findImage(this.#machine, order.artifact, { service: order.definition.service, root: order.definition.root });
  }

  async checkJob(order: JobOrder): Promise<void> {
    await findImage(this.#machine, order.artifact, { service: null, root: order.root });
  }

  async openInstance(files: SlotFiles, order: ServiceOrder, attempt: number): Promise<Instance> {
    const machine = this.#machine;
    const { service, argv, root, memoryBytes, cpuCores } = order.definition;
    const identity = identityOfInstance(machine.id, order, files.number, attempt);
    const prepare = (address: Address | null) =>
      prepareContainer(machine, {
        scope: order,
        artifact: order.artifact,
        part: { service, root },
        identity,
        argv,
        variables: order.variables,
        secretFiles: order.definition.secretsAs === 'files' ? files.scratch : null,
        storeFolders: order.storeFolders,
        address,
        claimFile: order.claim === null ? null : files.claimFile,
        memoryBytes,
        cpuCores,
      });
    return new ContainerInstance(
      { machine, place: files.place(attempt), identity, prepare, secrets: files.scratch },
      order,
    );
  }

  async openJob(place: AttemptPlace, order: JobOrder): Promise<Attempt> {
    const machine = this.#machine;
    const identity = identityOfJob(machine.id, order);
    const prepare = () =>
      prepareContainer(machine, {
        ...order,
        scope: order,
        part: { service: null, root: order.root },
        identity,
        secretFiles: null,
        address: null,
        claimFile: null,
        memoryBytes: null,
        cpuCores: null,
      });
    return new ContainerJob({ machine, place, identity, prepare });
  }

  /** The name of the next attempt is another one: a container that is late is swept away, not mistaken. */
  async forbidStart(): Promise<void> {}

  async spreadClaim(order: ServiceOrder, claimFile: string): Promise<void> {
    await this.#machine.files.spreadClaim(order, claimFile);
  }

  async codeFolder(order: ServiceOrder): Promise<string | null> {
    const { service, root } = order.definition;
    return await findImage(this.#machine, order.artifact, { service, root }).then(
      (image) => image.Config.WorkingDir || null,
      () => null,
    );
  }
}
