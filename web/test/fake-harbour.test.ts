import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import * as accounts from '../../src/capabilities/accounts/accounts-api.ts';
import * as certificates from '../../src/capabilities/certificates/certificates-api.ts';
import * as config from '../../src/capabilities/config/config-api.ts';
import * as flags from '../../src/capabilities/flags/flags-api.ts';
import * as notifications from '../../src/capabilities/notifications/notifications-api.ts';
import { checklist } from '../../src/capabilities/releases/checklist-api.ts';
import * as releases from '../../src/capabilities/releases/releases-api.ts';
import { trafficSeries } from '../../src/capabilities/releases/series-api.ts';
import * as schedules from '../../src/capabilities/schedules/schedules-api.ts';
import * as secrets from '../../src/capabilities/secrets/secrets-api.ts';
import { Harbour } from '../../test/fixtures/dashboard/harbour.ts';
import { answerOf } from '../../test/fixtures/dashboard/harbour-routes.ts';

const place = '/apps/bildwerk/environments/production';
const shapes: readonly (readonly [string, z.ZodType])[] = [
  ['/me', accounts.me],
  ['/people', z.array(accounts.person)],
  ['/apps', z.array(releases.app)],
  ['/apps/bildwerk/environments', z.array(releases.environment)],
  ['/apps/bildwerk/releases', z.array(releases.release)],
  ['/apps/bildwerk/rollouts', z.array(releases.rollout)],
  ['/apps/bildwerk/rollouts/production-rollout-8', releases.rollout],
  ['/apps/bildwerk/journal', z.array(releases.journalEvent)],
  ['/journal/check', releases.journalCheck],
  ['/certificates', certificates.certificateList],
  [`${place}/config`, config.configView],
  [`${place}/config/history`, z.array(config.settingsVersion)],
  [`${place}/secrets`, z.array(secrets.knownSecret)],
  [`${place}/flags`, flags.flagList],
  [`${place}/flags/blurhash`, flags.flagHistory],
  [`${place}/flag-keys`, z.array(flags.flagKey)],
  [`${place}/jobs`, z.array(schedules.knownJob)],
  [`${place}/jobs/one`, releases.jobView],
  [`${place}/jobs-by-hand`, z.array(releases.jobByHand)],
  [`${place}/series`, trafficSeries],
  [`${place}/checklists`, checklist],
  [`${place}/notifications`, notifications.notificationList],
  [`${place}/evidence`, z.array(releases.evidence)],
];

function checkAll(harbour: Harbour): void {
  for (const [path, shape] of shapes) {
    const parsed = shape.safeParse(answerOf(harbour, 'GET', path, new URLSearchParams(), {}));
    assert.ok(parsed.success, `${path}: ${parsed.error?.message}`);
  }
}

test('the control plane that the page is tested against speaks the shapes of the real one, all along a rollout', () => {
  const harbour = new Harbour();
  harbour.begin();
  harbour.wait();
  checkAll(harbour);
  harbour.sign('approval');
  harbour.sign('checklist');
  for (let step = 0; step < 6; step += 1) harbour.finishStep();
  checkAll(harbour);
  harbour.fail();
  checkAll(harbour);
  const plan = answerOf(harbour, 'POST', '/apps/bildwerk/environments/staging/plan', new URLSearchParams(), {});
  assert.ok(releases.plan.safeParse(plan).success);
});
