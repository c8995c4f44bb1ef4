/** One number with its labels: a counter or a gauge, a plain field to add to. */
export class Series<Value extends string | number = string> {
  readonly attributes: Readonly<Record<string, Value>>;
  value = 0;

  constructor(attributes: Readonly<Record<string, Value>>) {
    this.attributes = attributes;
  }
}
