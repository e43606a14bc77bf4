import { join, posix } from 'node:path';
import { LotseError } from '../../../core/errors.ts';
import type { ArtifactDigest, Scope } from '../../../core/ids.ts';
import type { ContainerSpec, HealthCheck, HostConfig, ImageDetails } from '../../../docker-engine/engine-shapes.ts';
import type { Variables } from '../targets.ts';
import { reveal } from '../slots/sealing.ts';
import { pointToFiles } from '../slots/secret-files.ts';
import type { ContainerUser } from './container-files.ts';
import { claimFolder } from './container-files.ts';
import type { ContainerIdentity } from './container-names.ts';
import type { DockerMachine, ImagePart } from './docker-machine.ts';
import type { EnvironmentNetwork } from './environment-networks.ts';
import { isFailure } from './engine-sight.ts';
import { pointAtGateway } from './loopback-variables.ts';

const lookTimeoutMs = 10_000;
/** Where secrets as files are, inside. */
const secretsFolder = '/run/secrets';
/** What the engine keeps of an output while nobody copies it. */
const engineLog = { Type: 'json-file', Config: { 'max-size': '8m', 'max-file': '3' } } as const;

export interface ContainerOrder {
  readonly scope: Scope;
  readonly artifact: ArtifactDigest;
  readonly part: ImagePart;
  readonly identity: ContainerIdentity;
  /** Arguments of the image's entrypoint; none: the image's own command. */
  readonly argv: readonly string[];
  readonly variables: Variables;
  /** Whose secrets become files in memory; null: they are variables. */
  readonly secretFiles: string | null;
  readonly storeFolders: readonly string[];
  readonly address: { readonly host: string; readonly port: number } | null;
  readonly claimFile: string | null;
  readonly memoryBytes: number | null;
  readonly cpuCores: number | null;
}

export interface PreparedContainer {
  readonly spec: ContainerSpec;
  /** What the image itself brings along. */
  readonly check: HealthCheck | null;
  /** Before its start. */
  readonly fill: (container: string) => Promise<void>;
}

/**
 * The whole container of an instance or job: nothing that it may write to but its scratch and its stores, no
 * capabilities, a user without rights, its environment's network. Secrets are revealed here, as variables; nothing of
 * them is in a command line or a label. Errors: `not-found` (the image), `disk-full`, `unreachable`.
 */
export async function prepareContainer(machine: DockerMachine, order: ContainerOrder): Promise<PreparedContainer> {
  const image = await findImage(machine, order.artifact, order.part);
  const network = await machine.networks.of(order.scope);
  const user = await chooseUser(machine, order, image);
  const secrets = await secretMounts(machine, order, user);
  const mounts = [...(await machine.files.mounts({ ...order, user, image: image.Id })), ...secrets.mounts];
  const pointed = pointAtGateway(reveal(secrets.variables), network.gateway);
  const spec: ContainerSpec = {
    Image: image.Id,
    ...(order.argv.length === 0 ? {} : { Cmd: order.argv }),
    Env: Object.entries({ ...pointed.variables, ...ownVariables(order) }).map(([name, value]) => `${name}=${value}`),
    Labels: order.identity.labels,
    User: user.name,
    WorkingDir: posix.join(image.Config.WorkingDir || '/', order.part.root),
    Hostname: order.identity.hostname,
    Healthcheck: { Test: ['NONE'] }, // Asked by Lotse itself: more often while it boots, and under one policy.
    HostConfig: { ...hostConfig(machine, order, network, user, pointed.names), Mounts: mounts },
    NetworkingConfig: {
      EndpointsConfig: {
        [network.name]: order.address === null ? {} : { IPAMConfig: { IPv4Address: order.address.host } },
      },
    },
  };
  const fill = (container: string): Promise<void> => machine.files.fill(container, order.claimFile);
  return { spec, check: image.Config.Healthcheck ?? null, fill };
}

/** The folder in memory is bound into the container. Errors: `not-built-yet` where the engine does not see this machine. */
async function secretMounts(machine: DockerMachine, order: ContainerOrder, user: ContainerUser) {
  const { secretFiles: slot, variables } = order;
  if (slot === null) return { variables, mounts: [] };
  if (!machine.isLocal) throw noFilesThere(machine.words);
  const folder = await machine.secretFiles.write(slot, variables, user.environment);
  const mount = { Type: 'bind', Source: folder, Target: secretsFolder, ReadOnly: true } as const;
  return { variables: pointToFiles(variables, secretsFolder), mounts: [mount] };
}

function noFilesThere(words: string): LotseError {
  return new LotseError('not-built-yet', `${words}secrets as files are not built for other machines yet.`, {
    hint: 'Until then leave out `secrets_as: files`: the secrets come as variables.',
  });
}

/** Where the engine is not the one that built it, the image is brought when it is not there. Errors: `not-found`, `unreachable`, `timeout`. */
export async function findImage(
  machine: DockerMachine,
  artifact: ArtifactDigest,
  part: ImagePart,
): Promise<ImageDetails> {
  const hint = 'Build the release again, or roll back to one whose image is kept.';
  const name = await machine.findImage(artifact, part);
  if (name === null) throw new LotseError('not-found', `Nobody knows an image of the artifact ${artifact}.`, { hint });
  try {
    return await machine.engine.images.inspect(name, { timeoutMs: lookTimeoutMs }).catch(async (error: unknown) => {
      if (machine.delivery === null || !isFailure(error, 'not-found')) throw error;
      await machine.delivery.bring(artifact);
      return await machine.engine.images.inspect(name, { timeoutMs: lookTimeoutMs });
    });
  } catch (error) {
    if (!isFailure(error, 'not-found')) throw error;
    throw new LotseError(
      'not-found',
      `The image ${name} is not on the Docker engine (${machine.engine.connection.name}).`,
      {
        hint,
        cause: error,
      },
    );
  }
}

/**
 * The image's user, when it names one (also root, which then has no capabilities). An image that names none would run as
 * root: it gets the environment's own user instead.
 */
async function chooseUser(machine: DockerMachine, order: ContainerOrder, image: ImageDetails): Promise<ContainerUser> {
  const environment = await machine.users.of(order.scope);
  const isOfImage = image.Config.User !== '';
  return { name: isOfImage ? image.Config.User : `${environment}:${environment}`, environment, isOfImage };
}

function ownVariables(order: ContainerOrder): Readonly<Record<string, string>> {
  return {
    HOME: '/tmp',
    TMPDIR: '/tmp',
    ...(order.address === null ? {} : { PORT: String(order.address.port) }),
    ...(order.claimFile === null ? {} : { LOTSE_CLAIM_FILE: join(claimFolder, 'claim') }),
  };
}

function hostConfig(
  machine: DockerMachine,
  order: ContainerOrder,
  network: EnvironmentNetwork,
  user: ContainerUser,
  names: readonly string[],
): HostConfig & { readonly GroupAdd: readonly string[] } {
  const { limits } = machine;
  return {
    NetworkMode: network.name,
    RestartPolicy: { Name: 'no' },
    Init: true,
    ReadonlyRootfs: true,
    CapDrop: ['ALL'],
    SecurityOpt: ['no-new-privileges'],
    PidsLimit: limits.processes,
    ...(order.memoryBytes === null ? {} : { Memory: order.memoryBytes, MemorySwap: order.memoryBytes }),
    ...(order.cpuCores === null ? {} : { NanoCpus: Math.round(order.cpuCores * 1e9) }),
    GroupAdd: user.isOfImage ? [String(user.environment)] : [],
    Tmpfs: { '/tmp': `rw,exec,nosuid,nodev,mode=1777,size=${limits.scratchBytes}` },
    ExtraHosts: names.map((name) => `${name}:${network.gateway}`),
    LogConfig: engineLog,
  };
}
