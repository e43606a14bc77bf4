/** One `- [ ]` line of a checklist in Markdown (GitHub Flavored Markdown, 5.3 "Task list items"). */
export interface ChecklistItem {
  readonly text: string;
  /** Ticked in the file itself, which signs nothing. */
  readonly isTicked: boolean;
}

export function readChecklist(markdown: string): readonly ChecklistItem[] {
  return markdown.split(/\r?\n/).flatMap((line) => {
    const found = /^\s*(?:[-*+]|\d+[.)])\s+\[([ xX])\]\s+(.*\S)\s*$/.exec(line);
    return found === null ? [] : [{ text: found[2] ?? '', isTicked: found[1] !== ' ' }];
  });
}
