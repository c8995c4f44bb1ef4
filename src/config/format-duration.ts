const units = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const;

/** Milliseconds as the configuration writes them: `500ms`, `2m`, `1m30s`, `1.5s`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 1000) return `${durationMs}ms`;
  let rest = durationMs;
  let text = '';
  for (const [unit, lengthMs] of units) {
    const count = unit === 's' ? rest / lengthMs : Math.floor(rest / lengthMs);
    if (count > 0) text += `${unit === 's' ? Number(count.toFixed(3)) : count}${unit}`;
    rest -= count * lengthMs;
  }
  return text;
}
