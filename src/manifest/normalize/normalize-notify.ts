import type { NotifyDefinition } from '../app-manifest.ts';
import { defaults } from '../defaults.ts';
import type { WrittenManifest } from '../schema/manifest-schema.ts';

export function normalizeNotify(written: NonNullable<WrittenManifest['notify']>): NotifyDefinition {
  const { mail = [], smtp = defaults.smtp, from = null, webhook = null, language = defaults.notifyLanguage } = written;
  const { slack = null, teams = null, ntfy = null, pagerduty = null, heartbeat = null } = written;
  return { mail: [...new Set(mail)], smtp, from, slack, teams, ntfy, pagerduty, webhook, heartbeat, language };
}
