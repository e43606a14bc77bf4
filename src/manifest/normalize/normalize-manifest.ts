import type { AppManifest, EnvironmentDefinition } from '../app-manifest.ts';
import { defaults } from '../defaults.ts';
import { buildPlace, devEnvironment } from '../names.ts';
import type { WrittenManifest } from '../schema/manifest-schema.ts';
import { checkConfig, checkDomains } from './check-environments.ts';
import { checkVariables } from './check-variables.ts';
import type { Context } from './context.ts';
import { reportMeaning } from './context.ts';
import { normalizeBuild } from './normalize-build.ts';
import { normalizeDeclarations } from './normalize-config.ts';
import { normalizeEnvironment } from './normalize-environment.ts';
import { normalizeJobs, normalizeVerify } from './normalize-jobs.ts';
import { normalizeNotify } from './normalize-notify.ts';
import { normalizePipeline } from './normalize-pipeline.ts';
import { normalizeServices } from './normalize-services.ts';
import { normalizeStores } from './normalize-stores.ts';
import { normalizeTarget } from './normalize-target.ts';
import { promotionOrder } from './promotion-order.ts';

/** Applies every default and checks what must hold between values. The result means nothing when something was reported. */
export function normalizeManifest(written: WrittenManifest, context: Context): AppManifest {
  checkTimezone(written.timezone, context);
  checkVariables(written, context);
  const manifest: AppManifest = {
    app: written.app,
    timezone: written.timezone ?? defaults.timezone,
    target: normalizeTarget(written, context),
    build: normalizeBuild(written.build, context),
    services: normalizeServices(written, context),
    jobs: normalizeJobs(written, context),
    config: normalizeDeclarations(written.config, ['config'], context),
    secrets: written.secrets ?? [],
    stores: normalizeStores(written.stores, context),
    verify: normalizeVerify(written.verify, context),
    ...(written.pipeline === undefined ? {} : { pipeline: normalizePipeline(written.pipeline, context) }),
    ...(written.notify === undefined ? {} : { notify: normalizeNotify(written.notify) }),
    environments: normalizeEnvironments(written, context),
  };
  checkDomains(manifest.environments, context);
  checkConfig(manifest, context);
  return manifest;
}

function normalizeEnvironments(written: WrittenManifest, context: Context): readonly EnvironmentDefinition[] {
  const environments = { [devEnvironment]: {}, ...written.environments };
  if (Object.hasOwn(environments, buildPlace)) {
    const message = `\`${buildPlace}\` is the place of the secrets that builds are given, so no environment can have that name`;
    reportMeaning(context, ['environments', buildPlace], message, 'key');
  }
  const normalized = Object.entries(environments).map(([name, environment]) =>
    normalizeEnvironment(name, environment, written, context),
  );
  return promotionOrder(normalized, context);
}

function checkTimezone(timezone: string | undefined, context: Context): void {
  if (timezone === undefined) return;
  try {
    if (!/^[A-Za-z]/.test(timezone)) throw new RangeError('an offset is no timezone: it knows no summer time');
    new Intl.DateTimeFormat('en', { timeZone: timezone });
  } catch {
    reportMeaning(
      context,
      ['timezone'],
      `there is no timezone ${JSON.stringify(timezone)}; expected an IANA name such as Europe/Berlin`,
    );
  }
}
