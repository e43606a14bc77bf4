import { z } from 'zod';
import { defaults } from '../defaults.ts';
import { key, requiredKey } from './key.ts';
import { command, cron, duration, mapping, oneOf, relativePath, variable } from './values.ts';

const root = key(relativePath, { description: 'The folder it runs in.', example: 'tools', default: defaults.root });
const run = requiredKey(command, {
  description: 'The command. Exit status 0 is success.',
  example: 'node jobs/reindex.ts',
});

export const job = mapping(
  {
    run,
    within: key(duration, {
      description: 'It is ended, and has failed, when it takes longer.',
      example: '10m',
      default: defaults.jobWithin,
    }),
    root,
    schedule: key(cron, {
      description: 'When it runs by itself: minute, hour, day, month, weekday, in the app’s timezone.',
      example: '30 3 * * *',
      leftOut: 'it has no schedule',
    }),
    rotates: key(variable, {
      description:
        'A secret that it gives a new value. Each run by `schedule` is handed a new value, drawn by Lotse, as `NEW_<name>`; it makes the other service take it beside the old one. When it ends with status 0, the new value is in force.',
      example: 'DB_PASSWORD',
      leftOut: 'it rotates nothing',
    }),
    before: key(oneOf(['traffic']), {
      description: 'It runs in every rollout before the new release gets traffic.',
      example: 'traffic',
      leftOut: 'by hand: `lotse run production <job>`',
    }),
    after: key(oneOf(['traffic']), {
      description: 'It runs in every rollout once the new release has all traffic.',
      example: 'traffic',
      leftOut: 'by hand: `lotse run production <job>`',
    }),
    undo: key(command, {
      description: 'What takes it back when the rollout returns.',
      example: 'node jobs/purge.ts',
      leftOut: 'nothing has to be taken back',
    }),
  },
  'a mapping with `run`',
).meta({ id: 'Job', description: 'A command that ends.' });

const verifyMapping = mapping(
  {
    run: requiredKey(command, {
      description: 'Any command; exit status 0 is the evidence.',
      example: 'node test/story.ts',
    }),
    within: key(duration, {
      description: 'It is ended, and has failed, when it takes longer.',
      example: '5m',
      default: defaults.verifyWithin,
    }),
    root,
  },
  'a command, or a mapping with `run`',
).meta({
  id: 'Verify',
  description: 'The app’s own end-to-end story. The variable BASE_URL says where the app answers.',
});

/** The short form is the command alone. */
export const verify = z.union([command, verifyMapping], { error: 'a command, or a mapping with `run`' });
