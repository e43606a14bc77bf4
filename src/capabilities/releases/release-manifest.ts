import { createHash } from 'node:crypto';
import { findEnvironment, effectiveService } from '../../manifest/effective-service.ts';
import { parseManifest } from '../../manifest/parse-manifest.ts';
import type { AppManifest, EnvironmentDefinition } from '../../manifest/app-manifest.ts';
import type { ChecklistLine } from '../../rollout/plan.ts';
import type { JobDefinition, Release, ServiceDefinition, StoreDefinition } from '../../rollout/release.ts';

export const manifestFile = 'lotse.yaml';

/** What definitions of environments are read from. */
export type DefinitionText = Pick<Release, 'manifestText' | 'hasDockerfile' | 'checklists'>;

/** The manifest that came with a release. It was valid when the release was made, and manifests never become stricter. */
export function manifestOf(release: Pick<Release, 'manifestText' | 'hasDockerfile'>): AppManifest {
  return parseManifest(release.manifestText, { file: manifestFile, hasDockerfile: release.hasDockerfile });
}

export function servicesOf(manifest: AppManifest): readonly ServiceDefinition[] {
  return Object.values(manifest.services).map(({ config: _config, ...service }) => service);
}

/** Services as they run in an environment. */
export function servicesIn(manifest: AppManifest, environment: EnvironmentDefinition): readonly ServiceDefinition[] {
  return Object.keys(manifest.services).map((name) => {
    const { config: _config, ...service } = effectiveService(manifest, environment, name);
    return service;
  });
}

export function jobsOf(manifest: AppManifest): readonly JobDefinition[] {
  return Object.values(manifest.jobs);
}

export function storesOf(manifest: AppManifest): readonly StoreDefinition[] {
  return Object.values(manifest.stores).map(({ variable: _variable, ...store }) => store);
}

/** Errors: `not-found` names the environments there are. */
export function environmentOf(release: DefinitionText, environment: string): EnvironmentDefinition {
  return findEnvironment(manifestOf(release), environment);
}

/** Environments that a release declares, in the order of promotion, without `dev`. */
export function declaredEnvironments(release: Release): readonly string[] {
  return manifestOf(release).environments.flatMap(({ environment }) => (environment === 'dev' ? [] : [environment]));
}

/** The `- [ ]` lines of a checklist; a line's id is the hash of its words, so a signature is for these words. */
export function checklistLines(text: string): readonly ChecklistLine[] {
  return text.split('\n').flatMap((line) => {
    const words = /^\s*[-*+] \[[ xX]\] (.+?)\s*$/.exec(line)?.[1];
    if (words === undefined) return [];
    return [{ id: createHash('sha256').update(words).digest('hex').slice(0, 12), text: words }];
  });
}
