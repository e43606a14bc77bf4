import { pictures } from '../../model/picture.ts';
import type { Picture } from '../../model/picture.ts';
import { requireSignedIn } from '../http/visit.ts';
import type { Visit } from '../http/visit.ts';
import type { Route } from '../http/router.ts';
import type { Html } from '../pages/html.ts';
import { pictureCard } from '../pages/gallery.ts';
import { pictureDetail } from '../pages/picture-page.ts';

const signOfLifeMs = 20_000;

/**
 * `GET /events`, `GET /events?picture=ID`: server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html)
 * about one's own pictures. `present` = `{ ids }` comes once, first. `picture` = `{ id, state, steps, html }`, for each as it is
 * now, then after each change; `gone` = `{ id }`. There is nothing to catch up with after a break: a new stream begins with
 * everything.
 */
export const liveRoutes: readonly Route[] = [{ method: 'GET', path: '/events', answer: live }];

function live(visit: Visit): void {
  const { app, request, response, url } = visit;
  const { accountId } = requireSignedIn(visit);
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  response.write('retry: 1000\n\n');

  const only = url.searchParams.get('picture');
  const show = only === null ? pictureCard : pictureDetail;
  const own = pictures(app.stores.documents).where('owner', '==', accountId).orderBy('uploadedAt');
  let isFirst = true;
  const endListening = own.onSnapshot(
    ({ docs, changes }) => {
      if (isFirst) response.write(event('present', { ids: docs.map(({ id }) => id) }));
      isFirst = false;
      for (const { kind, doc } of changes) {
        if (only !== null && doc.id !== only) continue;
        response.write(kind === 'removed' ? event('gone', { id: doc.id }) : pictureEvent(doc.id, doc.data, show));
      }
    },
    (error) => {
      app.log.error('a live stream broke off', error);
      response.end();
    },
  );
  const signOfLife = setInterval(() => response.write(': still here\n\n'), signOfLifeMs);
  const end = () => response.end();
  app.stopping.addEventListener('abort', end);
  request.once('close', () => response.end());
  response.once('close', () => {
    endListening();
    clearInterval(signOfLife);
    app.stopping.removeEventListener('abort', end);
  });
}

function pictureEvent(id: string, picture: Picture, show: (id: string, picture: Picture) => Html): string {
  return event('picture', { id, state: picture.state, steps: picture.steps, html: show(id, picture).text });
}

function event(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
