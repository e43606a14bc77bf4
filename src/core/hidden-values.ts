import type { Secret } from './secret.ts';

/** Shorter ones are found by chance in any text, and would make it unreadable. */
const shortest = 6;
/** Base64 of a part of a text is known by its inside, which is as long as this at least. */
const shortestInside = 10;

/**
 * Known secret values, put out of sight wherever a text is stored or shown: plain, line by line, as base64 (also in the
 * middle of a longer text that was encoded), URL- and JSON-escaped.
 */
export class HiddenValues {
  readonly #known = new Set<string>();
  #forms: readonly string[] = [];

  /** The same one again costs nothing. */
  add(value: Secret): void {
    const text = value.reveal();
    if (this.#known.has(text)) return;
    this.#known.add(text);
    this.#forms = [...new Set([...this.#forms, ...formsOf(text)])].toSorted((a, b) => b.length - a.length);
  }

  /** The text with `***` in the place of each. */
  readonly hide = (text: string): string =>
    this.#forms.reduce((left, form) => (left.includes(form) ? left.replaceAll(form, '***') : left), text);
}

/** All ways in which a value may stand in a text. */
export function formsOf(value: string): readonly string[] {
  const lines = value.split(/\r?\n/).map((line) => line.trim());
  const whole = [value, ...lines].flatMap((text) => [text, JSON.stringify(text).slice(1, -1), ...urlForms(text)]);
  return [...new Set([...whole.filter((form) => form.length >= shortest), ...base64Forms(value)])];
}

function urlForms(text: string): readonly string[] {
  const escaped = encodeURIComponent(text.toWellFormed());
  const asForm = new URLSearchParams({ a: text }).toString().slice(2);
  return [escaped, escaped.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()), asForm];
}

/** Where the value begins within a group of three bytes decides how it reads: what is the same in all texts, for each. */
function base64Forms(value: string): readonly string[] {
  const bytes = new TextEncoder().encode(value);
  return [0, 1, 2].flatMap((before) => {
    const padded = new Uint8Array(before + bytes.length);
    padded.set(bytes, before);
    const encoded = btoa(String.fromCharCode(...padded)).replace(/=+$/, '');
    const isWhole = padded.length % 3 === 0;
    const inside = encoded.slice(before === 0 ? 0 : before + 1, isWhole ? undefined : -1);
    if (inside.length < shortestInside) return [];
    return [inside, inside.replaceAll('+', '-').replaceAll('/', '_')];
  });
}
