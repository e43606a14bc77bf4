import { once } from 'node:events';
import { LotseError, toLotseError } from '../../core/errors.ts';
import type { Actor } from '../../core/events.ts';
import { chainOf, type Scope, type ServiceName } from '../../core/ids.ts';
import type { Session } from '../../ports/targets/session.ts';
import type { ReleasesContext } from './releases-context.ts';
import { outputMark, sessionStart, sessionWish, type SessionNews, type SessionStart } from './session-api.ts';

/** Messages from and to whoever sits there. */
export interface Talk {
  readonly messages: AsyncIterator<string | Uint8Array>;
  readonly send: (message: string | Uint8Array) => Promise<void>;
  /** They have gone. */
  readonly signal: AbortSignal;
}

export interface SessionRequest {
  readonly scope: Scope;
  readonly service: ServiceName;
  readonly by: Actor;
}

/** What people sit at; `word` is part of the keys. */
export const sessionKinds = {
  entered: { word: 'session', begins: 'session-opened', hasEnded: 'session-ended' },
  oneOff: { word: 'run', begins: 'one-off-started', hasEnded: 'one-off-ended' },
} as const;
export type SessionKind = (typeof sessionKinds)[keyof typeof sessionKinds];

/** What is opened, and how the journal and the client are told of it. */
export interface Opening {
  readonly payload: object;
  readonly news: Extract<SessionNews, { readonly opened: unknown }>;
  readonly open: () => Promise<Session>;
}

/**
 * Runs what the client asks for until it ends or the client goes. The journal has who ran what where and why, and how it
 * ended; what was typed and written is nowhere.
 */
export async function holdTalk(
  context: ReleasesContext,
  { kind, scope, by }: SessionRequest & { readonly kind: SessionKind },
  channel: Talk,
  prepare: (start: SessionStart, key: string) => Promise<Opening>,
): Promise<void> {
  const say = async (news: SessionNews): Promise<void> => await channel.send(JSON.stringify(news));
  try {
    const start = readStart(await channel.messages.next());
    const key = `${chainOf(scope)}/${kind.word}/${context.newId()}`;
    const { payload, news, open } = await prepare(start, key);
    const write = async (type: string, about: object, reason: string | null): Promise<void> => {
      const draft = { type, version: 1, actor: by, reason, correlationId: key, payload: { key, ...about } };
      await context.journal.append(chainOf(scope), context.lock.fence, [draft]);
    };
    const { argv, terminal, reason = null } = start;
    await write(kind.begins, { ...payload, argv, terminal: terminal !== null }, reason);
    let exitCode: number | null = null;
    try {
      const session = await open();
      await say(news);
      exitCode = await converse(session, channel);
    } finally {
      await write(kind.hasEnded, { exitCode }, null);
    }
    await say({ ended: { exitCode } });
  } catch (thrown) {
    const { code, message, hint = null } = toLotseError(thrown);
    await say({ problem: { code, message, hint } });
  }
}

function readStart({ value, done }: IteratorResult<string | Uint8Array>): SessionStart {
  const read = done === true || typeof value !== 'string' ? null : sessionStart.safeParse(parseJson(value));
  if (read?.success === true) return read.data.start;
  throw new LotseError('bad-input', 'The first message has to be `start`');
}

/** Both directions at their own pace; ends with the program, or ends the program when the client has gone. */
async function converse(session: Session, channel: Talk): Promise<number | null> {
  const leave = (): void => void session.close();
  if (channel.signal.aborted) leave();
  channel.signal.addEventListener('abort', leave, { once: true });
  const over = new AbortController();
  void takeInput(session, channel, over.signal).catch(leave);
  try {
    for await (const { stream, bytes } of session.output) {
      await channel.send(Buffer.concat([Buffer.of(outputMark[stream]), bytes]));
    }
    return await session.ended;
  } finally {
    over.abort();
    channel.signal.removeEventListener('abort', leave);
    await session.close();
  }
}

async function takeInput(session: Session, { messages }: Talk, over: AbortSignal): Promise<void> {
  for (;;) {
    const { value, done } = await messages.next();
    if (done === true || over.aborted) return;
    if (typeof value === 'string') await grant(session, value);
    else if (!session.input.write(value)) await once(session.input, 'drain', { signal: over }).catch(() => undefined);
  }
}

/** What nobody understands here is passed over: a newer command line may wish more. */
async function grant(session: Session, text: string): Promise<void> {
  const read = sessionWish.safeParse(parseJson(text));
  if (!read.success) return;
  const wish = read.data;
  if ('resize' in wish) await session.resize(wish.resize);
  else if ('signal' in wish) await session.signal(wish.signal);
  else session.input.end();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
