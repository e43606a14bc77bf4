import { LotseError } from '../../core/errors.ts';
import type { Scope } from '../../core/ids.ts';
import type { AppManifest } from '../../manifest/app-manifest.ts';
import { expectedConfigValue } from '../../manifest/config-values.ts';
import { declarationsOf, declaredVariables, type ConfigOverride } from '../../manifest/environment-config.ts';
import { devEnvironment, namePattern, reservedVariable, variablePattern } from '../../manifest/names.ts';
import { nearestOf } from '../../manifest/nearest.ts';
import { manifestOf, subjectOf, type ConfigWorld } from './config-world.ts';

/**
 * Refuses what no release could be given: names that nobody declares (unless `ahead` of a release), values of another
 * type, secrets. Errors: `bad-input`, `not-found`.
 */
export async function checkSettings(
  world: ConfigWorld,
  scope: Scope,
  wanted: readonly ConfigOverride[],
  ahead: boolean,
): Promise<void> {
  checkPlace(scope);
  const manifests = await manifestsFor(world, scope);
  for (const each of wanted) {
    checkName(each.variable, manifests);
    checkService(each.service, manifests, ahead);
    checkValue(each, scope, manifests, ahead);
  }
}

/** Of what serves, and of what was built last: a value may be meant for either. */
async function manifestsFor(world: ConfigWorld, scope: Scope): Promise<readonly AppManifest[]> {
  const { release } = await subjectOf(world, scope);
  const newest = await world.releases.newest(scope.app);
  const releases = [release, newest?.id === release?.id ? null : newest].filter((each) => each !== null);
  const manifests = releases.map(manifestOf);
  const known = manifests.flatMap(({ environments }) => environments.map(({ environment }) => environment));
  if (manifests.length === 0 || known.includes(scope.environment)) return manifests;
  const nearest = nearestOf(scope.environment, known);
  const hint = nearest === null ? `There are ${[...new Set(known)].join(', ')}.` : `Did you mean ${nearest}?`;
  throw new LotseError('not-found', `${scope.app} has no environment ${JSON.stringify(scope.environment)}`, { hint });
}

function checkPlace({ app, environment }: Scope): void {
  if (!namePattern.test(app) || !namePattern.test(environment)) {
    throw new LotseError('bad-input', `${app}/${environment} cannot be an app and its environment`);
  }
  if (environment === devEnvironment) {
    throw new LotseError('bad-input', `${devEnvironment} is the working tree: its config stands in lotse.yaml alone`);
  }
}

function checkName(variable: string, manifests: readonly AppManifest[]): void {
  if (!variablePattern.test(variable)) {
    throw new LotseError('bad-input', `${JSON.stringify(variable)} cannot be the name of a config value`, {
      hint: 'Instances get it as a variable: letters, digits and _, not first a digit, at most 80 of them.',
    });
  }
  const reserved = reservedVariable(variable);
  if (reserved !== null) throw new LotseError('bad-input', `${variable} cannot be set: ${reserved}`);
  if (manifests.some(({ secrets }) => secrets.includes(variable))) {
    throw new LotseError('bad-input', `${variable} is a secret, and config is readable for everybody`, {
      hint: `\`lotse secret set ${variable} ENVIRONMENT\` gives it a value.`,
    });
  }
}

function checkService(service: string | null, manifests: readonly AppManifest[], ahead: boolean): void {
  if (service === null || ahead || manifests.length === 0) return;
  const known = manifests.flatMap(({ services }) => Object.keys(services));
  if (known.includes(service)) return;
  const nearest = nearestOf(service, known);
  const hint = nearest === null ? `There are ${[...new Set(known)].join(', ')}.` : `Did you mean ${nearest}?`;
  throw new LotseError('not-found', `there is no service ${JSON.stringify(service)}`, { hint });
}

function checkValue(wanted: ConfigOverride, scope: Scope, manifests: readonly AppManifest[], ahead: boolean): void {
  const { variable, value, service } = wanted;
  const declared = manifests.flatMap((manifest) =>
    declarationsOf(manifest, variable).filter((each) => service === null || [null, service].includes(each.service)),
  );
  if (declared.length === 0) return refuseUndeclared(variable, manifests, ahead);
  const wrong = declared.map(({ declaration }) => expectedConfigValue(declaration, value));
  // Two releases may differ: what suits one of them can be meant for it.
  if (wrong.includes(null)) return;
  const shown = JSON.stringify(value.slice(0, 80));
  throw new LotseError('bad-input', `${variable}=${shown} of ${scope.environment} is not ${wrong[0] ?? 'right'}`, {
    hint: `lotse.yaml declares it under ${declared[0]?.from ?? 'config'}.`,
  });
}

function refuseUndeclared(variable: string, manifests: readonly AppManifest[], ahead: boolean): void {
  if (ahead || manifests.length === 0) return;
  const known = manifests.flatMap(declaredVariables);
  const nearest = nearestOf(variable, known);
  const meant = nearest === null ? '' : `Did you mean ${nearest}? `;
  throw new LotseError('bad-input', `no release declares ${variable}`, {
    hint: `${meant}Declare it in lotse.yaml under \`config\`; --ahead sets it for a release that is still to come.`,
  });
}
