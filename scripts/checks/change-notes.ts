/** The kinds of changes, in the order in which a reader wants to know of them. */
const kinds = ['security', 'breaking', 'added', 'changed', 'fixed'] as const;
type Kind = (typeof kinds)[number];

export type Note = { readonly kind: Kind; readonly text: string };
/** The notes of one version; those of no version yet are unreleased. */
export type Release = {
  readonly version: string | undefined;
  /** Year-month-day. */
  readonly date: string | undefined;
  readonly notes: readonly Note[];
};

const headings: Readonly<Record<Kind, string>> = {
  security: 'Security',
  breaking: 'Changes that need a hand',
  added: 'New',
  changed: 'Changed',
  fixed: 'Fixed',
};

/** Reads `kind: …`, an empty line and the text. Throws with the path when a note is not of that form. */
export function parseNote(path: string, text: string): Note {
  const [first = '', second = '', ...rest] = text.split('\n');
  const kind = kinds.find((known) => first.trim() === `kind: ${known}`);
  if (kind === undefined) throw new Error(`${path}:1 starts with "kind: " and one of ${kinds.join(', ')}.`);
  if (second.trim() !== '') throw new Error(`${path}:2 is empty, and the text follows.`);
  const body = rest.join('\n').trim();
  if (body === '') throw new Error(`${path} says nothing: one or two sentences for users.`);
  return { kind, text: body };
}

/** The whole CHANGELOG.md, for prettier to format. */
export function changelogText(releases: readonly Release[]): string {
  const parts = releases.filter(({ notes, version }) => version !== undefined || notes.length > 0).map(releaseText);
  return `# Changelog\n\nBuilt from the notes in [changes/](changes/README.md) by \`npm run changelog\`.\n\n${parts.join('\n')}`;
}

function releaseText({ version, date, notes }: Release): string {
  const title = version === undefined ? 'Not released yet' : `${version}${date === undefined ? '' : ` (${date})`}`;
  const sections = kinds.flatMap((kind) => {
    const texts = notes.filter((note) => note.kind === kind).map((note) => `- ${note.text.replaceAll('\n', '\n  ')}`);
    return texts.length === 0 ? [] : [`### ${headings[kind]}\n\n${texts.join('\n')}\n`];
  });
  return `## ${title}\n\n${sections.join('\n')}`;
}
