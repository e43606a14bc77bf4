import { LotseError } from '../../core/errors.ts';
import type { Actor } from '../../core/events.ts';
import type { UnixMs } from '../../core/ids.ts';
import type { ConfigOverride } from '../../manifest/environment-config.ts';

/** What a person has set for an environment; it holds until it is unset. */
export interface Setting extends ConfigOverride {
  /** The version that set it. */
  readonly version: number;
}

/** One step of a change. `to` null: unset. */
export interface SettingChange {
  readonly variable: string;
  readonly service: string | null;
  readonly from: string | null;
  readonly to: string | null;
}

/** All that is set for an environment after one change. */
export interface SettingsVersion {
  readonly version: number;
  readonly settings: readonly Setting[];
  readonly changes: readonly SettingChange[];
  readonly at: UnixMs;
  readonly by: Actor;
  readonly reason: string | null;
}

/** What is wanted: values to be set, and variables that the file shall decide again. */
export interface WantedChange {
  readonly set: readonly ConfigOverride[];
  readonly unset: readonly Pick<ConfigOverride, 'variable' | 'service'>[];
}

interface Changed {
  readonly settings: readonly Setting[];
  /** Empty: everything was as wanted already. */
  readonly changes: readonly SettingChange[];
}

/** The settings after a change; what is set to the value that it has keeps its version. Errors: `not-found`, `bad-input`. */
export function changeSettings(before: readonly Setting[], wanted: WantedChange, version: number): Changed {
  refuseTwice([...wanted.set, ...wanted.unset]);
  const isSame = (one: Place, other: Place) => one.variable === other.variable && one.service === other.service;
  const valueOf = (place: Place) => before.find((each) => isSame(each, place))?.value ?? null;
  for (const place of wanted.unset) {
    if (valueOf(place) !== null) continue;
    throw new LotseError('not-found', `${saidPlace(place)} is not set`, {
      hint: '`lotse config list ENVIRONMENT` says where each value comes from.',
    });
  }
  const news = wanted.set.filter((each) => valueOf(each) !== each.value);
  const gone = [...news, ...wanted.unset];
  const kept = before.filter((each) => !gone.some((other) => isSame(each, other)));
  return {
    settings: [...kept, ...news.map((each) => ({ ...each, version }))].toSorted(byName),
    changes: [
      ...news.map((each) => ({ ...placeOf(each), from: valueOf(each), to: each.value })),
      ...wanted.unset.map((each) => ({ ...placeOf(each), from: valueOf(each), to: null })),
    ],
  };
}

type Place = Pick<ConfigOverride, 'variable' | 'service'>;

function placeOf({ variable, service }: Place): Place {
  return { variable, service };
}

/** `LOG_LEVEL`, `LOG_LEVEL of web`. */
export function saidPlace({ variable, service }: Place): string {
  return service === null ? variable : `${variable} of ${service}`;
}

function refuseTwice(places: readonly Place[]): void {
  const seen = new Set<string>();
  for (const place of places) {
    const said = saidPlace(place);
    if (seen.has(said)) throw new LotseError('bad-input', `${said} is named twice in one change`);
    seen.add(said);
  }
}

function byName(a: Setting, b: Setting): number {
  return a.variable.localeCompare(b.variable) || (a.service ?? '').localeCompare(b.service ?? '');
}
