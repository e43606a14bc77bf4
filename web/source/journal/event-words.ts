import { en } from '../language/en.ts';
import { sentenceCase } from '../rollout/step-title.ts';

export type EventWord = keyof typeof en.event;

export interface EventWords {
  /** The key of its sentence; null: the page has no sentence for it and shows its type. */
  readonly word: EventWord | null;
  readonly values: Readonly<Record<string, string>>;
}

/** The sentence for an event, filled from its payload: whatever is missing there stays out. Pure. */
export function eventWords(event: { readonly type: string; readonly payload: unknown }): EventWords {
  const payload = membersOf(event.payload);
  const isBack = payload.direction === 'back';
  const word = isBack && isWord(`${event.type}-back`) ? `${event.type}-back` : event.type;
  return { word: isWord(word) ? word : null, values: valuesOf(payload) };
}

function isWord(text: string): text is EventWord {
  return Object.hasOwn(en.event, text);
}

type Members = Readonly<Record<string, unknown>>;

function valuesOf(payload: Members): Readonly<Record<string, string>> {
  const plan = membersOf(payload.plan);
  const to = membersOf(plan.to);
  return {
    release: textOf(payload.release) ?? textOf(to.release) ?? textOf(payload.id) ?? '',
    revision: textOf(payload.revision) ?? textOf(to.revision) ?? '',
    environment: textOf(payload.environment) ?? '',
    step: textOf(payload.step) ?? '',
    gate: textOf(payload.gate) ?? '',
    gates: gatesOf(payload.results),
    end: textOf(payload.end) ?? '',
    message: textOf(membersOf(payload.cause).message) ?? '',
    address: addressOf(payload),
  };
}

function addressOf({ host, port }: Members): string {
  const name = textOf(host);
  return name === null ? '' : `${name.includes(':') ? `[${name}]` : name}:${String(port)}`;
}

/** Only those that are shut: the others are not what it waits for. */
function gatesOf(results: unknown): string {
  if (!Array.isArray(results)) return '';
  const shut = results.map(membersOf).filter((result) => !['open', 'overridden'].includes(stateOf(result)));
  return shut.flatMap((result) => textOf(result.title) ?? textOf(result.gate) ?? []).join(', ');
}

function stateOf(result: Members): string {
  return textOf(result.state) ?? textOf(membersOf(result.state).kind) ?? '';
}

/** `evidence-recorded` as `Evidence recorded`. */
export function plainType(type: string): string {
  return sentenceCase(type.replaceAll('-', ' '));
}

export type EventTone = 'good' | 'bad' | 'moving' | 'quiet';

export function toneOf(event: { readonly type: string; readonly payload: unknown }): EventTone {
  const { end } = membersOf(event.payload);
  switch (event.type) {
    case 'rollout-live':
      return 'good';
    case 'rollout-ended':
      return end === 'settled' ? 'good' : 'bad';
    case 'rollout-turned':
    case 'release-quarantined':
      return 'bad';
    case 'gates-waiting':
    case 'rollout-paused':
    case 'gate-overridden':
    case 'rollout-planned':
      return 'moving';
    default:
      return 'quiet';
  }
}

/** Waiting for the same is told once, with the moment since when; oldest first. */
export function withoutRepeats<Event extends { readonly type: string; readonly correlationId: string | null }>(
  events: readonly Event[],
): readonly Event[] {
  return events.filter((event, index) => {
    const before = events[index - 1];
    const isSame = before?.type === event.type && before.correlationId === event.correlationId;
    return event.type !== 'gates-waiting' || !isSame;
  });
}

/** Inside a step the journal is chatty: what was ordered and what begins. The overview leaves that out. */
export function isNotable({ type }: { readonly type: string }): boolean {
  return !['step-intended', 'step-performed', 'gates-passed', 'revision-planned'].includes(type);
}

/** `bildwerk/production` is about production; `control` about the control plane itself. */
export function environmentOfChain(chain: string): string | null {
  const [, environment] = chain.split('/');
  return environment ?? null;
}

function membersOf(value: unknown): Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
