import type { LotseProgram } from './lotse-program.ts';

/**
 * The text of a unit that starts `from`, so that it starts `to`: with the same words behind it. Node.js moves along where it
 * lies in the folder of `from`; another one stays. Text that does not name `from` is answered as it is.
 */
export function moveUnit(text: string, from: Pick<LotseProgram, 'root'>, to: Pick<LotseProgram, 'root'>): string {
  return text.replaceAll(`${from.root}/`, `${to.root}/`);
}

/** Files of a program that a unit names, to look whether they are there. */
export function filesNamed(text: string, { root }: Pick<LotseProgram, 'root'>): readonly string[] {
  const names = text.split('\n').flatMap((line) => {
    if (!/^Exec\w+=/.test(line)) return [];
    return line
      .replace(/^Exec\w+=-?/, '')
      .split(' ')
      .filter((word) => word.startsWith(`${root}/`));
  });
  return [...new Set(names)];
}
