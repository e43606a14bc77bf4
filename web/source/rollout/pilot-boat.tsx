/** A pilot boat with its flag. */
export function PilotBoat() {
  return (
    <svg viewBox="0 0 44 30" aria-hidden="true" className="boat">
      <path className="boat-hull" d="M3 19h38l-5.5 8.2c-.5.8-1.3 1.3-2.2 1.3H10.2c-1.1 0-2-.6-2.5-1.6z" />
      <path className="boat-cabin" d="M13 12.5c0-.8.7-1.5 1.5-1.5h10.2c.6 0 1.1.3 1.4.8l4 7.2H13z" />
      <path className="boat-window" d="M17 13.6h3.4v3H17zM22.2 13.6h2.2l1.7 3h-3.9z" />
      <path className="boat-mast" d="M12 19V2" />
      <path className="boat-white" d="M12 2.2H7.6v6.6H12z" />
      <path className="boat-warm" d="M7.6 2.2H3.2v6.6h4.4z" />
    </svg>
  );
}
