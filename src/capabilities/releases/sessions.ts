import { once } from 'node:events';
import { LotseError, toLotseError } from '../../core/errors.ts';
import type { Actor } from '../../core/events.ts';
import { chainOf, type Scope, type ServiceName } from '../../core/ids.ts';
import type { Session } from '../../ports/targets/session.ts';
import type { TargetSlot } from '../../ports/targets/targets.ts';
import { servingRevision } from './one-off-jobs.ts';
import type { ReleasesContext } from './releases-context.ts';
import { outputMark, sessionStart, sessionWish, type SessionNews, type SessionStart } from './session-api.ts';

/** Messages from and to whoever sits there. */
interface Talk {
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

/**
 * Runs what the client asks for in an instance, until it ends or the client goes. The journal has who ran what where, and
 * how it ended; what was typed and written is nowhere.
 */
export async function holdSession(context: ReleasesContext, request: SessionRequest, channel: Talk): Promise<void> {
  const say = async (news: SessionNews): Promise<void> => await channel.send(JSON.stringify(news));
  try {
    const start = readStart(await channel.messages.next());
    const exitCode = await runBooked(context, request, start, channel);
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

async function runBooked(
  context: ReleasesContext,
  { scope, service, by }: SessionRequest,
  start: SessionStart,
  channel: Talk,
): Promise<number | null> {
  const { argv, terminal } = start;
  const revision = await servingRevision(context, scope);
  const slot = chooseSlot(await context.target.observe(scope), { service, revision: revision.id }, start.slot);
  const key = `${chainOf(scope)}/session/${context.newId()}`;
  const write = async (type: string, payload: object): Promise<void> => {
    const draft = { type, version: 1, actor: by, reason: null, correlationId: key, payload: { key, ...payload } };
    await context.journal.append(chainOf(scope), context.lock.fence, [draft]);
  };
  const where = { service, slot: slot.slot, revision: revision.id };
  await write('session-opened', { ...where, argv, terminal: terminal !== null });
  let exitCode: number | null = null;
  try {
    const server = slot.server === undefined ? {} : { server: slot.server };
    const session = await context.target.enter({ ...scope, ...where, ...server, argv, terminal });
    const { release } = revision;
    await channel.send(
      JSON.stringify({ opened: { slot: slot.slot, revision: where.revision, release } } satisfies SessionNews),
    );
    exitCode = await converse(session, channel);
    return exitCode;
  } finally {
    await write('session-ended', { exitCode });
  }
}

interface Wanted {
  readonly service: ServiceName;
  readonly revision: string;
}

/** Errors: `not-found`, `conflict`. */
function chooseSlot(slots: readonly TargetSlot[], { service, revision }: Wanted, wanted: number | null): TargetSlot {
  const serving = slots.filter((slot) => slot.revision === revision);
  const own = serving.filter((slot) => slot.service === service).toSorted((a, b) => a.slot - b.slot);
  const found =
    wanted === null ? (own.find(({ state }) => state === 'ready') ?? own[0]) : own.find(({ slot }) => slot === wanted);
  if (found !== undefined) return found;
  const names = [...new Set(serving.map((slot) => slot.service))].join(', ');
  if (own.length === 0) {
    throw new LotseError('not-found', `No instance of a service ${JSON.stringify(service)} serves here`, {
      hint: names === '' ? 'Nothing runs here.' : `There are instances of ${names}.`,
    });
  }
  throw new LotseError('not-found', `${service} has no instance ${wanted}`, {
    hint: `It has ${own.map(({ slot }) => slot).join(', ')}.`,
  });
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
