import { LotseError } from '../../core/errors.ts';
import type { AppManifest, EnvironmentDefinition } from '../../manifest/app-manifest.ts';
import { expectedConfigValue } from '../../manifest/config-values.ts';
import { environmentConfig, missingConfig, type ConfigOverride } from '../../manifest/environment-config.ts';

/**
 * Refuses what cannot start: values that are required and not there, or are not of their type. `lineOf` says where a place
 * of the file stands. Errors: `bad-input`, a line for each value in its details.
 */
export function requireConfig(
  manifest: AppManifest,
  definition: EnvironmentDefinition,
  settings: readonly ConfigOverride[],
  lineOf: (place: string) => number,
): void {
  const { environment } = definition;
  const missing = missingConfig(manifest, definition, settings);
  const [first] = missing;
  if (first !== undefined) {
    const names = missing.map(({ variable }) => variable).join(', ');
    throw new LotseError('bad-input', `${environment} gives no value for ${names}`, {
      hint: `Give one in lotse.yaml under environments.${environment}.config, or by \`lotse config set ${first.variable}=… ${environment} --no-deploy\`.`,
      details: missing.map(
        ({ variable, type, from, services }) =>
          `lotse.yaml:${lineOf(from)} ${from} declares ${variable} (${type})${neededBy(services)}`,
      ),
    });
  }
  const [wrong] = mistyped(manifest, definition, settings);
  if (wrong === undefined) return;
  throw new LotseError('bad-input', `${wrong.said} of ${environment} is not ${wrong.expected}`, {
    hint: `It is set for ${environment}, and lotse.yaml:${lineOf(wrong.from)} declares it as ${wrong.type}: \`lotse config set ${wrong.variable}=… ${environment}\`, or \`lotse config unset ${wrong.variable} ${environment}\`.`,
  });
}

/** Values in the file were checked with it: what is wrong here was set. */
function mistyped(manifest: AppManifest, definition: EnvironmentDefinition, settings: readonly ConfigOverride[]) {
  return [null, ...Object.keys(manifest.services)].flatMap((service) =>
    environmentConfig(manifest, definition, service, settings).flatMap(({ variable, value, from, declaration }) => {
      const expected = expectedConfigValue(declaration, value);
      const said = `${variable}=${JSON.stringify(value.slice(0, 80))}`;
      return expected === null ? [] : [{ variable, said, expected, from, type: declaration.type }];
    }),
  );
}

function neededBy(services: readonly string[]): string {
  return services.length === 0 ? '; jobs need it' : `; ${services.join(', ')} cannot start without it`;
}
