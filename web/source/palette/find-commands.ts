import type { LucideIcon } from 'lucide-react';

/** Something to go to or to do. */
export interface PaletteCommand {
  readonly id: string;
  readonly label: string;
  /** More words by which it is found, and which stand behind it in grey. */
  readonly detail?: string;
  readonly icon: LucideIcon;
  readonly group: 'go' | 'does';
  readonly run: () => void;
}

const mostFound = 40;

/** Those in which every typed word is found; first those whose label begins with what was typed, then as they stand. */
export function findCommands(commands: readonly PaletteCommand[], typed: string): readonly PaletteCommand[] {
  const words = typed
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0) return commands.slice(0, mostFound);
  const rankOf = ({ label }: PaletteCommand) => {
    const parts = label.toLowerCase().split(/\s+/);
    return words.every((word) => parts.some((part) => part.startsWith(word))) ? 0 : 1;
  };
  return commands
    .filter(({ label, detail = '' }) => {
      const text = `${label} ${detail}`.toLowerCase();
      return words.every((word) => text.includes(word));
    })
    .toSorted((left, right) => rankOf(left) - rankOf(right))
    .slice(0, mostFound);
}
