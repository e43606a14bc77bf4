import { Moment } from '../parts/moment.tsx';

/** A sentence with a time in it, which goes on running. `words` has a line break where the time belongs. */
export function When({ words, at }: { readonly words: string; readonly at: number }) {
  const [before, after] = words.split('\n');
  return (
    <>
      {before}
      <Moment at={at} />
      {after}
    </>
  );
}
