const importMetaUrl = require('node:url').pathToFileURL(__filename).href;
"use strict";
var __defProp = Object.defineProperty;
var __getOwnPropDesc = Object.getOwnPropertyDescriptor;
var __getOwnPropNames = Object.getOwnPropertyNames;
var __hasOwnProp = Object.prototype.hasOwnProperty;
var __name = (target, value) => __defProp(target, "name", { value, configurable: true });
var __copyProps = (to, from, except, desc) => {
  if (from && typeof from === "object" || typeof from === "function") {
    for (let key of __getOwnPropNames(from))
      if (!__hasOwnProp.call(to, key) && key !== except)
        __defProp(to, key, { get: () => from[key], enumerable: !(desc = __getOwnPropDesc(from, key)) || desc.enumerable });
  }
  return to;
};
var __toCommonJS = (mod) => __copyProps(__defProp({}, "__esModule", { value: true }), mod);

// src/disk/spool/inflate-worker.ts
var inflate_worker_exports = {};
module.exports = __toCommonJS(inflate_worker_exports);
var import_node_fs2 = require("node:fs");
var import_promises = require("node:stream/promises");
var import_node_worker_threads = require("node:worker_threads");
var import_node_zlib = require("node:zlib");

// src/bytes/text.ts
var strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
function oneLine(text) {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/gu, escaped).replace(/(?<=^\s*):(?=:)/, escaped).replace(/#(?=#\[)/g, escaped);
}
__name(oneLine, "oneLine");
function escaped(character) {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
__name(escaped, "escaped");

// src/bytes/errors.ts
var DiskError = class extends Error {
  static {
    __name(this, "DiskError");
  }
  name = "DiskError";
  constructor(place, what) {
    super(oneLine(`${place}: ${what}`));
  }
};

// src/bytes/growth.ts
var word = { signal: 0, heartbeat: 1, failure: 2, stop: 3, ended: 4 };
var message = { offset: 32, length: 2016 };
var table = { offset: 2048, entry: 16 };
var defaultPatience = 120;
var Progress = class {
  static {
    __name(this, "Progress");
  }
  shared;
  #words;
  #patience;
  /** @param files how many there are, or the memory that another thread's Progress made for them */
  constructor(files, patience = defaultPatience) {
    this.shared = typeof files === "number" ? new SharedArrayBuffer(table.offset + files * table.entry) : files;
    this.#words = new Int32Array(this.shared);
    this.#patience = patience;
  }
  // The writer's side
  /** `bytes` more of file `index` can be read from now on. */
  advance(index, bytes) {
    Atomics.add(...this.#length(index), BigInt(bytes));
    this.#wake();
  }
  /** File `index` is as long as it is going to be. */
  complete(index) {
    Atomics.store(...this.#completion(index), 1);
    this.#wake();
  }
  /** The rest won't come; the first failure is the one that is remembered. */
  fail(place, what) {
    if (Atomics.compareExchange(this.#words, word.failure, 0, 1) !== 0) return;
    const text = `${place.slice(0, 500)}
${what}`;
    const length = Buffer.from(this.shared, message.offset, message.length).write(text);
    Atomics.store(this.#words, word.failure, 1 + length);
    this.#wake();
  }
  /** A sign of life, for stretches in which nothing advances. */
  beat() {
    Atomics.add(this.#words, word.heartbeat, 1);
  }
  /** The writer touches none of its files any more. */
  end() {
    Atomics.store(this.#words, word.ended, 1);
    this.#wake();
  }
  /** Whether the reader has lost interest, so that the writer should end. */
  get stopRequested() {
    return Atomics.load(this.#words, word.stop) !== 0;
  }
  // The reader's side
  /** How many bytes of file `index` are there. */
  available(index) {
    return Number(Atomics.load(...this.#length(index)));
  }
  /**
   * Waits until `end` bytes of file `index` are there, or it is complete, and gives how many there are.
   * @throws DiskError if the writer failed before that
   */
  waitFor(index, end) {
    return this.#wait(() => {
      const complete = this.isComplete(index);
      const bytes = this.available(index);
      return complete || bytes >= end ? bytes : void 0;
    });
  }
  isComplete(index) {
    return Atomics.load(...this.#completion(index)) !== 0;
  }
  /** Asks the writer to end, and waits until it has: only then may its files be closed. Gives whether it has. */
  stop() {
    Atomics.store(this.#words, word.stop, 1);
    const ended = /* @__PURE__ */ __name(() => Atomics.load(this.#words, word.ended) !== 0 || void 0, "ended");
    try {
      return this.#wait(ended);
    } catch {
      return this.#waitInSilence(ended) ?? false;
    }
  }
  #wait(look) {
    const found = this.#waitInSilence(look, () => Atomics.load(this.#words, word.failure) > 1);
    if (found !== void 0) return found;
    const failure = Atomics.load(this.#words, word.failure);
    if (failure > 1) {
      const [place, ...what] = Buffer.from(this.shared, message.offset, failure - 1).toString().split("\n");
      throw new DiskError(place, what.join("\n"));
    }
    throw new DiskError(
      "background thread",
      `it has given no sign of life for ${this.#patience} seconds; the storage that it reads or writes hangs, or it has died`
    );
  }
  /** Waits until `look` finds something; gives up if `isOver`, or when the writer has been silent for too long. */
  #waitInSilence(look, isOver = () => false) {
    let heartbeat2 = Atomics.load(this.#words, word.heartbeat);
    for (let silent = 0; silent < this.#patience; ) {
      const signal = Atomics.load(this.#words, word.signal);
      const over = isOver();
      const found = look();
      if (found !== void 0 || over) return found;
      const outcome = Atomics.wait(this.#words, word.signal, signal, 1e3);
      const now = Atomics.load(this.#words, word.heartbeat);
      silent = outcome === "timed-out" && now === heartbeat2 ? silent + 1 : 0;
      heartbeat2 = now;
    }
    return void 0;
  }
  #wake() {
    Atomics.add(this.#words, word.signal, 1);
    Atomics.notify(this.#words, word.signal);
  }
  #length(index) {
    return [new BigInt64Array(this.shared, table.offset + index * table.entry, 1), 0];
  }
  #completion(index) {
    return [this.#words, (table.offset + index * table.entry + 8) / 4];
  }
};

// src/bytes/sparse-file.ts
var import_node_fs = require("node:fs");
var holeSize = 64 << 10;
var zeros = Buffer.alloc(holeSize);
function sparseAppender(fd) {
  let length = 0;
  return (piece) => {
    let start = 0;
    for (let at = 0; at + holeSize <= piece.length; at += holeSize) {
      if (!piece.subarray(at, at + holeSize).equals(zeros)) continue;
      writeFully(fd, piece.subarray(start, at), length + start);
      start = at + holeSize;
    }
    writeFully(fd, piece.subarray(start), length + start);
    length += piece.length;
    if (start === piece.length) (0, import_node_fs.ftruncateSync)(fd, length);
  };
}
__name(sparseAppender, "sparseAppender");
function writeFully(fd, bytes, offset) {
  for (let done = 0; done < bytes.length; ) done += (0, import_node_fs.writeSync)(fd, bytes, done, bytes.length - done, offset + done);
}
__name(writeFully, "writeFully");

// src/disk/spool/inflate-worker.ts
var pieceSize = 256 << 10;
var wayOut = "the ISO is damaged or its download incomplete, so fetch it again";
var { shared, chunks, dir, limit, concurrency } = import_node_worker_threads.workerData;
var progress = new Progress(shared);
var stopping = new AbortController();
var inflated = 0;
process.on("uncaughtException", (error) => stopFor("inflating the chunks", error.message));
process.on("exit", () => {
  progress.fail("inflating the chunks", "the thread stopped early");
  progress.end();
});
var heartbeat = setInterval(() => {
  progress.beat();
  if (progress.stopRequested) stopping.abort();
}, 250);
inflateAll().finally(() => {
  clearInterval(heartbeat);
  progress.end();
});
async function inflateAll() {
  const pending = chunks.entries();
  const inflateInTurn = /* @__PURE__ */ __name(async () => {
    for (const [index, chunk] of pending) {
      if (stopping.signal.aborted) return;
      await inflate(chunk, index).catch((error) => stopFor(chunk.name, failureOf(error)));
    }
  }, "inflateInTurn");
  await Promise.all(Array.from({ length: concurrency }, inflateInTurn));
}
__name(inflateAll, "inflateAll");
async function inflate(chunk, index) {
  const gunzip = (0, import_node_zlib.createGunzip)({ chunkSize: pieceSize });
  const append = sparseAppender(chunk.fd);
  const store = /* @__PURE__ */ __name(async (output) => {
    for await (const piece of output) {
      checkStop();
      inflated += piece.length;
      if (inflated > limit)
        throw new Refusal(`the chunks inflate to more than ${limit} bytes, which is more than the disk can have; ${wayOut}`);
      append(piece);
      progress.advance(index, piece.length);
    }
  }, "store");
  await (0, import_promises.pipeline)(compressedPieces(chunk, 0), gunzip, store, { signal: stopping.signal });
  checkRest(chunk, gunzip.bytesWritten);
  progress.complete(index);
}
__name(inflate, "inflate");
function* compressedPieces({ runs }, from) {
  let start = 0;
  for (const run of runs) {
    for (let at = Math.max(from - start, 0); at < run.length; ) {
      checkStop();
      const piece = Buffer.allocUnsafeSlow(Math.min(pieceSize, run.length - at));
      const got = (0, import_node_fs2.readSync)(run.fd, piece, 0, piece.length, run.offset + at);
      if (got === 0) throw new Refusal(`the file that holds it ends ${run.length - at} bytes early; ${wayOut}`);
      yield piece.subarray(0, got);
      at += got;
    }
    start += run.length;
  }
}
__name(compressedPieces, "compressedPieces");
function checkRest(chunk, from) {
  for (const piece of compressedPieces(chunk, from)) {
    if (piece.some((byte) => byte !== 0)) throw new Refusal(`something other than zeros follows the gzip data; ${wayOut}`);
  }
}
__name(checkRest, "checkRest");
function checkStop() {
  if (progress.stopRequested) stopping.abort();
  stopping.signal.throwIfAborted();
}
__name(checkStop, "checkStop");
function stopFor(place, why) {
  progress.fail(place, why);
  stopping.abort();
}
__name(stopFor, "stopFor");
var Refusal = class extends Error {
  static {
    __name(this, "Refusal");
  }
};
function failureOf(error) {
  if (error instanceof Refusal) return error.message;
  if (error.code === "ENOSPC" || error.code === "EDQUOT") {
    return `there is no space left in ${dir} after ${inflated} bytes; up to ${limit} bytes are needed there, so free some or choose another directory`;
  }
  if (error.code === "Z_BUF_ERROR") return `its gzip data ends too early; ${wayOut}`;
  if (error.code?.startsWith("Z_")) return `its gzip data isn't sound (${error.message}); ${wayOut}`;
  return `it can't be inflated into ${dir}: ${error.message}`;
}
__name(failureOf, "failureOf");
