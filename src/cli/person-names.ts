import type { Client } from './client.ts';
import { controlPlaneCalls } from './control-plane.ts';

/**
 * Says who an id is: a person, a token, or Lotse. The journal keeps ids; names lie elsewhere and can be erased. An id that
 * has no name, or of whom nothing may be known here, stays as it is.
 */
export async function personNames(client: Client): Promise<(id: string) => string> {
  const [people, tokens] = await Promise.all([
    controlPlaneCalls.people(client).catch(() => []),
    controlPlaneCalls.tokens(client).catch(() => []),
  ]);
  const names = new Map([
    ...people.map(({ id, name }) => [id, name] as const),
    ...tokens.map(({ id, name }) => [id, `the token ${name}`] as const),
    ['lotse', 'Lotse'] as const,
  ]);
  return (id) => names.get(id) ?? id;
}
