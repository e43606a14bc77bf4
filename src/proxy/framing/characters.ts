/** Which octets may stand where, as tables by octet (RFC 9110 section 5.6.2 and 5.5, RFC 3986 section 3.2). 1 = allowed. */
function table(allowed: (octet: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, octet) => (allowed(octet) ? 1 : 0));
}

function isAlphanumeric(octet: number): boolean {
  return (octet >= 48 && octet <= 57) || (octet >= 65 && octet <= 90) || (octet >= 97 && octet <= 122);
}

function isOneOf(characters: string): (octet: number) => boolean {
  return (octet) => characters.includes(String.fromCharCode(octet));
}

/** tchar: method and field names. */
export const tokenOctets = table((octet) => isAlphanumeric(octet) || isOneOf("!#$%&'*+-.^_`|~")(octet));

/** Field values: visible characters, space, tab and obs-text. No other control character, no CR, LF, NUL or DEL. */
export const valueOctets = table((octet) => octet === 9 || (octet >= 32 && octet !== 127));

/** Request targets: visible ASCII without `#`. */
export const targetOctets = table((octet) => octet > 32 && octet < 127 && octet !== 35);

/** Host: reg-name, IP literals, port. No user information. */
export const hostOctets = table((octet) => isAlphanumeric(octet) || isOneOf("-._~!$&'()*+,;=%[]:")(octet));

/** Value of a hexadecimal digit by octet; 255 = none. */
export const hexValues = Uint8Array.from({ length: 256 }, (_, octet) => {
  if (octet >= 48 && octet <= 57) return octet - 48;
  const lower = octet | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : 255;
});

/** True when all characters of `text` in [from, to) are allowed by `octets`. */
export function areAll(octets: Uint8Array, text: string, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const octet = text.charCodeAt(i);
    if (octet > 255 || octets[octet] === 0) return false;
  }
  return true;
}

/** Compares `text` from `at` with a name in lower case, ignoring ASCII case. Both must have the same length. */
export function isName(text: string, at: number, lowerName: string): boolean {
  for (let i = 0; i < lowerName.length; i++) {
    if ((text.charCodeAt(at + i) | 32) !== (lowerName.charCodeAt(i) | 32)) return false;
  }
  return true;
}
