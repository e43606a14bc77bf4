import { nameOf, type Mutant } from './mutant.ts';

/** A survivor that is known, and why it may live. */
export interface Known {
  readonly file: string;
  readonly was: string;
  readonly becomes: string;
  readonly reason: string;
}

const heading = /^## `?(?<file>[^`]+)`?$/;
const entry = /^- (?:\d+: )?`(?<was>[^`]*)` → `(?<becomes>[^`]*)`: (?<reason>\S.*)$/;

/**
 * Reads the list of survivors: a heading for each source, below it a line for each mutant,
 * ``- 12: `was` → `becomes`: reason``. The number of the line is for readers. Throws where a line is none of these.
 */
export function readSurvivors(markdown: string): ReadonlyMap<string, Known> {
  const known = new Map<string, Known>();
  let file = '';
  markdown.split('\n').forEach((line, index) => {
    file = heading.exec(line)?.groups?.['file'] ?? file;
    if (file === '' || !line.startsWith('- ')) return;
    const { was, becomes, reason } = entry.exec(line)?.groups ?? {};
    if (was === undefined || becomes === undefined || reason === undefined)
      throw new Error(
        `Line ${index + 1} of the list of survivors is not "- 12: \`was\` → \`becomes\`: reason": ${line}`,
      );
    known.set(nameOf({ file, was, becomes }), { file, was, becomes, reason });
  });
  return known;
}

/** A line for the list; whoever finds out why it may live completes it. */
export function lineFor({ line, was, becomes }: Mutant, reason: string): string {
  return `- ${line}: \`${was}\` → \`${becomes}\`: ${reason}`;
}
