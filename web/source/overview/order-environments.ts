/** From the first environment that a release passes to the last; those of one depth keep their order. */
export function orderEnvironments<Each extends { readonly environment: string; readonly after: string | null }>(
  environments: readonly Each[],
): readonly Each[] {
  const depthOf = (one: Each, seen: readonly string[]): number => {
    const before = environments.find((other) => other.environment === one.after);
    if (before === undefined || seen.includes(before.environment)) return 0;
    return 1 + depthOf(before, [...seen, before.environment]);
  };
  return environments
    .map((one, index) => ({ one, index, depth: depthOf(one, [one.environment]) }))
    .sort((left, right) => left.depth - right.depth || left.index - right.index)
    .map(({ one }) => one);
}
