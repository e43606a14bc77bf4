import { LotseError } from '../core/errors.ts';
import { devEnvironment } from './names.ts';
import { nearestOf } from './nearest.ts';

/** What the order of promotion is made of, from a manifest or from the control plane. */
export interface OrderedEnvironment {
  readonly environment: string;
  readonly after: string | null;
}

/** The environment that is meant when none is named: the end of the order, when it has only one end. */
export function defaultEnvironment(environments: readonly OrderedEnvironment[]): string {
  const deployable = withoutDev(environments);
  const ends = deployable.filter((each) => !deployable.some((other) => other.after === each.environment));
  const [end] = ends;
  if (end !== undefined && ends.length === 1) return end.environment;
  if (end === undefined) {
    throw new LotseError('bad-input', 'The app has no environment to go to', {
      hint: 'Add one to lotse.yaml: `environments: { production: {} }`.',
    });
  }
  throw new LotseError('bad-input', `Which environment? ${listOf(ends)} are all at the end of the order`, {
    hint: `Name one, as in \`lotse deploy ${end.environment}\`.`,
  });
}

/** From the first environment that a release has to pass to `target` itself. Throws `not-found` for unknown names. */
export function routeTo(target: string, environments: readonly OrderedEnvironment[]): readonly string[] {
  const deployable = withoutDev(environments);
  const route: string[] = [];
  for (let name: string | null = target; name !== null && !route.includes(name);) {
    const found = deployable.find((each) => each.environment === name);
    if (found === undefined) throw unknownEnvironment(name, deployable);
    route.unshift(name);
    name = found.after;
  }
  return route;
}

export function unknownEnvironment(name: string, environments: readonly OrderedEnvironment[]): LotseError {
  const names = environments.map((each) => each.environment);
  const nearest = nearestOf(name, names);
  const hint =
    name === devEnvironment
      ? '`dev` is the working tree: `lotse up dev` runs it.'
      : nearest === null
        ? `There are: ${names.join(', ') || 'none yet'}.`
        : `Did you mean ${nearest}?`;
  return new LotseError('not-found', `There is no environment ${JSON.stringify(name)} to deploy to`, { hint });
}

function withoutDev(environments: readonly OrderedEnvironment[]): readonly OrderedEnvironment[] {
  return environments.filter((each) => each.environment !== devEnvironment);
}

function listOf(environments: readonly OrderedEnvironment[]): string {
  return environments.map((each) => each.environment).join(', ');
}
