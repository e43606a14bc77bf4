import { z } from 'zod';

/** Shapes of the routes about who is told. Times are Unix milliseconds. Addresses but those of mails are never shown. */

export const notification = z
  .object({
    id: z.string(),
    receiver: z.string().meta({ description: '`slack`, `mail team@shop.example`, …' }),
    title: z.string(),
    state: z.enum(['waiting', 'delivered', 'failed']).meta({ description: 'failed: it was given up' }),
    createdAt: z.number(),
    attempts: z.number().int(),
    nextTryAt: z.number().nullable(),
    problem: z.string().nullable().meta({ description: 'Why the last attempt failed' }),
    endedAt: z.number().nullable(),
  })
  .meta({ id: 'Notification', description: 'A message to one receiver' });

export const notificationList = z
  .object({
    receivers: z.array(z.string()).meta({ description: 'Who is told, as the definition in force says' }),
    heartbeat: z
      .object({ lastAt: z.number().nullable(), problem: z.string().nullable() })
      .nullable()
      .meta({ description: 'Null: there is none' }),
    messages: z.array(notification).meta({ description: 'The newest first' }),
  })
  .meta({ id: 'NotificationList' });

export const testedReceivers = z
  .object({ messages: z.array(z.string()).meta({ description: 'Ids: the list says how they fare' }) })
  .meta({ id: 'TestedReceivers' });

export type NotificationView = z.infer<typeof notification>;
export type NotificationListView = z.infer<typeof notificationList>;

export const notificationRoutes = {
  listNotifications: 'GET /apps/:app/environments/:environment/notifications',
  testNotifications: 'POST /apps/:app/environments/:environment/notifications/test',
} as const;
