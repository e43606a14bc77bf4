import { route, type Route } from '../../api/route.ts';
import { LotseError } from '../../core/errors.ts';
import type { Scope } from '../../core/ids.ts';
import type { NotifyDefinition } from '../../manifest/app-manifest.ts';
import type { Heartbeats } from './heartbeats.ts';
import type { Telling } from './notification.ts';
import * as api from './notifications-api.ts';
import { messageFor } from './outbox.ts';
import type { OutboxMessage, OutboxRows } from './outbox-rows.ts';
import { receiversOf } from './receivers.ts';

export interface NotificationRouteParts {
  readonly rows: OutboxRows;
  readonly heartbeats: Heartbeats;
  readonly notify: (scope: Scope) => Promise<NotifyDefinition | null>;
  readonly newTest: () => Telling;
}

const routes = api.notificationRoutes;
const mostListed = 100;

export function routesOfNotifications({ rows, heartbeats, notify, newTest }: NotificationRouteParts): readonly Route[] {
  return [
    route({
      at: routes.listNotifications,
      summary: 'Who is told, what is on its way to them, and why it did not get there',
      role: 'viewer',
      answer: api.notificationList,
      async handle({ params }) {
        const definition = await notify(params);
        const messages = await rows.list(params, mostListed);
        return {
          receivers: definition === null ? [] : [...receiversOf(definition)],
          heartbeat: definition?.heartbeat == null ? null : { ...heartbeats.lastOf(params) },
          messages: messages.map((message) => view(message, definition)),
        };
      },
    }),
    route({
      at: routes.testNotifications,
      summary: 'Sends a message to everybody who is told, so that they can say whether it came',
      role: 'operator',
      status: 202,
      answer: api.testedReceivers,
      async handle({ params }) {
        const definition = await notify(params);
        const receivers = definition === null ? [] : receiversOf(definition);
        if (receivers.length > 0) return { messages: [...(await rows.tell(params, receivers, newTest()))] };
        throw new LotseError('conflict', `nobody is told about ${params.app}/${params.environment}`, {
          hint: 'Add `notify:` to lotse.yaml and deploy it.',
        });
      },
    }),
  ];
}

function view(message: OutboxMessage, notify: NotifyDefinition | null): api.NotificationView {
  const { id, receiver, state, createdAt, attempts, nextTryAt, problem, endedAt } = message;
  const { title } = messageFor(message, notify?.language ?? 'en');
  return {
    ...{ id, receiver, title, state, createdAt, attempts, problem, endedAt },
    nextTryAt: state === 'waiting' ? nextTryAt : null,
  };
}
