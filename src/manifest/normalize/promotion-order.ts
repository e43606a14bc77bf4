import type { EnvironmentDefinition } from '../app-manifest.ts';
import { devEnvironment } from '../names.ts';
import { nearestOf } from '../nearest.ts';
import type { Context } from './context.ts';
import { reportMeaning, reportUnknownName } from './context.ts';

/** `dev` first, then each environment behind the one it comes `after`; else in the file's order. */
export function promotionOrder(
  environments: readonly EnvironmentDefinition[],
  context: Context,
): readonly EnvironmentDefinition[] {
  const byName = new Map(environments.map((each) => [each.environment, each]));
  for (const each of environments) checkAfter(each, [...byName.keys()], context);
  const ordered: EnvironmentDefinition[] = [];
  const place = (environment: EnvironmentDefinition, behind: readonly string[]): void => {
    const name = environment.environment;
    if (ordered.includes(environment)) return;
    if (behind.includes(name)) return reportCycle(behind.slice(behind.indexOf(name)), context);
    const before = environment.after === null ? undefined : byName.get(environment.after);
    if (before !== undefined && before !== environment) place(before, [...behind, name]);
    if (!ordered.includes(environment)) ordered.push(environment);
  };
  const isDev = (each: EnvironmentDefinition) => each.environment === devEnvironment;
  for (const each of [...environments.filter(isDev), ...environments.filter((other) => !isDev(other))]) place(each, []);
  return ordered;
}

function checkAfter(environment: EnvironmentDefinition, names: readonly string[], context: Context): void {
  const { after } = environment;
  const path = ['environments', environment.environment, 'after'];
  if (after === null) return;
  const known = names.filter((name) => name !== environment.environment && name !== devEnvironment);
  if (after === environment.environment) return reportMeaning(context, path, 'an environment cannot come after itself');
  if (after === devEnvironment)
    return reportMeaning(context, path, '`dev` is the working tree; no release goes through it');
  if (names.includes(after)) return;
  reportUnknownName(context, path, 'environment', { written: after, known, nearest: nearestOf(after, known) });
}

function reportCycle(names: readonly string[], context: Context): void {
  const [first = ''] = names;
  const circle = [...names, first].join(' after ');
  reportMeaning(context, ['environments', first, 'after'], `the order goes round in a circle: ${circle}`);
}
