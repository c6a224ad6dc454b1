import { newKey } from "$shared/api";

/** Keys of commands: the same command sent again keeps its key, another one gets another. */
export class Keys {
  private last = "";
  private key = "";

  of(command: unknown): string {
    const text = JSON.stringify(command);
    if (text !== this.last) {
      this.last = text;
      this.key = newKey();
    }
    return this.key;
  }

  /** After the command was done: the same words again would be a new command. */
  done(): void {
    this.last = "";
  }
}
