import { createHash } from 'node:crypto';
import type { DiffLine, ProofItem, ReleasePart } from '../../ports/release-part/release-part.ts';
import type { Revision } from '../../rollout/release.ts';
import { sayError } from '../../core/errors.ts';
import type { FlagDefinition } from '../../flags/definitions.ts';
import { parseDefinitions } from '../../flags/parse-definitions.ts';
import type { FlagBook } from './flag-book.ts';

/** The flags that a release brings, as text; null: none. Errors: `not-found` when the release is gone. */
export type FlagsOfRelease = (app: string, release: string) => Promise<string | null>;

/**
 * Flags as a part of releases: definitions travel, what people have said about a flag belongs to the environment and
 * holds whatever the release. The way back is proven when the definitions of both releases can be read.
 */
export function flagsPart(textOf: FlagsOfRelease, book: FlagBook): ReleasePart {
  const definitions = async (revision: Revision | null) => {
    const text = revision === null ? null : await textOf(revision.app, revision.release);
    return text === null ? new Map<string, FlagDefinition>() : parseDefinitions(text).flags;
  };
  return {
    name: 'flags',
    title: 'the flags can be read',
    resolve: async ({ app }, { id }) => ({ version: hashOf((await textOf(app, id)) ?? '') }),
    diff: async (from, to) => diffFlags(await definitions(from), await definitions(to)),
    async prove({ from, to }) {
      const wanted = from === null ? [to] : [from, to];
      return await Promise.all(wanted.map((revision) => proof(revision, definitions, book)));
    },
    steps: () => Promise.resolve([]),
  };
}

type Definitions = (revision: Revision) => Promise<ReadonlyMap<string, FlagDefinition>>;

async function proof(revision: Revision, definitions: Definitions, book: FlagBook): Promise<ProofItem> {
  const common = { id: 'flags', title: `flags of ${revision.release}` };
  try {
    const found = await definitions(revision);
    const flags = await book.of(revision);
    const held = [...found.keys()].filter((flag) => flags.live(flag)?.switched === 'off');
    const count = found.size === 1 ? 'one flag' : `${found.size} flags`;
    const stays = held.length === 0 ? '' : ` Turned off here, and staying so: ${held.join(', ')}.`;
    const message =
      found.size === 0 ? `${revision.release} has no flags.` : `${revision.release} has ${count}.${stays}`;
    return { ...common, proven: true, message, seen: hashOf(JSON.stringify([...found])) };
  } catch (error) {
    const message = `The flags of ${revision.release} cannot be read: ${sayError(error)}`;
    return { ...common, proven: false, message, seen: '' };
  }
}

function diffFlags(
  from: ReadonlyMap<string, FlagDefinition>,
  to: ReadonlyMap<string, FlagDefinition>,
): readonly DiffLine[] {
  return [...new Set([...from.keys(), ...to.keys()])].flatMap((flag) => {
    const [before, after] = [from.get(flag), to.get(flag)];
    if (JSON.stringify(before) === JSON.stringify(after)) return [];
    const [old, fresh] = [wordsOf(before), wordsOf(after)];
    const isTold = old !== fresh;
    return [{ part: 'flags', what: flag, from: old, to: isTold ? fresh : `${fresh} (its definition changed)` }];
  });
}

function wordsOf(definition: FlagDefinition | undefined): string | null {
  if (definition === undefined) return null;
  const { state, defaultVariant, targeting, additions } = definition;
  if (state === 'DISABLED') return 'disabled';
  const guard = additions.guard.length === 0 ? '' : `, guarded by ${additions.guard.join(', ')}`;
  return `${defaultVariant ?? 'the default of the code'}${targeting === null ? '' : ', by a rule'}${guard}`;
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
