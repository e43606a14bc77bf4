import type { Migration } from 'kysely/migration';
import * as journal from './0001-journal.ts';
import * as releases from './0002-releases.ts';
import * as evidence from './0003-evidence.ts';
import * as accounts from './0004-accounts.ts';
import * as certificates from './0005-certificates.ts';
import * as secrets from './0006-secrets.ts';
import * as config from './0007-config.ts';
import * as secretRotation from './0008-secret-rotation.ts';
import * as flags from './0009-flags.ts';
import * as schedules from './0010-schedules.ts';
import * as outbox from './0011-outbox.ts';
import * as flagReasons from './0012-flag-reasons.ts';
import * as access from './0014-access.ts';
import * as sources from './0015-sources.ts';
import * as restores from './0016-restores.ts';
import * as pipelines from './0018-pipelines.ts';
import * as jobsByHand from './0020-jobs-by-hand.ts';

/** All migrations in their order. Once released, one is never changed; a new one is added at the end. */
export const migrations = {
  '0001-journal': journal,
  '0002-releases': releases,
  '0003-evidence': evidence,
  '0004-accounts': accounts,
  '0005-certificates': certificates,
  '0006-secrets': secrets,
  '0007-config': config,
  '0008-secret-rotation': secretRotation,
  '0009-flags': flags,
  '0010-schedules': schedules,
  '0011-outbox': outbox,
  '0012-flag-reasons': flagReasons,
  '0014-access': access,
  '0015-sources': sources,
  '0016-restores': restores,
  '0018-pipelines': pipelines,
  '0020-jobs-by-hand': jobsByHand,
} as const satisfies Record<string, Migration>;

export const migrationNames: readonly string[] = Object.keys(migrations);
