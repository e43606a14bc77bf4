import type { SettingsVersionView } from '../capabilities/config/config-api.ts';
import type { AppOptions } from './command-options.ts';
import { changeLine } from './config-lines.ts';
import type { Context } from './context.ts';
import type { ControlPlane } from './control-plane.ts';
import { exitOk } from './exit-codes.ts';
import { hasEnded, type Until } from './rollout-standing.ts';
import { follow, type Stop } from './travel.ts';

export interface ChangeOptions extends AppOptions {
  readonly service?: string;
  readonly reason?: string;
  readonly ahead?: boolean;
  readonly notSecret?: true;
  readonly onlyDeclared?: true;
  readonly deploy?: boolean;
  readonly until: Until;
  readonly wait?: true;
}

interface Work {
  readonly context: Context;
  readonly plane: ControlPlane;
  readonly signal: AbortSignal;
  readonly options: ChangeOptions;
}

interface Wanted {
  readonly set?: { variable: string; value: string; service: string | null }[];
  readonly unset?: { variable: string; service: string | null }[];
}

/** Changes what is set (null: nothing) and, unless that is not wanted, rolls it out. Answers the exit code. */
export async function changeAndRollOut(work: Work, environment: string, wanted: Wanted | null): Promise<number> {
  const { context, plane, options } = work;
  const { out } = context;
  const changed = wanted === null ? null : await write(work, environment, wanted);
  const reached = options.deploy === false ? null : await rollOut(work, environment);
  if (options.deploy === false) {
    out.line(out.paint(`It comes with the next deploy, or by \`lotse config apply ${environment}\`.`, 'dim'));
  }
  const exitCode = reached?.exitCode ?? exitOk;
  if (!out.isJson) return exitCode;
  out.json({ changed, config: await plane.config(environment), rollout: reached?.stop ?? null, exitCode });
  return exitCode;
}

async function write(
  { context, plane, options }: Work,
  environment: string,
  wanted: Wanted,
): Promise<SettingsVersionView | null> {
  const { out } = context;
  const { reason = null, ahead = false } = options;
  const { changed } = await plane.changeConfig(environment, { ...wanted, reason, ahead });
  if (changed === null) {
    out.line(`${environment} has these values already.`);
    return null;
  }
  for (const change of changed.changes) out.line(changeLine(change));
  out.line(out.paint(`${environment} has version ${changed.version} of its settings.`, 'dim'));
  return changed;
}

/** The release that serves, with what is set now. Null: nothing was to be done. */
async function rollOut(
  { context, plane, options, signal }: Work,
  environment: string,
): Promise<{ readonly exitCode: number; readonly stop: Stop } | null> {
  const { out } = context;
  const { release, revision, differs } = await plane.config(environment);
  if (release === null || revision === null) {
    out.line(out.paint(`Nothing serves in ${environment} yet: the first deploy brings it.`, 'dim'));
    return null;
  }
  const { rollout } = await plane.environment(environment);
  const isUnderWay = rollout !== null && !hasEnded(rollout) && !['watching', 'settling'].includes(rollout.status);
  if (isUnderWay) {
    out.warn(`${rollout.release} is on its way to ${environment} with the values from before: nothing was rolled out.`);
    out.line(`  lotse config apply ${environment}   rolls out what is set, when that has ended`);
    return null;
  }
  if (!differs) {
    out.line(out.paint(`${release} serves with these values already.`, 'dim'));
    return null;
  }
  const started = await plane.startRollout(environment, {
    release,
    ...(options.reason === undefined ? {} : { reason: options.reason }),
  });
  return await follow({ plane, out, waits: options.wait ?? false, signal }, started, options.until);
}
