import { z } from 'zod';
import { defaults } from '../defaults.ts';
import { key, requiredKey } from './key.ts';
import { mapping, oneOf, oneOrMore, variable } from './values.ts';

const mailAddress = z.email({ error: 'a mail address' });
const heldBy = 'A secret, or a config value, that holds';

const webhook = mapping(
  {
    url: requiredKey(variable, { description: `${heldBy} the address.`, example: 'HOOK_URL' }),
    key: requiredKey(variable, {
      description: `${heldBy} the key of its signatures, \`whsec_…\`.`,
      example: 'HOOK_KEY',
    }),
  },
  'a mapping of url and key',
).meta({
  id: 'NotifyWebhook',
  description: 'An address that gets what happened as JSON, signed as Standard Webhooks.',
});

export const notify = mapping(
  {
    mail: key(oneOrMore(mailAddress, 'a mail address, or a list of them'), {
      description: 'Who gets a mail.',
      example: 'team@shop.example',
      leftOut: 'nobody',
    }),
    smtp: key(variable, {
      description: `${heldBy} the mail server, \`smtps://user:password@mail.example\`.`,
      example: 'SMTP_URL',
      default: defaults.smtp,
    }),
    from: key(mailAddress, {
      description: 'The sender of mails.',
      example: 'lotse@shop.example',
      leftOut: 'the first address of `mail`',
    }),
    slack: key(variable, {
      description: `${heldBy} the address of an incoming webhook of Slack.`,
      example: 'SLACK_URL',
      leftOut: 'no messages',
    }),
    teams: key(variable, {
      description: `${heldBy} the address of a Teams workflow that takes webhooks.`,
      example: 'TEAMS_URL',
      leftOut: 'no messages',
    }),
    ntfy: key(variable, {
      description: `${heldBy} the address of an ntfy topic.`,
      example: 'NTFY_URL',
      leftOut: 'no messages',
    }),
    pagerduty: key(variable, {
      description: `${heldBy} an integration key of PagerDuty (Events API v2). It gets alarms only.`,
      example: 'PAGERDUTY_KEY',
      leftOut: 'no alerts',
    }),
    webhook: key(webhook, {
      description: 'A program that is told.',
      example: { url: 'HOOK_URL', key: 'HOOK_KEY' },
      leftOut: 'none',
    }),
    heartbeat: key(variable, {
      description: `${heldBy} an address which is called every minute while all is well.`,
      example: 'HEARTBEAT_URL',
      leftOut: 'no heartbeat',
    }),
    language: key(oneOf(['en', 'de']), {
      description: 'The language of messages.',
      example: 'de',
      default: defaults.notifyLanguage,
    }),
  },
  'a mapping such as { mail: team@shop.example }',
).meta({ id: 'Notify', description: 'Who is told, and by which way.' });
