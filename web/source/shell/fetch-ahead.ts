/** All that loads by itself when it is first opened. */
const later: readonly (() => Promise<unknown>)[] = [
  () => import('../actions/action-dialog.tsx'),
  () => import('../rollout/rollout-page.tsx'),
  () => import('../rollout/comparison-charts.tsx'),
  () => import('../logs/log-panel.tsx'),
  () => import('../logs/logs-page.tsx'),
  () => import('../actions/checklist-lines.tsx'),
  () => import('../releases/releases-page.tsx'),
  () => import('../releases/release-page.tsx'),
  () => import('../journal/journal-page.tsx'),
  () => import('../compare/compare-page.tsx'),
  () => import('../config/config-page.tsx'),
  () => import('../secrets/secrets-page.tsx'),
  () => import('../flags/flags-page.tsx'),
  () => import('../jobs/jobs-page.tsx'),
  () => import('../notifications/notifications-page.tsx'),
  () => import('../palette/palette.tsx'),
  () => import('../access/access-pages.tsx'),
];

/**
 * Brings it once the page has nothing else to do: while the server is gone nothing could be brought, and that is when people
 * open what they have not opened before. Answers how to stop.
 */
export function fetchAhead(): () => void {
  let isStopped = false;
  const go = async (): Promise<void> => {
    for (const load of later) {
      if (isStopped) return;
      await load().catch(() => undefined); // It is tried again when it is opened.
    }
  };
  // Safari has no requestIdleCallback.
  const begin = 'requestIdleCallback' in window ? requestIdleCallback : setTimeout;
  begin(() => void go());
  return () => void (isStopped = true);
}
