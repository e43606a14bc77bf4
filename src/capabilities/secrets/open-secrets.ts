import type { JournalEvent } from '../../core/events.ts';
import type { HiddenValues } from '../../core/hidden-values.ts';
import type { Scope, UnixMs } from '../../core/ids.ts';
import type { Secret } from '../../core/secret.ts';
import type { DatabaseJournal } from '../../database/journal.ts';
import type { Database } from '../../database/open-database.ts';
import type { ReleasePart } from '../../ports/release-part/release-part.ts';
import type { SealedBook } from '../../ports/secrets/sealed-book.ts';
import type { SecretPlace, SecretStore } from '../../ports/secrets/secrets.ts';
import type { Variables } from '../../ports/targets/targets.ts';
import type { Revision } from '../../rollout/release.ts';
import { routesOfSecrets } from './routes.ts';
import { secretsForBuild } from './build-secrets.ts';
import { learningStore, learnValues } from './learning-store.ts';
import { bookedStore } from './booked-store.ts';
import { checkStore } from './check-store.ts';
import { termsIn } from './rotation-rows.ts';
import { RotationJobs } from './rotation-jobs.ts';
import { SecretRotation } from './secret-rotation.ts';
import { sealedRows } from './secret-rows.ts';
import { SecretValues } from './secret-values.ts';
import { secretsPart } from './secrets-part.ts';
import { TermsWatch } from './terms-watch.ts';

interface SecretsParts {
  readonly database: Database;
  readonly journal: DatabaseJournal;
  readonly fence: () => number;
  readonly now: () => UnixMs;
  /** Learns every value that is seen. */
  readonly hidden: Pick<HiddenValues, 'add'>;
  readonly log: (about: object) => void;
  /** The driver, given where sealed values are kept. */
  readonly store: (book: SealedBook) => SecretStore;
  /** Where there may be secrets. */
  readonly scopes: () => Promise<readonly Scope[]>;
}

/** What the rest of the control plane has of secrets. */
export interface Secrets {
  readonly part: ReleasePart;
  /** Errors: `not-found`, `sealed`; of a store elsewhere `unreachable`, `timeout`, `forbidden`. */
  values(revision: Revision): Promise<Variables>;
  /** Of the place of builds, by name. Errors: `not-found` names what has no value; else as of `values`. */
  forBuild(wanted: Parameters<typeof secretsForBuild>[1]): Promise<Readonly<Record<string, Secret>>>;
  /** For Lotse's own use, whoever else is given it. Null: there is none. Errors: as of `values`. */
  find(place: SecretPlace): Promise<Secret | null>;
  /** Sees the values of these environments, so that they are hidden from the start on. */
  learn(scopes: readonly Scope[]): Promise<void>;
  /** A new value for the run of a job that rotates a secret, by its variable. Errors: `not-found`, `conflict`; of a store elsewhere as of `values`. */
  givenToRotate: RotationJobs['given'];
  /** Ends rotations whose new value has settled, and begins those whose job has succeeded; handed every event. */
  follow(event: JournalEvent): Promise<void>;
  /** Reminds people of values that end elsewhere. */
  readonly reminders: Pick<TermsWatch, 'start' | 'close'>;
  readonly routes: ReturnType<typeof routesOfSecrets>;
}

export function openSecrets(parts: SecretsParts): Secrets {
  const { database, now } = parts;
  const store = learningStore(bookedStore(parts.store(sealedRows(parts)), parts), parts.hidden);
  const rotation = new SecretRotation({ ...parts, store });
  const jobs = new RotationJobs({ ...parts, store, rotation });
  const values = new SecretValues({ ...parts, store, rotation });
  const terms = (scope: Scope) => termsIn(database.db, scope);
  return {
    part: secretsPart({ find: (revision) => values.find(revision), terms, now, from: store.traits.title }),
    values: (revision) => values.forStart(revision),
    forBuild: (wanted) => secretsForBuild({ ...parts, store }, wanted),
    find: async (place) => (await store.read(place))?.value ?? null,
    async learn(scopes) {
      const learnt = learnValues(store, scopes);
      // A store elsewhere may be slow, or away.
      if (store.traits.keepsBooks) await learnt;
    },
    reminders: new TermsWatch(parts),
    givenToRotate: (scope, run) => jobs.given(scope, run),
    async follow(event) {
      await rotation.follow(event);
      await jobs.follow(event);
    },
    routes: routesOfSecrets({
      ...{ store, rotation, terms },
      check: async () => await checkStore(parts.store(sealedRows(parts)), await parts.scopes()),
    }),
  };
}
