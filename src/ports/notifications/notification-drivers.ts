import { beat } from './heartbeat/heartbeat.ts';
import { sendMail } from './mail/mail.ts';
import type { Notifier } from './notifications.ts';
import { sendNtfy } from './ntfy/ntfy.ts';
import { sendPagerDuty } from './pagerduty/pagerduty.ts';
import { sendSlack } from './slack/slack.ts';
import { sendTeams } from './teams/teams.ts';
import { sendWebhook } from './webhook/webhook.ts';

/** All drivers of notifications; the kind of an address says which one is asked. */
export const notifier: Notifier = {
  async send(address, message, signal) {
    switch (address.kind) {
      case 'mail':
        return await sendMail(address, message, signal);
      case 'webhook':
        return await sendWebhook(address, message, signal);
      case 'slack':
        return await sendSlack(address.url, message, signal);
      case 'teams':
        return await sendTeams(address.url, message, signal);
      case 'ntfy':
        return await sendNtfy(address.url, message, signal);
      case 'pagerduty':
        return await sendPagerDuty(address.url, message, signal);
    }
  },
  beat,
};
