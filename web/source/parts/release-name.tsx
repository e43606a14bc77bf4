/** `r8-9c1d2e3-dirty`: the number is what people say, the rest is what machines compare. */
export function ReleaseName({ id }: { readonly id: string }) {
  const cut = id.indexOf('-');
  const number = cut < 0 ? id : id.slice(0, cut);
  const rest = cut < 0 ? '' : id.slice(cut + 1);
  return (
    <span className="release-name">
      <b>{number}</b>
      {rest === '' ? null : <span className="release-commit">-{rest}</span>}
    </span>
  );
}
