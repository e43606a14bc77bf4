import { parseDurationMs, parseSizeBytes } from '../../core/quantities.ts';
import type { BuildDefinition } from '../app-manifest.ts';
import { defaults } from '../defaults.ts';
import { reservedVariable } from '../names.ts';
import type { Path } from '../problem.ts';
import type { WrittenManifest } from '../schema/manifest-schema.ts';
import type { Context } from './context.ts';
import { reportMeaning } from './context.ts';
import { normalizeValues } from './normalize-config.ts';
import { checkWithin } from './normalize-jobs.ts';

type WrittenBuild = NonNullable<WrittenManifest['build']>;

export function normalizeBuild(written: WrittenManifest['build'], context: Context): BuildDefinition {
  const withinMs = written?.within ?? parseDurationMs(defaults.buildWithin);
  checkWithin(withinMs, ['build', 'within'], context);
  checkSecrets(written ?? {}, context);
  const registries = Object.entries(written?.registries ?? {});
  return {
    argv: written?.run ?? null,
    config: normalizeValues(written?.config, ['build', 'config'], context),
    withinMs,
    memoryBytes: written?.memory ?? parseSizeBytes(defaults.buildMemory),
    ...(written?.secrets === undefined || written.secrets.length === 0 ? {} : { secrets: written.secrets }),
    ...(registries.length === 0 ? {} : { registries: Object.fromEntries(registries) }),
  };
}

/** A build gets them by name, beside its config. */
function checkSecrets({ secrets = [], registries = {}, config = {} }: WrittenBuild, context: Context): void {
  for (const [index, name] of secrets.entries()) {
    const path = ['build', 'secrets', index];
    checkName(name, path, context);
    if (secrets.indexOf(name) !== index) reportMeaning(context, path, `${name} is named twice`);
    if (!Object.hasOwn(config, name)) continue;
    reportMeaning(context, path, `build.config and build.secrets both want the variable ${name}; rename one`);
  }
  for (const [registry, { password }] of Object.entries(registries)) {
    checkName(password, ['build', 'registries', registry, 'password'], context);
  }
}

function checkName(name: string, path: Path, context: Context): void {
  const reason = reservedVariable(name);
  if (reason !== null) reportMeaning(context, path, `${name} cannot be a secret: ${reason}`);
}
