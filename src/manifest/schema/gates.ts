import { severities } from '../../core/severities.ts';
import { key, requiredKey } from './key.ts';
import { hoursWindow, mapping, oneOf, oneOrMore, relativePath, wholeNumber } from './values.ts';

const scans = mapping(
  {
    fail_on: requiredKey(oneOf(severities), {
      description: 'The least severity that closes the gate.',
      example: 'high',
    }),
  },
  'a mapping with `fail_on`',
);

export const gates = mapping(
  {
    approval: key(wholeNumber(1, 20, 'how many people must approve, from 1 to 20'), {
      description: 'How many people with the role approver must agree, other than who started it.',
      example: 1,
      leftOut: 'nobody has to',
    }),
    checklist: key(relativePath, {
      description: 'A Markdown file. Each `- [ ]` line is signed by a person or proven by evidence.',
      example: 'go-live.md',
      leftOut: 'no checklist',
    }),
    hours: key(oneOrMore(hoursWindow, 'hours such as Mon-Thu 09:00-16:00, or a list of them'), {
      description: 'When a rollout may begin. A list is open while any of its entries is.',
      example: ['Mon-Thu 09:00-16:00', 'Fri 09:00-12:00'],
      leftOut: 'at any time',
    }),
    scans: key(scans, {
      description:
        'Scans for known weaknesses, as a job of the pipeline or `lotse evidence add --sarif` brings them: at least one, and of each the latest without such findings.',
      example: { fail_on: 'high' },
      leftOut: 'no scans',
    }),
  },
  'a mapping of approval, checklist, hours',
).meta({
  id: 'Gates',
  description:
    'What must hold before a rollout begins. Always there, without a key: the way back is proven, and the environment named by `after` has verified the release.',
});
