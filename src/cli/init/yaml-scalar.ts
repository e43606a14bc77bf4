import { stringify } from 'yaml';

/** One line, with quotes where YAML needs them. */
export function scalar(text: string): string {
  return stringify(text, { lineWidth: 0, defaultStringType: 'PLAIN', blockQuote: false }).trimEnd();
}

/** The same between braces, where a comma or a brace would mean something. */
export function flowScalar(text: string): string {
  return /[,{}[\]]/.test(text) ? JSON.stringify(text) : scalar(text);
}

/** A value of config: numbers and booleans as they stand, since a service gets the text of the file. */
export function plainScalar(text: string): string {
  return /^(?:-?(?:0|[1-9]\d{0,14})(?:\.\d{1,9})?|true|false)$/.test(text) ? text : scalar(text);
}

/** For comments: what ends a line, or could, stands for a space. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\s\p{C}]+/gu, ' ').slice(0, 120);
}
