import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LotseError } from './core/errors.ts';
import type { Scope } from './core/ids.ts';
import { holdOwnerFile } from './database/owner-file.ts';
import { openMachine } from './machine.ts';
import type { Target, TargetSlot } from './ports/targets/targets.ts';

interface BootOptions {
  readonly stateDir: string;
  /** As in DOCKER_HOST. */
  readonly dockerHost: string;
}

/** What came up, for whoever reads the log of the unit. */
interface BootReport {
  readonly about: string;
  readonly slots: readonly string[];
}

/** A copy that is not ready by then is left as it stands: the control plane goes on with it. */
const patienceMs = 60_000;
const lookIntervalMs = 250;

/**
 * Starts again what was ordered before the machine went down: after a rollout has settled that is its revision; in the
 * middle of one it is what the proxy still routes to. It reads the targets' own orders and neither database nor journal,
 * so that it works when the control plane cannot start. What it starts outlives it. A control plane that owns the state
 * does all of this itself; then nothing is done here. Resolves when all copies are ready, or after a minute.
 */
export async function startWhatRan({ stateDir, dockerHost }: BootOptions): Promise<BootReport> {
  const controlDir = join(stateDir, 'control');
  if (!existsSync(controlDir)) return { about: `nothing was ever deployed from ${stateDir}`, slots: [] };
  const owner = holdOrNull(controlDir);
  if (owner === null) return { about: 'a control plane runs and does it', slots: [] };
  try {
    const scopes = await orderedScopes(stateDir);
    const { target } = await openMachine({ stateDir, dockerHost, hidden: { hide: (text) => text } });
    const slots = await untilReady(target, scopes);
    await target.close();
    return { about: `${slots.length} copies of ${scopes.length} environments`, slots };
  } finally {
    owner.release();
  }
}

function holdOrNull(controlDir: string): { release(): void } | null {
  try {
    return holdOwnerFile(controlDir);
  } catch (error) {
    if (error instanceof LotseError && error.code === 'locked') return null;
    throw error;
  }
}

async function untilReady(target: Target, scopes: readonly Scope[]): Promise<readonly string[]> {
  const untilMs = performance.now() + patienceMs;
  for (;;) {
    const seen = await Promise.all(
      scopes.map(async (scope) => (await target.observe(scope)).map((slot) => ({ scope, slot }))),
    );
    const isOver = seen.flat().every(({ slot }) => hasArrived(slot)) || performance.now() > untilMs;
    if (isOver) return seen.flat().map(({ scope, slot }) => describe(scope, slot));
    await sleep(lookIntervalMs);
  }
}

function hasArrived({ state }: TargetSlot): boolean {
  return state === 'ready' || state === 'gave-up' || state === 'stopping';
}

function describe({ app, environment }: Scope, { service, slot, revision, state }: TargetSlot): string {
  return `${app}/${environment} ${service} ${slot} of ${revision}: ${state}`;
}

/** Environments that anything was ever ordered for on this machine. */
async function orderedScopes(stateDir: string): Promise<readonly Scope[]> {
  const folders = ['target', join('docker', 'target')].map((each) => join(stateDir, each, 'kept'));
  const scopes = await Promise.all(
    folders.map(async (kept) => {
      const apps = await namesIn(kept);
      const below = apps.map(async (app) =>
        (await namesIn(join(kept, app))).map((environment) => ({ app, environment })),
      );
      return (await Promise.all(below)).flat();
    }),
  );
  const byName = new Map(scopes.flat().map((scope) => [`${scope.app}/${scope.environment}`, scope]));
  return [...byName.values()];
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return await readdir(folder).catch(() => []);
}
