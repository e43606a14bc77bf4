/** Waits; false when the signal came first (or was there already). Never rejects. */
export function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const timer = setTimeout(() => finish(true), ms);
    const onAbort = (): void => finish(false);
    const finish = (waited: boolean): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      resolve(waited);
    };
    signal.addEventListener('abort', onAbort);
  });
}

/** Resolves when the signal is aborted; `stop` takes the listener away again. */
export function untilAborted(signal: AbortSignal): { readonly done: Promise<null>; stop(): void } {
  const { promise, resolve } = Promise.withResolvers<null>();
  const onAbort = (): void => resolve(null);
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort);
  return { done: promise, stop: () => signal.removeEventListener('abort', onAbort) };
}
