import type { FlagDefinition } from '../../flags/definitions.ts';
import { hasRule } from '../../flags/compile-flag.ts';
import type { EnvironmentFlags } from './environment-flags.ts';

/** What holds now, as flagd reads it from a source of its own: what Lotse knows beyond flagd is worked in. */
export function flagdDocument(flags: EnvironmentFlags): string {
  const entries = [...flags.all].map(([flag, { definition, setMetadata }]) => {
    return [flag, flagdFlag(definition, setMetadata)] as const;
  });
  return JSON.stringify({
    $schema: 'https://flagd.dev/schema/v0/flags.json',
    flags: Object.fromEntries(entries),
  });
}

function flagdFlag(
  { state, variants, defaultVariant, targeting, metadata }: FlagDefinition,
  setMetadata: FlagDefinition['metadata'],
) {
  const all = { ...setMetadata, ...metadata };
  return {
    ...{ state, variants, defaultVariant },
    ...(hasRule(targeting) ? { targeting } : {}),
    ...(Object.keys(all).length === 0 ? {} : { metadata: all }),
  };
}
