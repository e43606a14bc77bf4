import type { Secret } from '../../../core/secret.ts';
import type { Message, Urgency } from '../notifications.ts';
import { post, urlOf } from '../post.ts';

const severities: Readonly<Record<Urgency, string>> = { info: 'info', attention: 'warning', alarm: 'critical' };
const mostSummary = 1024;

/**
 * Events API v2: https://developer.pagerduty.com/docs/send-alert-event. The address is an integration key, or with the
 * region: `https://KEY@events.eu.pagerduty.com/v2/enqueue`. Messages of one story are one alert there.
 */
export async function sendPagerDuty(address: Secret, message: Message, signal: AbortSignal): Promise<void> {
  const { url, key } = integrationOf(address.reveal().trim());
  const { app, environment, urgency, story, title, lines, at, facts } = message;
  const payload = {
    summary: title.slice(0, mostSummary),
    source: `${app}/${environment}`,
    severity: severities[urgency],
    timestamp: new Date(at).toISOString(),
    component: app,
    group: environment,
    class: facts[0]?.kind ?? 'message',
    custom_details: { lines },
  };
  const dedupKey = `${app}/${environment}/${story}`.slice(0, 255);
  const body = JSON.stringify({
    routing_key: key,
    event_action: 'trigger',
    dedup_key: dedupKey,
    client: 'Lotse',
    payload,
  });
  await post({ url, headers: { 'content-type': 'application/json' }, body }, signal);
}

function integrationOf(text: string): { readonly url: URL; readonly key: string } {
  if (/^\w{16,64}$/.test(text)) return { url: new URL('https://events.pagerduty.com/v2/enqueue'), key: text };
  const url = urlOf(text);
  const key = decodeURIComponent(url.username);
  [url.username, url.password] = ['', ''];
  return { url, key };
}
