/** How the other side left: `fin` by a clean end of its stream, `reset` by RST or an error of the socket. */
export type ConnectionEnd = 'fin' | 'reset';

/**
 * The bytes of one direction of a connection, as latin1 text (a char is a byte), to be read in order by one reader.
 * Everything that arrived is kept in `text`, read or not.
 */
export class ByteReader {
  text = '';
  /** Set once nothing more can arrive. */
  end: ConnectionEnd | undefined;
  #at = 0;
  #wake: (() => void)[] = [];

  push(bytes: Buffer): void {
    this.text += bytes.toString('latin1');
    this.#wakeUp();
  }

  finish(how: ConnectionEnd): void {
    if (this.end !== undefined) return;
    this.end = how;
    this.#wakeUp();
  }

  /** What has arrived and was not read. */
  get unread(): string {
    return this.text.slice(this.#at);
  }

  /** The next bytes up to and with `mark`; undefined, with nothing read, if the connection ends before it. */
  async through(mark: string): Promise<string | undefined> {
    let from = this.#at;
    for (;;) {
      const at = this.text.indexOf(mark, from);
      if (at >= 0) return this.#take(at + mark.length - this.#at);
      if (this.end !== undefined) return undefined;
      from = Math.max(this.#at, this.text.length - mark.length + 1);
      await this.more();
    }
  }

  /** Exactly `count` bytes; fewer only if the connection ends before. */
  async exactly(count: number): Promise<string> {
    while (this.text.length - this.#at < count && this.end === undefined) await this.more();
    return this.#take(Math.min(count, this.text.length - this.#at));
  }

  /** Everything until the connection ends. */
  async rest(): Promise<string> {
    while (this.end === undefined) await this.more();
    return this.#take(this.text.length - this.#at);
  }

  /** Waits until at least one byte is unread; false if the connection ended without one. */
  async any(): Promise<boolean> {
    while (this.text.length === this.#at && this.end === undefined) await this.more();
    return this.text.length > this.#at;
  }

  /** Waits until all that ever arrived contains `mark`; false if the connection ends without it. */
  async seen(mark: string): Promise<boolean> {
    while (!this.text.includes(mark)) {
      if (this.end !== undefined) return false;
      await this.more();
    }
    return true;
  }

  /** Resolves at the next arrival or the end. */
  more(): Promise<void> {
    return this.end !== undefined ? Promise.resolve() : new Promise((resolve) => this.#wake.push(resolve));
  }

  #take(count: number): string {
    this.#at += count;
    return this.text.slice(this.#at - count, this.#at);
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = [];
    for (const resolve of wake) resolve();
  }
}
