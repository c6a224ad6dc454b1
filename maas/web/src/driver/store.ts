/** What lies on a shelf has the number under which it was put there; none is given twice. */
export type Numbered<T> = T & { seq: number };

/** Where things lie until the server has answered for each of them. */
export interface Shelf<T> {
  add(thing: T): Promise<Numbered<T>>;
  /** The oldest ones, in the order in which they were put there. */
  first(count?: number): Promise<Numbered<T>[]>;
  remove(seqs: number[]): Promise<void>;
}

const NAME = "driver";
const SHELVES = ["events", "points"] as const;

let database: Promise<IDBDatabase> | undefined;

/** A shelf in the tablet's database: what `add` has answered survives a reload and a flat battery. */
export class TabletShelf<T> implements Shelf<T> {
  constructor(private readonly name: (typeof SHELVES)[number]) {}

  async add(thing: T): Promise<Numbered<T>> {
    const seq = await this.run("readwrite", (shelf) => shelf.add(thing));
    return { ...thing, seq: seq as number };
  }

  async first(count?: number): Promise<Numbered<T>[]> {
    return (await this.run("readonly", (shelf) => shelf.getAll(null, count))) as Numbered<T>[];
  }

  async remove(seqs: number[]): Promise<void> {
    if (seqs.length === 0) return;
    await this.run("readwrite", (shelf) => seqs.map((seq) => shelf.delete(seq)).at(-1)!);
  }

  /** Answers once the transaction is on the disk, not only accepted. */
  private async run(
    mode: IDBTransactionMode,
    ask: (shelf: IDBObjectStore) => IDBRequest,
  ): Promise<unknown> {
    database ??= open();
    const transaction = (await database).transaction(this.name, mode, { durability: "strict" });
    const request = ask(transaction.objectStore(this.name));
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error ?? new Error("not written"));
    });
  }
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 2);
    request.onupgradeneeded = () => {
      for (const name of SHELVES) {
        if (request.result.objectStoreNames.contains(name)) continue;
        request.result.createObjectStore(name, { keyPath: "seq", autoIncrement: true });
      }
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("no database"));
  });
}
