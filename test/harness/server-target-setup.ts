import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Address } from '../../src/core/routing-document.ts';
import { copyImage } from '../../src/docker-engine/copy-image.ts';
import type { DockerEngine } from '../../src/docker-engine/docker-engine.ts';
import type { DockerTarget } from '../../src/ports/targets/docker/docker-target.ts';
import { openDockerTarget } from '../../src/ports/targets/docker/docker-target.ts';
import type { TargetSlot } from '../../src/ports/targets/targets.ts';
import type { FoundEngine } from './docker-engine.ts';
import { instanceImage, processInside, removeAllOf } from './docker-target-setup.ts';
import { holdTargetElsewhere } from './hold-target.ts';
import type { OtherMachine } from './other-machine.ts';
import type { StandIn } from './stand-in-link.ts';
import { openStandIn } from './stand-in-link.ts';

const repository = 'lotse-test/instance';

/**
 * A Docker target whose engine is on another machine, where nothing of this one's files is. Its image is built by the
 * engine of this machine and has to be brought there.
 */
export async function startServerTargetTest(
  found: Exclude<FoundEngine, { readonly skip: string }>,
  machine: OtherMachine,
  standIn: StandIn,
  change: { readonly dockerfile?: string } = {},
) {
  const folder = await mkdtemp(join(tmpdir(), 'lotse-server-target-'));
  await chmod(folder, 0o711);
  const artifact = await instanceImage(found.engine, change.dockerfile);
  const tag = artifact.slice(-16);
  await found.engine.images.tag(artifact, repository, tag);
  const bring = async (id: string, to: DockerEngine): Promise<void> => {
    await copyImage({ id, tag: `${repository}:${id.slice(-16)}` }, found.engine, to, { timeoutMs: 60_000 });
  };
  // As a deploy does before it orders anything: an order does not wait for an image for long.
  await bring(artifact, machine.engine);
  const options = { stateDir: join(folder, 'state'), jobGraceMs: 500, probes: { steadyIntervalMs: 200 } };
  const controlFolder = join(folder, 'shop/staging/control');
  const state = async (): Promise<string> => (await readFile(join(options.stateDir, 'id'), 'utf8')).trim();
  const link = openStandIn(standIn);
  const inner = { ...standIn, engine: machine.engine.connection.address };
  return {
    folder,
    artifact,
    state,
    link,
    controlFolder,
    readinessSeenWithinMs: 150,
    controlled: async (): Promise<string> => {
      const volume = `lotse-${await state()}-shop_staging_control`;
      return (await machine.engine.volumes.inspect(volume)).Mountpoint;
    },
    reach: (address: Address) => link.connect(address, { timeoutMs: 5000 }),
    pidOf: async (slot: TargetSlot): Promise<number> => {
      const name = ['lotse', await state(), 'shop', 'staging', slot.revision, slot.service, slot.slot, slot.attempt];
      return (await machine.engine.containers.inspect(name.join('-'))).State.Pid;
    },
    neighbours: ({ host, port }: Address): readonly Address[] => {
      const [a, b, c, d = ''] = host.split('.');
      return [1, 2, 3].map((step) => ({ host: [a, b, c, Number(d) + step].join('.'), port }));
    },
    processOf: async (pid: number): Promise<number> => processInside(pid),
    open: (): Promise<DockerTarget> => openDockerTarget({ ...options, engine: link, deliver: bring }),
    openElsewhere: (order: unknown) =>
      holdTargetElsewhere(
        'hold-server-target.ts',
        [options, inner, order].map((value) => JSON.stringify(value)),
      ),
    dispose: async (): Promise<void> => {
      await link.close();
      link.engine.close();
      await removeAllOf(machine.engine, await state());
      await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
}
