import { z } from 'zod';
import { createChangeFeed } from './change-feed.ts';
import type { Change, ChangeFeed, ChangeSource } from './change-feed.ts';
import { eventsRoute } from './route.ts';
import type { Place } from '../capabilities/accounts/open-accounts.ts';
import type { Route, ServerEvent } from './route.ts';
import { RefusedRequest } from './problem.ts';

export interface LiveStream {
  readonly route: Route;
  /**
   * An event that is in no journal, for pages that are open now: pages that are slow miss it, nobody gets it again.
   * `place` null: for credentials that are bound to no app.
   */
  publishTransient(name: string, data: unknown, place?: Place): void;
  close(): void;
}

const change = z
  .object({
    position: z.number().int(),
    app: z.string().nullable(),
    environment: z.string().nullable(),
    type: z.string(),
  })
  .meta({ id: 'Change', description: 'Something has happened: ask again for what you show' });

const batchSize = 200;
/** Transient events that a page can have waiting; the oldest give way. */
const maxWaiting = 100;
const noPlace: Place = { app: null, environment: null };

/** `GET /events`: one stream for a whole page. */
export function createLiveStream(source: ChangeSource, maxStreams = 256): LiveStream {
  const feed = createChangeFeed(source);
  const inboxes = new Set<Inbox>();
  const route = eventsRoute({
    at: 'GET /events',
    summary: 'Changes as they happen; resumes after Last-Event-ID without loss',
    role: 'viewer',
    binding: 'by-handler',
    query: z.object({ app: z.string().optional() }),
    answer: change,
    async handle({ query, sees, signal, lastEventId }) {
      if (inboxes.size >= maxStreams) throw tooManyStreams();
      const isWanted = (place: Place): boolean =>
        sees(place) && (query.app === undefined || place.app === null || place.app === query.app);
      const start = await startOf(feed, lastEventId);
      const inbox: Inbox = { isWanted, waiting: [], bell: createBell() };
      return follow(feed, inboxes, inbox, start, signal);
    },
  });
  return {
    route,
    publishTransient(name, data, place = noPlace) {
      for (const { isWanted, waiting, bell } of inboxes) {
        if (!isWanted(place)) continue;
        waiting.push({ name, data });
        if (waiting.length > maxWaiting) waiting.shift();
        bell.ring();
      }
    },
    close: () => feed.close(),
  };
}

interface Inbox {
  readonly isWanted: (place: Place) => boolean;
  readonly waiting: ServerEvent[];
  readonly bell: Bell;
}

interface Start {
  readonly cursor: number;
  /** The journal is shorter than what the client has seen: other state lies under it now. */
  readonly isReset: boolean;
}

async function startOf(feed: ChangeFeed, lastEventId: string | null): Promise<Start> {
  const last = await feed.lastPosition();
  if (lastEventId === null || !/^\d{1,15}$/.test(lastEventId)) return { cursor: last, isReset: false };
  const seen = Number(lastEventId);
  return seen > last ? { cursor: last, isReset: true } : { cursor: seen, isReset: false };
}

async function* follow(
  feed: ChangeFeed,
  inboxes: Set<Inbox>,
  inbox: Inbox,
  start: Start,
  signal: AbortSignal,
): AsyncGenerator<ServerEvent, void, undefined> {
  const { isWanted, waiting, bell } = inbox;
  inboxes.add(inbox);
  const stop = feed.onNews(bell.ring);
  signal.addEventListener('abort', bell.ring, { once: true });
  try {
    let cursor = start.cursor;
    // The place to resume from is known before anything happens.
    yield start.isReset
      ? changeEvent({ position: cursor, ...noPlace, type: 'stream-reset' })
      : { name: 'change', id: String(cursor), data: undefined };
    while (!signal.aborted) {
      const news = bell.next();
      yield* waiting.splice(0);
      const changes = await feed.after(cursor, batchSize);
      for (const each of changes) {
        cursor = each.position;
        if (isWanted(each)) yield changeEvent(each);
      }
      if (changes.length === 0 && waiting.length === 0) await news;
    }
  } finally {
    stop();
    inboxes.delete(inbox);
    signal.removeEventListener('abort', bell.ring);
  }
}

function changeEvent({ position, app, environment, type }: Change): ServerEvent {
  return { name: 'change', id: String(position), data: { position, app, environment, type } };
}

interface Bell {
  /** Resolves at the next ring; a ring before `next` was called is over. */
  next(): Promise<void>;
  readonly ring: () => void;
}

function createBell(): Bell {
  let waiter = Promise.withResolvers<void>();
  return {
    next: () => waiter.promise,
    ring() {
      const { resolve } = waiter;
      waiter = Promise.withResolvers<void>();
      resolve();
    },
  };
}

function tooManyStreams(): RefusedRequest {
  return new RefusedRequest(503, 'unreachable', 'Too many live streams are open.', 'Close some pages of Lotse.');
}
