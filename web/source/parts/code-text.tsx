/** Text in which `backquotes` mark what is typed. */
export function CodeText({ text }: { readonly text: string }) {
  return piecesOf(text).map(({ at, words, isCode }) => (isCode ? <code key={at}>{words}</code> : words));
}

interface Piece {
  /** Where it begins in the text. */
  readonly at: number;
  readonly words: string;
  readonly isCode: boolean;
}

function piecesOf(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const words of text.split('`')) {
    pieces.push({ at, words, isCode: pieces.length % 2 === 1 });
    at += words.length + 1;
  }
  return pieces;
}
