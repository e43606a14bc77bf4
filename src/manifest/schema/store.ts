import { defaults } from '../defaults.ts';
import { key, requiredKey } from './key.ts';
import { command, duration, mapping, oneOf, relativePath, variable } from './values.ts';

const migrate = mapping(
  {
    up: requiredKey(command, { description: 'Brings the schema forward.', example: 'node migrations/up.ts' }),
    down: key(command, {
      description: 'Takes it back, while the migration itself fails or by a person’s command.',
      example: 'node migrations/down.ts',
      leftOut: 'it cannot be taken back',
    }),
  },
  'a mapping with `up`',
);

const backup = mapping(
  {
    every: key(duration, { description: 'How often.', example: '6h', default: defaults.backupEvery }),
    keep: key(duration, { description: 'How long each is kept.', example: '30d', default: defaults.backupKeep }),
  },
  'a mapping of every and keep',
);

const drill = mapping(
  {
    every: requiredKey(duration, { description: 'How often a backup is really restored, elsewhere.', example: '7d' }),
    check: key(command, {
      description: 'Proves that the restored data is right.',
      example: 'node jobs/check-data.ts',
      leftOut: 'the restore itself is the proof',
    }),
  },
  'a mapping with `every`',
);

export const store = mapping(
  {
    folder: key(relativePath, {
      description:
        'A folder that Lotse makes, one per environment, outside of every release. The variable `<STORE>_DIR` says where it is.',
      example: 'pictures',
      leftOut: 'another kind of store',
    }),
    firestore: key(variable, {
      description: 'A Firestore database: the config value or secret that names the project.',
      example: 'FIRESTORE_PROJECT',
      leftOut: 'another kind of store',
    }),
    postgres: key(variable, {
      description: 'A PostgreSQL database: the config value or secret that holds its URL.',
      example: 'DATABASE_URL',
      leftOut: 'another kind of store',
    }),
    share: key(oneOf(['none', 'releases', 'machines']), {
      description:
        'Who may have it open at once: one release (`none`: releases take turns), an old and a new one (`releases`), or several machines (`machines`).',
      example: 'none',
      default: defaults.share,
    }),
    rules: key(relativePath, {
      description: 'A file of access rules that goes out with the release.',
      example: 'firestore.rules',
      leftOut: 'no rules are managed',
    }),
    migrate: key(migrate, {
      description: 'How its schema changes.',
      example: { up: 'node migrations/up.ts', down: 'node migrations/down.ts' },
      leftOut: 'its schema is not managed',
    }),
    backup: key(backup, {
      description: 'How often it is backed up and how long that is kept.',
      example: { every: '6h', keep: '30d' },
      leftOut: 'it is not backed up',
    }),
    drill: key(drill, {
      description: 'How often a restore is rehearsed.',
      example: { every: '7d', check: 'node jobs/check-data.ts' },
      leftOut: 'no rehearsal',
    }),
  },
  'a mapping with `folder`, `firestore` or `postgres`',
).meta({
  id: 'Store',
  description: 'Where the app keeps what must survive. One of `folder`, `firestore`, `postgres` says what it is.',
});
