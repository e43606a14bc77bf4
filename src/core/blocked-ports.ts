/**
 * Ports that no browser and no `fetch` goes to, because old protocols live there (WHATWG Fetch, "port blocking"). Those
 * below 1024 are left out: nobody is given one.
 */
export const blockedPorts: ReadonlySet<number> = new Set([
  ...[1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566],
  ...[6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080],
]);
