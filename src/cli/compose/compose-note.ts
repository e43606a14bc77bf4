/**
 * Something that is to be said about a line. `lost`: the app will miss it until somebody acts. `changed`: it is carried
 * over in another form. `not-needed`: Lotse does it in its own way, nothing is to be done.
 */
export interface ComposeNote {
  readonly kind: 'lost' | 'changed' | 'not-needed';
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** The services that it is about; none: the file as a whole. */
  readonly services: readonly string[];
  /** One plain sentence or two, without the position and never with a value that could be secret. */
  readonly message: string;
}

/** `compose.yaml:12 web, worker: …` */
export function formatNote({ file, line, services, message }: ComposeNote): string {
  return `${file}:${line} ${services.length === 0 ? '' : `${services.join(', ')}: `}${message}`;
}

/** By line; what several services get from one line, by an anchor or a merge key, is said once. */
export function orderNotes(notes: readonly ComposeNote[]): readonly ComposeNote[] {
  const merged = new Map<string, ComposeNote>();
  for (const note of notes) {
    const key = JSON.stringify([note.kind, note.line, note.message]);
    const before = merged.get(key)?.services ?? [];
    const services = [...new Set([...before, ...note.services])];
    merged.set(key, { ...note, message: onOneLine(note.message), services: services.map(onOneLine) });
  }
  return [...merged.values()].toSorted((a, b) => a.line - b.line);
}

/** Names of the file stand in messages: nothing in them may end the line or speak to a terminal. */
function onOneLine(text: string): string {
  return text.replaceAll(/[\s\p{C}]+/gu, ' ').trim();
}
