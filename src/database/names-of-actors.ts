import type { LotseDb } from './schema.ts';

/** Names of those who do things, by their id, to be shown to people. Who was erased has none: then the id is shown. */
export async function namesOfActors(db: LotseDb): Promise<ReadonlyMap<string, string>> {
  const people = await db.selectFrom('people').select(['person', 'name']).execute();
  const tokens = await db.selectFrom('tokens').select(['token', 'name']).execute();
  return new Map([
    ...people.flatMap(({ person, name }) => (name === null ? [] : [[person, name] as const])),
    ...tokens.map(({ token, name }) => [token, `the token ${name}`] as const),
    ['lotse', 'Lotse'],
  ]);
}
