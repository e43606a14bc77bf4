/**
 * A `ref` that hands numbers to the style sheet. They go through the object model: a style attribute would be refused
 * by the content security policy.
 */
export function cssVariables(values: Readonly<Record<`--${string}`, number>>) {
  return (element: HTMLElement | null): void => {
    if (element === null) return;
    for (const [name, value] of Object.entries(values)) element.style.setProperty(name, `${value}`);
  };
}
