/** One number with its labels: a counter or a gauge, a plain field to add to. */
export class Series {
  readonly attributes: Readonly<Record<string, string>>;
  value = 0;

  constructor(attributes: Readonly<Record<string, string>>) {
    this.attributes = attributes;
  }
}
