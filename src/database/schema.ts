import type { Kysely, Transaction as KyselyTransaction } from 'kysely';
import type { PeopleTable, SessionsTable, SignInLinksTable, TokensTable } from './account-tables.ts';
import type {
  CheckpointsTable,
  JournalHeadsTable,
  JournalTable,
  OwnerFenceTable,
  StateVersionsTable,
  SubscriptionsTable,
} from './journal-tables.ts';
import type {
  AppsTable,
  ConfigVersionsTable,
  EnvironmentsTable,
  PortsTable,
  ReleasesTable,
  RevisionsTable,
  ServiceFactsTable,
} from './release-tables.ts';
import type { EvidenceTable, OverridesTable, QuarantineTable } from './evidence-tables.ts';

/**
 * The tables as today's code sees them. Columns are lower-case with underscores, times are Unix milliseconds, yes/no is
 * 1/0, JSON is text (see json-column.ts). There are no foreign keys: what belongs together is written in one
 * transaction with its events, and environments may be removed while their history stays.
 */
export interface Schema {
  readonly journal: JournalTable;
  readonly journal_heads: JournalHeadsTable;
  readonly owner_fence: OwnerFenceTable;
  readonly subscriptions: SubscriptionsTable;
  readonly checkpoints: CheckpointsTable;
  readonly state_versions: StateVersionsTable;
  readonly apps: AppsTable;
  readonly environments: EnvironmentsTable;
  readonly config_versions: ConfigVersionsTable;
  readonly releases: ReleasesTable;
  readonly revisions: RevisionsTable;
  readonly service_facts: ServiceFactsTable;
  readonly ports: PortsTable;
  readonly evidence: EvidenceTable;
  readonly overrides: OverridesTable;
  readonly quarantine: QuarantineTable;
  readonly people: PeopleTable;
  readonly tokens: TokensTable;
  readonly sessions: SessionsTable;
  readonly sign_in_links: SignInLinksTable;
}

export type LotseDb = Kysely<Schema>;
export type Transaction = KyselyTransaction<Schema>;
