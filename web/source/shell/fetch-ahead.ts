import { later } from '../parts/later.ts';

/**
 * Brings what loads by itself once the page has nothing else to do: while the server is gone nothing could be brought, and that is when people
 * open what they have not opened before. Answers how to stop.
 */
export function fetchAhead(): () => void {
  let isStopped = false;
  const go = async (): Promise<void> => {
    for (const load of Object.values(later)) {
      if (isStopped) return;
      await load().catch(() => undefined); // It is tried again when it is opened.
    }
  };
  // Safari has no requestIdleCallback.
  const begin = 'requestIdleCallback' in window ? requestIdleCallback : setTimeout;
  begin(() => void go());
  return () => void (isStopped = true);
}
