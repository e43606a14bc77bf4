import type { ProposedValue } from '../init/proposal.ts';
import type { ImportedConfig } from './import-config.ts';
import type { ImportedPart } from './import-parts.ts';

export interface SharedConfig {
  /** Of the app. */
  readonly config: readonly ProposedValue[];
  /** Of each part alone, in the order of the parts; empty for jobs, which have none of their own. */
  readonly own: readonly (readonly ProposedValue[])[];
  readonly secrets: readonly string[];
}

/** What all services have alike stands once, for the app; a name that is a secret somewhere is one everywhere. */
export function sharedConfig(parts: readonly ImportedPart[], configs: readonly ImportedConfig[]): SharedConfig {
  const commands = parts.flatMap(({ run }) => run.secrets);
  const secrets = [...new Set([...configs.flatMap((config) => config.secrets), ...commands])];
  const plain = configs.map(({ values }) => values.filter(({ name }) => !secrets.includes(name)));
  const services = plain.filter((_, index) => parts[index]?.kind === 'service');
  const jobs = plain.filter((_, index) => parts[index]?.kind === 'job');
  const config = new Map<string, ProposedValue>();
  for (const value of services[0] ?? []) {
    if (services.every((values) => values.some((other) => isSame(other, value)))) config.set(value.name, value);
  }
  // Jobs get the app's config and no other.
  for (const value of jobs.flat()) if (!config.has(value.name)) config.set(value.name, value);
  return {
    config: [...config.values()],
    own: plain.map((values, index) => {
      if (parts[index]?.kind === 'job') return [];
      return values.filter((value) => !isSame(config.get(value.name), value));
    }),
    secrets,
  };
}

function isSame(a: ProposedValue | undefined, b: ProposedValue): boolean {
  return a !== undefined && a.name === b.name && a.value === b.value;
}
