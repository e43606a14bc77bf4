import type { Proposal, ProposedValue } from './proposal.ts';
import { flowScalar, oneLine, plainScalar } from './yaml-scalar.ts';

/** `config` and `secrets` of the app. */
export function configLines({ config, secrets }: Proposal): readonly string[] {
  const entries = configEntries(config).map((line) => `  ${line}`);
  return [...(entries.length === 0 ? [] : ['config:', ...entries]), ...secretLines(secrets)];
}

/** `LOG_LEVEL: info`, `API_HOST: { type: string } # every environment must give one`. */
export function configEntries(values: readonly ProposedValue[]): readonly string[] {
  return values.map(({ name, value, comment }) => {
    const written = value === null ? '{ type: string }' : plainScalar(value);
    const reasons = [
      ...(comment === '' ? [] : [comment]),
      ...(value === null ? ['every environment must give one'] : []),
    ];
    return `${name}: ${written}${reasons.length === 0 ? '' : ` # ${oneLine(reasons.join('; '))}`}`;
  });
}

function secretLines(secrets: readonly string[]): readonly string[] {
  if (secrets.length === 0) return [];
  return [`secrets: [${secrets.map(flowScalar).join(', ')}]`];
}
