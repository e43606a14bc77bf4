const maxTries = 3_000;

/** The smallest part of a failing text that is easily found and still fails. */
export async function shrink(
  text: string,
  fails: (text: string) => boolean | Promise<boolean>,
  tries = maxTries,
): Promise<string> {
  let smallest = text;
  let left = tries;
  for (let size = Math.ceil(text.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < smallest.length && left > 0; left--) {
      const candidate = smallest.slice(0, at) + smallest.slice(at + size);
      if (await fails(candidate)) smallest = candidate;
      else at += size;
    }
  }
  return smallest;
}
