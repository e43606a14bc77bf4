import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { namesIn } from '../slots/state-files.ts';
import type { OneOffOrder, Session } from '../session.ts';
import type { ControlGroup } from './control-groups.ts';
import { endGroup } from './end-group.ts';
import { enterProcess } from './enter-process.ts';
import { prepareCommand } from './instance-command.ts';
import type { Machine } from './machine.ts';

const never = new AbortController().signal;

/**
 * Runs a program with what an instance of the service has, in a scratch folder of its own. What it leaves behind ends with
 * it: strays, the folder, secrets in memory. Errors: those of `prepareCommand`; `not-built-yet` without script(1).
 */
export async function runOneOff(machine: Machine, order: OneOffOrder): Promise<Session> {
  const { definition } = order;
  const marker = machine.folders.marker('one-off', order.key);
  const scratch = machine.folders.runOfOneOff(order, marker);
  const { memoryBytes, cpuCores } = definition;
  const controlGroup = await machine.controlGroups.open(marker, { memoryBytes, cpuCores });
  const tidy = async (): Promise<void> => await tidyUp(machine, { marker, scratch, controlGroup });
  try {
    const command = await prepareCommand(machine, {
      scope: order,
      artifact: order.artifact,
      argv: order.argv,
      root: definition.root,
      variables: order.variables,
      ...(definition.secretsAs === 'files' ? { secretsAs: 'files' } : {}),
      storeFolders: order.storeFolders,
      scratch,
      port: null,
      claimFile: null,
      controlGroup,
    });
    const session = enterProcess(machine.tools, command, marker, order);
    const isTidy = session.ended.then(tidy).catch(() => undefined); // The next start of the target tries again.
    const close = async (): Promise<void> => {
      await session.close();
      await isTidy;
    };
    return { ...session, close };
  } catch (error) {
    await tidy();
    throw error;
  }
}

/** What programs left behind whose control plane died: they ended with it, and nobody tidied up. */
export async function sweepOneOffs(machine: Machine): Promise<void> {
  const { run } = machine.folders;
  for (const app of await namesIn(run)) {
    for (const environment of await namesIn(join(run, app))) {
      const folder = join(run, app, environment, 'one-offs');
      for (const marker of await namesIn(folder)) {
        const controlGroup = await machine.controlGroups.open(marker, { memoryBytes: null, cpuCores: null });
        await tidyUp(machine, { marker, scratch: join(folder, marker), controlGroup });
      }
    }
  }
}

interface Left {
  readonly marker: string;
  readonly scratch: string;
  readonly controlGroup: ControlGroup | null;
}

async function tidyUp(machine: Machine, { marker, scratch, controlGroup }: Left): Promise<void> {
  await endGroup(machine.host, { marker, run: null, controlGroup }, 0, never);
  await controlGroup?.remove();
  await machine.secretFiles.remove(scratch);
  await rm(scratch, { recursive: true, force: true });
}
