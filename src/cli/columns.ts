/** Each column of records that are objects, in the order of its first appearance, with the kinds of its values. */
export function columnsOf(records: readonly unknown[]): ReadonlyMap<string, readonly string[]> {
  const columns = new Map<string, Set<string>>();
  for (const record of records) {
    if (kindOf(record) !== 'object') continue;
    for (const [name, value] of Object.entries(record as object)) {
      const kinds = columns.get(name) ?? new Set();
      columns.set(name, kinds.add(kindOf(value)));
    }
  }
  return new Map([...columns].map(([name, kinds]) => [name, [...kinds]]));
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
