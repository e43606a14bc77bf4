import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { LotseError } from '../../core/errors.ts';
import { nearestOf } from '../../manifest/nearest.ts';
import { userConfigFolder } from './config-folder.ts';

const token = z.string().nullable();
const savedContext = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('https'), server: z.string(), token }),
  z.object({
    kind: z.literal('ssh'),
    /** `ssh://user@host:port`, of which only the host has to be there. */
    server: z.string(),
    /** Where the control plane listens, as seen from its own machine: `127.0.0.1:7700`. */
    api: z.string(),
    /** Its state folder there; null: one of the usual ones. */
    state: z.string().nullable(),
    /** Null: what the state folder there has for commands that are typed on that machine. */
    token,
  }),
]);
/** A control plane that somebody has logged in to. */
export type SavedContext = z.infer<typeof savedContext>;

const book = z.object({
  format: z.literal(1),
  current: z.string().nullable(),
  contexts: z.record(z.string(), savedContext),
});
type Book = z.infer<typeof book>;

export interface NamedContext {
  readonly name: string;
  readonly context: SavedContext;
}

const namePattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
const empty: Book = { format: 1, current: null, contexts: {} };

/** The control planes that a person has logged in to, in a file that nobody else reads: it holds tokens. */
export class ContextBook {
  readonly file: string | null;

  constructor(env: Readonly<Record<string, string | undefined>>) {
    const folder = userConfigFolder(env);
    this.file = folder === null ? null : join(folder, 'contexts.json');
  }

  get current(): string | null {
    return this.#read().current;
  }

  /** By name. */
  list(): readonly NamedContext[] {
    return Object.entries(this.#read().contexts)
      .map(([name, context]) => ({ name, context }))
      .toSorted((one, other) => (one.name < other.name ? -1 : 1));
  }

  /** Errors: `not-found`, with the name that was probably meant. */
  get(name: string): NamedContext {
    const { contexts } = this.#read();
    const context = Object.hasOwn(contexts, name) ? contexts[name] : undefined;
    if (context !== undefined) return { name, context };
    const names = Object.keys(contexts);
    const nearest = nearestOf(name, names);
    const known = names.length === 0 ? 'There is none yet: `lotse login`.' : `There are: ${names.join(', ')}.`;
    throw new LotseError('not-found', `There is no context ${JSON.stringify(name)}`, {
      hint: nearest === null ? known : `Did you mean ${nearest}?`,
    });
  }

  /** Null: no control plane is used unless it is named. Errors: `not-found`. */
  use(name: string | null): void {
    if (name !== null) this.get(name);
    this.#write({ ...this.#read(), current: name });
  }

  /** Saves it and uses it from now on. Errors: `bad-input` for what is no name. */
  save({ name, context }: NamedContext): void {
    if (!namePattern.test(name)) {
      throw new LotseError('bad-input', `${JSON.stringify(name)} is no name for a context`, {
        hint: 'Letters, digits, dots, dashes and underscores, at most 64: `--name production`.',
      });
    }
    const { contexts } = this.#read();
    this.#write({ format: 1, current: name, contexts: { ...contexts, [name]: context } });
  }

  /** Errors: `not-found`. */
  remove(name: string): void {
    this.get(name);
    const { current, contexts } = this.#read();
    const { [name]: _, ...left } = contexts;
    this.#write({ format: 1, current: current === name ? null : current, contexts: left });
  }

  #read(): Book {
    const text = this.file === null ? null : readOrNull(this.file);
    if (text === null) return empty;
    const parsed = book.safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
    throw new LotseError('bad-input', `${this.file ?? ''} is not what \`lotse login\` writes`, {
      hint: 'Repair it, or delete it and log in again.',
      details: parsed.error.issues.slice(0, 3).map(({ path, message }) => `${path.join('.')}: ${message}`),
    });
  }

  #write(next: Book): void {
    if (this.file === null) {
      throw new LotseError('bad-input', 'There is no place for settings: neither HOME nor XDG_CONFIG_HOME is set', {
        hint: 'Without them LOTSE_SERVER and LOTSE_TOKEN say which control plane is meant.',
      });
    }
    const folder = join(this.file, '..');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const part = `${this.file}.${process.pid}.part`;
    writeFileSync(part, `${JSON.stringify(next, null, 2)}\n`, { mode: 0o600 });
    chmodSync(part, 0o600); // also when such a file was left behind with other rights
    renameSync(part, this.file);
  }
}

function readOrNull(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return null;
    throw thrown;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
