import type { Kysely, Transaction as KyselyTransaction } from 'kysely';
import type {
  OidcRulesTable,
  PasskeysTable,
  PasswordsTable,
  PeopleTable,
  SessionsTable,
  SignInLinksTable,
  TokensTable,
} from './account-tables.ts';
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
import type { AcmeAccountsTable, CertificatesTable } from './certificate-tables.ts';
import type { OutboxTable } from './outbox-table.ts';
import type { PipelineJobsTable, PipelineRunsTable } from './pipeline-tables.ts';
import type { ScheduledRunsTable, SchedulesTable } from './schedule-tables.ts';
import type { ConfigSettingsTable, ReviewedFindingsTable } from './config-tables.ts';
import type { SecretRotationsTable, SecretsTable, SecretTermsTable, SecretUsesTable } from './secret-tables.ts';
import type { FlagKeysTable, FlagStatesTable, FlagUsesTable } from './flag-tables.ts';
import type { EvidenceTable, OverridesTable, QuarantineTable } from './evidence-tables.ts';
import type { RestoresTable } from './restores.ts';
import type { CommitReportsTable, DeliveriesTable, SourcesTable } from './source-tables.ts';

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
  readonly restores: RestoresTable;
  readonly apps: AppsTable;
  readonly environments: EnvironmentsTable;
  readonly config_versions: ConfigVersionsTable;
  readonly config_settings: ConfigSettingsTable;
  readonly reviewed_findings: ReviewedFindingsTable;
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
  readonly passwords: PasswordsTable;
  readonly passkeys: PasskeysTable;
  readonly oidc_rules: OidcRulesTable;
  readonly certificates: CertificatesTable;
  readonly acme_accounts: AcmeAccountsTable;
  readonly secrets: SecretsTable;
  readonly secret_rotations: SecretRotationsTable;
  readonly secret_uses: SecretUsesTable;
  readonly secret_terms: SecretTermsTable;
  readonly flag_states: FlagStatesTable;
  readonly flag_keys: FlagKeysTable;
  readonly flag_uses: FlagUsesTable;
  readonly schedules: SchedulesTable;
  readonly scheduled_runs: ScheduledRunsTable;
  readonly pipeline_runs: PipelineRunsTable;
  readonly pipeline_jobs: PipelineJobsTable;
  readonly outbox: OutboxTable;
  readonly sources: SourcesTable;
  readonly deliveries: DeliveriesTable;
  readonly commit_reports: CommitReportsTable;
}

export type LotseDb = Kysely<Schema>;
export type Transaction = KyselyTransaction<Schema>;
