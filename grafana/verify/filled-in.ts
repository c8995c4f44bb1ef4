/** What stands for Grafana's variables when nobody has chosen anything. */
export interface Fillings {
  /** In seconds. */
  readonly rateInterval: number;
  readonly range: number;
  readonly interval: number;
}

/** An expression with Grafana's variables filled in, every label chosen. Throws an `Error` for a variable that it does not know. */
export function filledIn(expression: string, { rateInterval, range, interval }: Fillings): string {
  const known: Readonly<Record<string, string>> = {
    __rate_interval: `${rateInterval}s`,
    __range: `${range}s`,
    __interval: `${interval}s`,
    upstream: '.*',
    agent: '.*',
    model: '.*',
  };
  return expression.replaceAll(/\$(?:\{(\w+)[^}]*\}|(\w+))/g, (written, braced: string | undefined, bare: string | undefined) => {
    const value = known[braced ?? bare ?? ''];
    if (value === undefined) throw new Error(`the variable ${written} is not known: ${expression}`);
    return value;
  });
}
