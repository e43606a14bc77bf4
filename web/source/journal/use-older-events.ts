import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { JournalEventView } from '../../../src/capabilities/releases/releases-api.ts';
import { ask } from '../api/parse-answers.ts';

/** Positions count over all chains, and have no gaps: a window of so many has at most so many events of this app. */
const windowSize = 1_000;

/** Events before those that the page keeps up to date. They never change, so they are asked for once. */
export function useOlderEvents(app: string, environment: string | null, firstPosition: number) {
  const [older, setOlder] = useState<readonly JournalEventView[]>([]);
  const [readFrom, setReadFrom] = useState<number | null>(null);
  const begin = readFrom ?? firstPosition;
  const load = useMutation({
    mutationFn: () => readBefore(app, environment, begin),
    onSuccess({ events, from }) {
      setOlder((before) => [...events, ...before]);
      setReadFrom(from);
    },
  });
  return { older, hasMore: begin > 1, load };
}

/** The next window with anything in it; `from`: everything from there on is known now. */
async function readBefore(app: string, environment: string | null, before: number) {
  for (let end = before; end > 1;) {
    const after = Math.max(0, end - 1 - windowSize);
    const found = await readJournal(app, environment, after);
    const events = found.filter(({ position }) => position < end);
    end = after + 1;
    if (events.length > 0) return { events, from: end };
  }
  return { events: [], from: 1 };
}

export async function readJournal(app: string, environment: string | null, after: number) {
  const query = { after, limit: windowSize, ...(environment === null ? {} : { environment }) };
  return await ask('GET /apps/:app/journal', { path: { app }, query });
}
