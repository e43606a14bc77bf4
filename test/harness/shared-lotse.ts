import { after, before } from 'node:test';
import { temporaryLotse, type TemporaryLotse } from './temporary-lotse.ts';

/** One Lotse for all tests of a suite, started before the first one. Called inside `describe`. */
export function sharedLotse(
  prepare: (lotse: TemporaryLotse) => Promise<void> = async () => {},
  flags: readonly string[] = [],
): () => TemporaryLotse {
  const ends: (() => Promise<void>)[] = [];
  let lotse: TemporaryLotse | null = null;
  before(async () => {
    lotse = await temporaryLotse({ after: (end) => void ends.push(end) });
    lotse.flags = flags;
    await lotse.start();
    await prepare(lotse);
  });
  after(async () => {
    for (const end of ends) await end();
  });
  return () => {
    if (lotse === null) throw new Error('it is there once the suite runs');
    return lotse;
  };
}
