/** A value as Grafana would show it in that unit, more or less. */
export function formatValue(value: number, unit: string): string {
  if (Number.isNaN(value)) return '–';
  switch (unit) {
    case 's':
      return seconds(value);
    case 'percentunit':
      return `${short(value * 100)} %`;
    case 'bytes':
    case 'Bps':
      return `${scaled(value, 1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB'])}${unit === 'Bps' ? '/s' : ''}`;
    case 'reqps':
    case 'ops':
      return `${short(value)}/s`;
    case 'currencyUSD':
      return `$${value >= 1 || value === 0 ? value.toFixed(2) : value.toPrecision(2)}`;
    case 'locale':
      return Math.round(value).toLocaleString('en');
    case 'dateTimeFromNow':
      return `${seconds(Math.max(0, Date.now() - value) / 1000)} ago`;
    default:
      return scaled(value, 1000, ['', 'K', 'M', 'G']).trim();
  }
}

function seconds(value: number): string {
  if (value === 0) return '0 s';
  if (value < 0.001) return `${short(value * 1e6)} µs`;
  if (value < 1) return `${short(value * 1000)} ms`;
  return value < 120 ? `${short(value)} s` : `${short(value / 60)} min`;
}

function scaled(value: number, base: number, units: readonly string[]): string {
  const power = value === 0 ? 0 : Math.min(units.length - 1, Math.max(0, Math.floor(Math.log(Math.abs(value)) / Math.log(base))));
  return `${short(value / base ** power)} ${units[power]}`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
