/** Colours of a terminal (ECMA-48, select graphic rendition). */
const codes = {
  bold: ['1', '22'],
  dim: ['2', '22'],
  red: ['31', '39'],
  green: ['32', '39'],
  yellow: ['33', '39'],
  blue: ['34', '39'],
  cyan: ['36', '39'],
} as const;

export type Colour = keyof typeof codes;
export type Paint = (text: string, ...colours: readonly Colour[]) => string;

export function painter(hasColours: boolean): Paint {
  if (!hasColours) return (text) => text;
  return (text, ...colours) =>
    colours.reduce((inner, colour) => `\u001b[${codes[colour][0]}m${inner}\u001b[${codes[colour][1]}m`, text);
}

/** What decides about colours. An environment variable counts when it is there and not empty. */
export interface ColourWishes {
  readonly isTerminal: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** FORCE_COLOR (but `0`) before NO_COLOR (no-color.org) before whether someone looks at it. */
export function wantsColours({ isTerminal, env }: ColourWishes): boolean {
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '') return env.FORCE_COLOR !== '0';
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false;
  return isTerminal && env.TERM !== 'dumb';
}
