import type { Scope } from '../../core/ids.ts';
import { namesOfActors } from '../../database/names-of-actors.ts';
import type { AppManifest, EnvironmentDefinition } from '../../manifest/app-manifest.ts';
import {
  declarationsOf,
  declaredVariables,
  environmentConfig,
  overrideOf,
  type ConfigValue,
} from '../../manifest/environment-config.ts';
import { lineFinder } from '../../manifest/line-in-manifest.ts';
import type { Release } from '../../rollout/release.ts';
import type { ConfigValueView, ConfigView, SettingsVersionView, ValueSource } from './config-api.ts';
import { compareDocuments, documentFor, type ConfigDocument } from './config-document.ts';
import { readConfig } from './config-part.ts';
import { manifestOf, subjectOf, type ConfigWorld } from './config-world.ts';
import type { Setting, SettingsVersion } from './settings.ts';
import { settingsHistory } from './settings-rows.ts';

/** Versions of one environment that are read to say who has set what. */
export const mostVersions = 500;

/** The config of an environment as the next rollout of its release would give it, with sources and what runs. */
export async function configViewOf(world: ConfigWorld, scope: Scope): Promise<ConfigView> {
  const { serving, release } = await subjectOf(world, scope);
  const { db } = world.database;
  const history = await settingsHistory(db, scope, mostVersions);
  const settings = history[0]?.settings ?? [];
  const head = { ...scope, version: history[0]?.version ?? 0, release: release?.id ?? null };
  const manifest = release === null ? null : manifestOf(release);
  const definition = manifest?.environments.find((each) => each.environment === scope.environment);
  if (release === null || manifest === null || definition === undefined) {
    const undeclared = settings.map(({ variable, service, value }) => ({ variable, service, value }));
    return { ...head, revision: serving?.id ?? null, values: [], undeclared, differs: false };
  }
  const runs = serving === null ? null : await readConfig(db, scope, serving.configVersion);
  const sourceOf = sourcesOf(release, settings, history, await namesOfActors(world.database.db));
  const now = documentFor(manifest, definition, settings);
  return {
    ...head,
    revision: serving?.id ?? null,
    values: rowsOf({ manifest, definition, settings, runs, sourceOf }),
    undeclared: undeclaredIn(manifest, settings),
    differs: runs !== null && compareDocuments(runs, now).length > 0,
  };
}

interface Rows {
  readonly manifest: AppManifest;
  readonly definition: EnvironmentDefinition;
  readonly settings: readonly Setting[];
  readonly runs: ConfigDocument | null;
  readonly sourceOf: (value: ConfigValue, service: string | null) => ValueSource;
}

/** A variable once for all; a service has a line of its own where it declares, is given or runs something else. */
function rowsOf(rows: Rows): ConfigValueView[] {
  const services = Object.keys(rows.manifest.services);
  return declaredVariables(rows.manifest).flatMap((variable) => {
    const all = rowOf(rows, variable, null);
    const own = services.flatMap((service) => {
      const row = rowOf(rows, variable, service);
      const isAsAll = all !== null && row?.value === all.value && row.runs === all.runs;
      return row === null || isAsAll ? [] : [row];
    });
    return all === null ? own : [all, ...own];
  });
}

function rowOf(rows: Rows, variable: string, service: string | null): ConfigValueView | null {
  const { manifest, definition, settings, sourceOf } = rows;
  const declared = declarationsOf(manifest, variable);
  const found = declared.find((each) => each.service === service) ?? declared.find((each) => each.service === null);
  if (found === undefined) return null;
  const given = environmentConfig(manifest, definition, service, settings).find((each) => each.variable === variable);
  const { declaration, from } = found;
  const missing: ConfigValue = { variable, value: '', layer: 'app', from, declaration };
  const source = sourceOf(given ?? missing, service);
  const runs = rows.runs?.[service ?? '']?.[variable] ?? null;
  const value = given?.value ?? null;
  return {
    ...{ variable, service, type: declaration.type, required: declaration.required },
    ...{ description: declaration.description, value, runs, differs: rows.runs !== null && runs !== value },
    source: given === undefined ? { kind: 'missing', ...placed(source) } : source,
  };
}

function placed(source: ValueSource) {
  return source.kind === 'set' ? { place: '', line: 1 } : { place: source.place, line: source.line };
}

/** Says of a value of this release where it comes from. */
export function sourcesOf(
  release: Release,
  settings: readonly Setting[],
  history: readonly SettingsVersion[],
  names: ReadonlyMap<string, string>,
): Rows['sourceOf'] {
  const lineOf = lineFinder(release.manifestText);
  return ({ variable, layer, from }, service) => {
    const setting = layer === 'set' ? overrideOf(settings, service, variable) : null;
    if (setting !== null) return setSource(setting, history, names);
    return { kind: layer === 'environment' ? 'environment' : 'default', place: from, line: lineOf(from) };
  };
}

function setSource(
  { version }: Setting,
  history: readonly SettingsVersion[],
  names: ReadonlyMap<string, string>,
): ValueSource {
  const made = history.find((each) => each.version === version);
  const by = made === undefined ? 'somebody' : (names.get(made.by.id) ?? made.by.id);
  return { kind: 'set', version, at: made?.at ?? 0, by, reason: made?.reason ?? null };
}

function undeclaredIn(manifest: AppManifest, settings: readonly Setting[]): ConfigView['undeclared'] {
  return settings
    .filter(({ variable, service }) => {
      const declared = declarationsOf(manifest, variable);
      return !declared.some((each) => each.service === null || service === null || each.service === service);
    })
    .map(({ variable, service, value }) => ({ variable, service, value }));
}

/** A version with the names of those who made it. */
export function versionView(version: SettingsVersion, names: ReadonlyMap<string, string>): SettingsVersionView {
  const { by, changes, version: number, at, reason } = version;
  return { version: number, at, by: names.get(by.id) ?? by.id, reason, changes: [...changes] };
}
