/**
 * The port that a program could not have, as its last words tell: Node says `EADDRINUSE: address already in use :::3000`,
 * others say `address already in use` and the port somewhere. 0: it names none. Null: that was not its trouble.
 */
export function readTakenPort(lastWords: readonly string[]): number | null {
  const line = lastWords.find((text) => /EADDRINUSE|address already in use/i.test(text));
  if (line === undefined) return null;
  return Number(/(?:EADDRINUSE|in use).*?:(\d{2,5})\b(?!:)/i.exec(line)?.[1] ?? 0);
}
