import { z } from 'zod';

/**
 * A program in a running instance, or in a place of its own as that of a service, over a WebSocket. The client begins with `start`; from then on its binary messages are
 * the program's input. Binary messages of the server are output: the first byte says of which stream.
 */
export const sessionRoutes = {
  openSession: 'GET /apps/:app/environments/:environment/services/:service/session',
  runOnce: 'GET /apps/:app/environments/:environment/services/:service/one-off',
} as const;

const terminalSize = z.object({
  columns: z.number().int().min(1).max(10_000),
  rows: z.number().int().min(1).max(10_000),
});

export const sessionStart = z.object({
  start: z.object({
    argv: z.array(z.string()).min(1).max(1000),
    /** Null: any that is ready. Without meaning for a program in a place of its own. */
    slot: z.number().int().nonnegative().nullable(),
    /** Null: no terminal, and both outputs apart. */
    terminal: terminalSize.nullable(),
    /** Why, for the journal. */
    reason: z.string().trim().min(3).max(2000).nullish(),
  }),
});

export const sessionWish = z.union([
  z.object({ resize: terminalSize }),
  z.object({ signal: z.enum(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) }),
  /** The input has ended. */
  z.object({ end: z.literal(true) }),
]);

export const sessionNews = z
  .union([
    z.object({ opened: z.object({ slot: z.number().int().nullable(), revision: z.string(), release: z.string() }) }),
    /** 128 + n for signal n; null: nobody knows. */
    z.object({ ended: z.object({ exitCode: z.number().int().nullable() }) }),
    z.object({ problem: z.object({ code: z.string(), message: z.string(), hint: z.string().nullable() }) }),
  ])
  .meta({ id: 'SessionNews', description: 'What becomes of a program in an instance' });
export type SessionNews = z.infer<typeof sessionNews>;
export type SessionStart = z.infer<typeof sessionStart>['start'];
export type SessionWish = z.infer<typeof sessionWish>;

/** A command beside what users get is given a reason there. */
export function wantsReason(environment: string): boolean {
  return environment === 'production';
}

/** First byte of a binary message of the server. */
export const outputMark = { out: 1, err: 2 } as const;
