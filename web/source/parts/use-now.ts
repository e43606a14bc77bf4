import { useCallback, useSyncExternalStore } from 'react';

const whenNobodyAsksMs = 60_000;

/** Unix milliseconds in steps of `everyMs`, moving on by themselves; null: nothing on the page needs them to move. */
export function useNow(everyMs: number | null): number {
  const subscribe = useCallback(
    (onTick: () => void) => {
      if (everyMs === null) return () => undefined;
      const timer = setInterval(onTick, everyMs);
      return () => clearInterval(timer);
    },
    [everyMs],
  );
  const stepMs = everyMs ?? whenNobodyAsksMs;
  return useSyncExternalStore(subscribe, () => Math.floor(Date.now() / stepMs) * stepMs);
}
