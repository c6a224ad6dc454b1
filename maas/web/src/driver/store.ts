import type { Fresh, Kept } from "./events";

/** Where events lie until the server has answered for each of them. */
export interface Store {
  add(event: Fresh): Promise<Kept>;
  all(): Promise<Kept[]>;
  remove(seqs: number[]): Promise<void>;
}

const NAME = "driver";
const EVENTS = "events";

/** The tablet's own database: what `add` has answered survives a reload and a flat battery. */
export class TabletStore implements Store {
  private database: Promise<IDBDatabase> | undefined;

  async add(event: Fresh): Promise<Kept> {
    const seq = await this.run("readwrite", (events) => events.add(event));
    return { ...event, seq: seq as number };
  }

  async all(): Promise<Kept[]> {
    return (await this.run("readonly", (events) => events.getAll())) as Kept[];
  }

  async remove(seqs: number[]): Promise<void> {
    await this.run("readwrite", (events) => seqs.map((seq) => events.delete(seq)).at(-1)!);
  }

  /** Answers once the transaction is on the disk, not only accepted. */
  private async run(
    mode: IDBTransactionMode,
    ask: (events: IDBObjectStore) => IDBRequest,
  ): Promise<unknown> {
    this.database ??= open();
    const transaction = (await this.database).transaction(EVENTS, mode, { durability: "strict" });
    const request = ask(transaction.objectStore(EVENTS));
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error ?? new Error("not written"));
    });
  }
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () =>
      request.result.createObjectStore(EVENTS, { keyPath: "seq", autoIncrement: true });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("no database"));
  });
}
