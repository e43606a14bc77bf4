import { LotseError } from '../../core/errors.ts';
import type { LotseDb } from '../../database/schema.ts';
import { releaseZero } from '../../rollout/release-zero.ts';
import type { AcceptedEnvironment } from './environment-rows.ts';
import type { DefinitionText } from './release-manifest.ts';
import { findRelease } from './release-rows.ts';

/** The text of the definition that is in force: of a release, or what came with release 0. Errors: `not-found`. */
export async function acceptedText(db: LotseDb, row: AcceptedEnvironment): Promise<DefinitionText> {
  if (row.release !== releaseZero.release) return await findRelease(db, row.app, row.release);
  if (row.adopted !== null) return row.adopted;
  throw new LotseError('not-found', `what came with ${row.release} of ${row.app}/${row.environment} is gone`);
}
