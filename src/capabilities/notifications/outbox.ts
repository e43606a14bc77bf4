import { sayError } from '../../core/errors.ts';
import { chainOf, type Scope } from '../../core/ids.ts';
import { OutboxLoop } from '../../database/outbox-loop.ts';
import type { NotifyDefinition } from '../../manifest/app-manifest.ts';
import type { Message, Notifier } from '../../ports/notifications/notifications.ts';
import { pressingOf } from './notification.ts';
import type { OutboxMessage, OutboxRows } from './outbox-rows.ts';
import { addressOf, type FindValue } from './receivers.ts';
import { linesOf, sentenceOf, type Language } from './sentences.ts';

export interface OutboxParts {
  readonly rows: OutboxRows;
  readonly notifier: Notifier;
  /** What the accepted definition says; null: nobody is told. */
  readonly notify: (scope: Scope) => Promise<NotifyDefinition | null>;
  readonly find: FindValue;
  readonly log: (about: object) => void;
  /** How long one attempt may take, in milliseconds. */
  readonly attemptMs?: number;
}

const usualAttemptMs = 20_000;

/** Delivers what is in the outbox. */
export class Outbox extends OutboxLoop<OutboxMessage> {
  constructor(parts: OutboxParts) {
    const { rows } = parts;
    super({
      name: 'what people are told',
      due: () => rows.due(),
      receiverOf: (message) => `${chainOf(message)} ${message.receiver}`,
      deliver: (message, closing) => deliver(parts, message.id, closing),
      tryAllAgain: () => rows.tryAllAgain(),
      forgetOld: () => rows.forgetOld(),
      log: parts.log,
    });
  }
}

async function deliver({ rows, notifier, find, ...parts }: OutboxParts, id: string, closing: AbortSignal) {
  const row = await rows.beginAttempt(id);
  if (row === null) return;
  try {
    const notify = await parts.notify(row);
    const address = await addressOf({ scope: row, notify, find }, row.receiver);
    const late = AbortSignal.timeout(parts.attemptMs ?? usualAttemptMs);
    await notifier.send(address, messageFor(row, notify?.language ?? 'en'), AbortSignal.any([late, closing]));
  } catch (error) {
    // The next control plane delivers what this one began: an attempt that it cut short counts for nothing.
    if (!closing.aborted) await rows.failed(row, sayError(error));
    return;
  }
  await rows.delivered(row);
}

/** The last fact says how things stand; the title is about it. */
export function messageFor({ id, app, environment, story, facts }: OutboxMessage, language: Language): Message {
  const last = facts.at(-1);
  const title = `${app}/${environment}: ${last === undefined ? story : sentenceOf(last, language)}`;
  const lines = linesOf(facts, language);
  return {
    ...{ id, app, environment, story, facts, title, urgency: pressingOf(facts), at: last?.at ?? 0 },
    lines: lines.length === 1 ? [] : lines,
  };
}
