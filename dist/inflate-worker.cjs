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

// src/bytes/errors.ts
var import_node_util = require("node:util");

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
var DiskError = class _DiskError extends Error {
  static {
    __name(this, "DiskError");
  }
  name = "DiskError";
  kind;
  constructor(place, what, kind = "damaged") {
    super(oneLine(`${place}: ${what}`));
    this.kind = kind;
  }
  /** Rebuilds an error from another thread. */
  static restored(message2, kind) {
    return Object.assign(new _DiskError("", "", kind), { message: message2 });
  }
};
function systemMessage(error) {
  const { errno, message: message2 } = error;
  return errno === void 0 ? message2 : (0, import_node_util.getSystemErrorMessage)(errno);
}
__name(systemMessage, "systemMessage");

// src/bytes/growth.ts
var word = { signal: 0, heartbeat: 1, failure: 2, stop: 3, ended: 4 };
var message = { offset: 32, length: 2016 };
var table = { offset: 2048, entry: 16 };
var defaultPatience = 120;
var FileGrowth = class {
  static {
    __name(this, "FileGrowth");
  }
  shared;
  #words;
  #patience;
  /** @param files how many files there are, or the `shared` memory of another thread's FileGrowth */
  constructor(files, patience = defaultPatience) {
    this.shared = typeof files === "number" ? new SharedArrayBuffer(table.offset + files * table.entry) : files;
    this.#words = new Int32Array(this.shared);
    this.#patience = patience;
  }
  // The writer's side
  /** Reports that `bytes` more of file `index` can be read. */
  advance(index, bytes) {
    Atomics.add(...this.#length(index), BigInt(bytes));
    this.#wake();
  }
  /** Reports that file `index` won't grow any more. */
  complete(index) {
    Atomics.store(...this.#completion(index), 1);
    this.#wake();
  }
  /** Reports that the rest won't arrive. Only the first failure is kept. */
  fail(place, what, kind = "input-output") {
    if (Atomics.compareExchange(this.#words, word.failure, 0, 1) !== 0) return;
    const text = `${kind}
${place.slice(0, 500)}
${what}`;
    const length = Buffer.from(this.shared, message.offset, message.length).write(text);
    Atomics.store(this.#words, word.failure, 1 + length);
    this.#wake();
  }
  /** Shows a sign of life while nothing else advances. */
  beat() {
    Atomics.add(this.#words, word.heartbeat, 1);
  }
  /** Reports that the writer no longer uses any of its files. */
  end() {
    Atomics.store(this.#words, word.ended, 1);
    this.#wake();
  }
  /** Whether the reader has asked the writer to stop. */
  get stopRequested() {
    return Atomics.load(this.#words, word.stop) !== 0;
  }
  // The reader's side
  /** How many bytes of file `index` have arrived. */
  available(index) {
    return Number(Atomics.load(...this.#length(index)));
  }
  /**
   * Waits until `end` bytes of file `index` have arrived, or it is complete, and returns how many there are.
   * @throws DiskError if the writer fails before that
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
  /** Asks the writer to stop, and waits until it has, because only then may its files be closed. Returns whether it has stopped. */
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
      const [kind, place, ...what] = Buffer.from(this.shared, message.offset, failure - 1).toString().split("\n");
      throw new DiskError(place, what.join("\n"), kind);
    }
    throw new DiskError(
      "background thread",
      `it has shown no sign of life for ${this.#patience} seconds; its storage hangs, or the thread has died`,
      "input-output"
    );
  }
  /** Waits until `look` returns something. Gives up when `isOver` returns true, or when the writer has been silent for too long. */
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
var wayOut = "the ISO is damaged or incomplete; download it again";
var { shared, chunks, dir, limit, concurrency } = import_node_worker_threads.workerData;
var growth = new FileGrowth(shared);
var stopping = new AbortController();
var inflated = 0;
process.on("uncaughtException", (error) => stopFor("inflating the chunks", { why: error.message, kind: "input-output" }));
process.on("exit", () => {
  growth.fail("inflating the chunks", "the thread stopped early");
  growth.end();
});
var heartbeat = setInterval(() => {
  growth.beat();
  if (growth.stopRequested) stopping.abort();
}, 250);
inflateAll().finally(() => {
  clearInterval(heartbeat);
  growth.end();
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
        throw new Refusal(`the chunks inflate to more than ${limit} bytes, which is more than the disk can hold; ${wayOut}`);
      append(piece);
      growth.advance(index, piece.length);
    }
  }, "store");
  await (0, import_promises.pipeline)(compressedPieces(chunk, 0), gunzip, store, { signal: stopping.signal });
  checkRest(chunk, gunzip.bytesWritten);
  growth.complete(index);
}
__name(inflate, "inflate");
function* compressedPieces({ runs }, from) {
  let start = 0;
  for (const run of runs) {
    for (let at = Math.max(from - start, 0); at < run.length; ) {
      checkStop();
      const piece = Buffer.allocUnsafeSlow(Math.min(pieceSize, run.length - at));
      const got = readAt(run, piece, at);
      if (got === 0) throw new Refusal(`the file that contains it ends ${run.length - at} bytes too early; ${wayOut}`);
      yield piece.subarray(0, got);
      at += got;
    }
    start += run.length;
  }
}
__name(compressedPieces, "compressedPieces");
function readAt(run, into, at) {
  try {
    return (0, import_node_fs2.readSync)(run.fd, into, 0, into.length, run.offset + at);
  } catch (error) {
    throw new Refusal(`the file that holds it can't be read at byte ${run.offset + at}: ${systemMessage(error)}`, "input-output");
  }
}
__name(readAt, "readAt");
function checkRest(chunk, from) {
  for (const piece of compressedPieces(chunk, from)) {
    if (piece.some((byte) => byte !== 0)) throw new Refusal(`something other than zeros follows the gzip data; ${wayOut}`);
  }
}
__name(checkRest, "checkRest");
function checkStop() {
  if (growth.stopRequested) stopping.abort();
  stopping.signal.throwIfAborted();
}
__name(checkStop, "checkStop");
function stopFor(place, { why, kind }) {
  growth.fail(place, why, kind);
  stopping.abort();
}
__name(stopFor, "stopFor");
var Refusal = class extends Error {
  static {
    __name(this, "Refusal");
  }
  kind;
  constructor(message2, kind = "damaged") {
    super(message2);
    this.kind = kind;
  }
};
function failureOf(error) {
  if (error instanceof Refusal) return { why: error.message, kind: error.kind };
  if (error.code === "ENOSPC" || error.code === "EDQUOT") {
    const why = `there is no space left in ${dir} after ${inflated} bytes; up to ${limit} bytes are needed there; free some space or choose another directory`;
    return { why, kind: "input-output" };
  }
  if (error.code === "Z_BUF_ERROR") return { why: `its gzip data ends too early; ${wayOut}`, kind: "damaged" };
  if (error.code?.startsWith("Z_")) return { why: `its gzip data is damaged (${error.message}); ${wayOut}`, kind: "damaged" };
  return { why: `it can't be inflated into ${dir}: ${error.message}`, kind: "input-output" };
}
__name(failureOf, "failureOf");
