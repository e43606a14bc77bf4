/** The pilot's flag: "I have a pilot on board" (International Code of Signals, H), in the colours of the house. */
export function BrandMark() {
  return (
    <svg className="brand-mark" viewBox="0 0 26 26" aria-hidden="true">
      <path className="brand-pole" d="M4 2v22" />
      <path className="brand-white" d="M5 3h8.5v12H5z" />
      <path className="brand-warm" d="M13.5 3H22v12h-8.5z" />
    </svg>
  );
}
