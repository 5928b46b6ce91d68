const importMetaUrl = require('node:url').pathToFileURL(__filename).href;
"use strict";
var __defProp = Object.defineProperty;
var __getOwnPropDesc = Object.getOwnPropertyDescriptor;
var __getOwnPropNames = Object.getOwnPropertyNames;
var __hasOwnProp = Object.prototype.hasOwnProperty;
var __knownSymbol = (name, symbol) => (symbol = Symbol[name]) ? symbol : /* @__PURE__ */ Symbol.for("Symbol." + name);
var __typeError = (msg) => {
  throw TypeError(msg);
};
var __copyProps = (to, from, except, desc) => {
  if (from && typeof from === "object" || typeof from === "function") {
    for (let key of __getOwnPropNames(from))
      if (!__hasOwnProp.call(to, key) && key !== except)
        __defProp(to, key, { get: () => from[key], enumerable: !(desc = __getOwnPropDesc(from, key)) || desc.enumerable });
  }
  return to;
};
var __toCommonJS = (mod) => __copyProps(__defProp({}, "__esModule", { value: true }), mod);
var __using = (stack, value, async) => {
  if (value != null) {
    if (typeof value !== "object" && typeof value !== "function") __typeError("Object expected");
    var dispose, inner;
    if (async) dispose = value[__knownSymbol("asyncDispose")];
    if (dispose === void 0) {
      dispose = value[__knownSymbol("dispose")];
      if (async) inner = dispose;
    }
    if (typeof dispose !== "function") __typeError("Object not disposable");
    if (inner) dispose = function() {
      try {
        inner.call(this);
      } catch (e) {
        return Promise.reject(e);
      }
    };
    stack.push([async, dispose, value]);
  } else if (async) {
    stack.push([async]);
  }
  return value;
};
var __callDispose = (stack, error, hasError) => {
  var E = typeof SuppressedError === "function" ? SuppressedError : function(e, s, m, _) {
    return _ = Error(m), _.name = "SuppressedError", _.error = e, _.suppressed = s, _;
  };
  var fail = (e) => error = hasError ? new E(e, error, "An error was suppressed during disposal") : (hasError = true, e);
  var next = (it) => {
    while (it = stack.pop()) {
      try {
        var result = it[1] && it[1].call(it[2]);
        if (it[0]) return Promise.resolve(result).then(next, (e) => (fail(e), next()));
      } catch (e) {
        fail(e);
      }
    }
    if (hasError) throw error;
  };
  return next();
};

// src/disk/spool/inflate-worker.ts
var inflate_worker_exports = {};
module.exports = __toCommonJS(inflate_worker_exports);
var import_node_fs3 = require("node:fs");
var import_node_worker_threads = require("node:worker_threads");
var import_node_zlib3 = require("node:zlib");

// src/bytes/closed-file.ts
var import_node_fs = require("node:fs");
function openClosed({ path, size, modified }) {
  const fd = (0, import_node_fs.openSync)(Buffer.from(path), import_node_fs.constants.O_RDONLY | import_node_fs.constants.O_NOFOLLOW | import_node_fs.constants.O_NONBLOCK);
  const now = (0, import_node_fs.fstatSync)(fd, { bigint: true });
  if (now.isFile() && Number(now.size) === size && now.mtimeNs === modified) return fd;
  (0, import_node_fs.closeSync)(fd);
  throw new Error("another process changed it while it was read");
}

// src/bytes/errors.ts
var import_node_util = require("node:util");

// src/bytes/text.ts
var strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
var control = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/gu;
function oneLine(text) {
  return text.replace(control, escaped).replace(/(?<=^\s*):(?=:)/, escaped).replace(/#(?=#\[)/g, escaped);
}
function escaped(character) {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

// src/bytes/errors.ts
var UserError = class extends Error {
  name = "UserError";
  kind;
  constructor(message2, kind) {
    super(message2);
    this.kind = kind;
  }
};
var DiskError = class _DiskError extends UserError {
  name = "DiskError";
  constructor(place, what, kind = "damaged") {
    super(oneLine(`${place}: ${what}`), kind);
  }
  /** Rebuilds an error from another thread. */
  static restored(message2, kind) {
    return Object.assign(new _DiskError("", "", kind), { message: message2 });
  }
};
function fileProblem(error) {
  const { code } = error;
  const known = {
    ENOENT: "there is no such file",
    EACCES: "this user has no permission to read it; change its mode or its owner"
  };
  return known[code ?? ""] ?? `it can't be read: ${systemMessage(error)}`;
}
var kindOfCode = {
  ENOSPC: "no-room",
  EDQUOT: "no-room",
  EFBIG: "no-room",
  EACCES: "permission",
  EPERM: "permission",
  EROFS: "permission"
};
function kindOfSystemError(error) {
  return kindOfCode[error.code ?? ""] ?? "input-output";
}
function systemMessage(error) {
  const { errno, message: message2 } = error;
  return errno === void 0 ? message2 : (0, import_node_util.getSystemErrorMessage)(errno);
}

// src/bytes/free.ts
function free(buffer) {
  if (buffer instanceof ArrayBuffer && buffer.byteLength > Buffer.poolSize) buffer.transfer(0);
}

// src/bytes/growth.ts
var word = { signal: 0, heartbeat: 1, failure: 2, stop: 3, ended: 4 };
var message = { offset: 32, length: 2016 };
var table = { offset: 2048, entry: 24 };
var defaultPatience = 120;
var turnLength = 1e3;
var FileGrowth = class {
  shared;
  #words;
  #patience;
  /** @param files how many files there are, or the `shared` memory of another thread's FileGrowth */
  constructor(files2, patience = defaultPatience) {
    this.shared = typeof files2 === "number" ? new SharedArrayBuffer(table.offset + files2 * table.entry) : files2;
    this.#words = new Int32Array(this.shared);
    this.#patience = patience;
  }
  // The writer's side
  /** Reports where file `index` begins, before any of its bytes. Unnecessary if the reader knows that. */
  begin(index, { fd, offset }) {
    Atomics.store(...this.#descriptor(index), fd);
    Atomics.store(...this.#offset(index), BigInt(offset));
  }
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
  /** Where file `index` begins. Only for a file that `begin` was called for and that has some bytes or is complete. */
  placeOf(index) {
    return { fd: Atomics.load(...this.#descriptor(index)), offset: Number(Atomics.load(...this.#offset(index))) };
  }
  /**
   * Waits until `end` bytes of file `index` have arrived, or it is complete, and returns how many there are.
   * @throws DiskError if the writer fails before that
   */
  waitFor(index, end) {
    return this.#waitInSilence(() => this.#arrived(index, end), this.#hasFailed) ?? this.#throwFailure();
  }
  /**
   * As `waitFor`, but the thread can do something else meanwhile.
   * @throws also the reason of `signal`, up to a second later
   */
  async arrivalOf(index, end, signal) {
    const waiting = this.#waiting(() => {
      signal.throwIfAborted();
      return this.#arrived(index, end);
    }, this.#hasFailed);
    for (let turn = waiting.next(); ; ) {
      if (turn.done) return turn.value ?? this.#throwFailure();
      turn = waiting.next(await Atomics.waitAsync(this.#words, word.signal, turn.value, turnLength).value);
    }
  }
  isComplete(index) {
    return Atomics.load(...this.#completion(index)) !== 0;
  }
  /** Asks the writer to stop, and waits until it has, because only then may its files be closed. Returns whether it has stopped. */
  stop() {
    Atomics.store(this.#words, word.stop, 1);
    const ended = () => Atomics.load(this.#words, word.ended) !== 0 || void 0;
    return this.#waitInSilence(ended, this.#hasFailed) ?? this.#waitInSilence(ended) ?? false;
  }
  /** How many bytes of file `index` there are, if there are `end`, or won't be more. */
  #arrived(index, end) {
    const complete = this.isComplete(index);
    const bytes = this.available(index);
    return complete || bytes >= end ? bytes : void 0;
  }
  #hasFailed = () => Atomics.load(this.#words, word.failure) > 1;
  #throwFailure() {
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
  /** Blocks until `look` returns something. Gives up when `isOver` returns true, or when the writer has been silent for too long. */
  #waitInSilence(look, isOver = () => false) {
    const waiting = this.#waiting(look, isOver);
    for (let turn = waiting.next(); ; ) {
      if (turn.done) return turn.value;
      turn = waiting.next(Atomics.wait(this.#words, word.signal, turn.value, turnLength));
    }
  }
  /** The turns of a wait. Each yields the value of the signal that it saw, and gets the result of waiting for another. */
  *#waiting(look, isOver) {
    let heartbeat2 = Atomics.load(this.#words, word.heartbeat);
    for (let silent = 0; silent < this.#patience; ) {
      const signal = Atomics.load(this.#words, word.signal);
      const over = isOver();
      const found = look();
      if (found !== void 0 || over) return found;
      const outcome = yield signal;
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
  #descriptor(index) {
    return [this.#words, (table.offset + index * table.entry + 12) / 4];
  }
  #offset(index) {
    return [new BigInt64Array(this.shared, table.offset + index * table.entry + 16, 1), 0];
  }
};

// src/bytes/sparse-file.ts
var import_node_fs2 = require("node:fs");
var holeSize = 64 << 10;
var zeros = Buffer.alloc(holeSize);
function sparseAppender(fd, length = 0) {
  return (piece) => {
    let start = 0;
    for (let at = 0; at + holeSize <= piece.length; at += holeSize) {
      if (!piece.subarray(at, at + holeSize).equals(zeros)) continue;
      writeFully(fd, piece.subarray(start, at), length + start);
      start = at + holeSize;
    }
    writeFully(fd, piece.subarray(start), length + start);
    length += piece.length;
    if (start === piece.length) (0, import_node_fs2.ftruncateSync)(fd, length);
  };
}
function writeFully(fd, bytes, offset) {
  for (let done = 0; done < bytes.length; ) done += (0, import_node_fs2.writeSync)(fd, bytes, done, bytes.length - done, offset + done);
}

// src/disk/spool/decode.ts
var import_node_stream2 = require("node:stream");
var import_node_zlib2 = require("node:zlib");

// src/disk/spool/zstd.ts
var import_node_stream = require("node:stream");
var import_node_zlib = require("node:zlib");
var ZstdError = class extends Error {
  code;
  constructor(code) {
    super(code);
    this.code = code;
  }
};
async function* decodeZstd(stored, chunkSize) {
  const input = new Input(stored);
  while (await input.fill(1)) {
    const frame = await framePieces(input);
    if (frame === void 0) return;
    const decoder = (0, import_node_zlib.createZstdDecompress)({ chunkSize });
    (0, import_node_stream.pipeline)(import_node_stream.Readable.from(frame, { highWaterMark: 1 }), decoder, () => {
    });
    for await (const piece of decoder) yield piece;
  }
}
var Input = class {
  #pieces;
  #rest = Buffer.alloc(0);
  constructor(pieces) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }
  /** Makes at least `length` bytes ready for `peek`; returns whether there are that many. */
  async fill(length) {
    while (this.#rest.length < length) {
      const { value, done } = await this.#pieces.next();
      if (done) return false;
      this.#rest = this.#rest.length === 0 ? value : Buffer.concat([this.#rest, value]);
    }
    return true;
  }
  /** @throws ZstdError if there are fewer than `length` bytes */
  async peek(length) {
    if (!await this.fill(length)) throw new ZstdError("ZSTD_cut_short");
    return this.#rest.subarray(0, length);
  }
  /** @throws ZstdError if there are fewer than `length` bytes */
  async take(length) {
    const taken = await this.peek(length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }
  /** Between 1 and `limit` bytes. */
  async takeSome(limit2) {
    await this.peek(1);
    return this.take(Math.min(limit2, this.#rest.length));
  }
};
var magic = 4247762216;
var zeros2 = Buffer.alloc(4);
async function framePieces(input) {
  while (await input.fill(1)) {
    if (!await input.fill(4)) {
      while (await input.fill(1)) if ((await input.take(1))[0] !== 0) throw new ZstdError("ZSTD_no_frame");
      return void 0;
    }
    const start = (await input.peek(4)).readUInt32LE();
    if (start === magic) return standardFrame(input);
    if (start >>> 4 === 25481893) {
      let left = (await input.take(8)).readUInt32LE(4);
      while (left > 0) left -= (await input.takeSome(left)).length;
    } else if ((await input.take(4)).equals(zeros2)) continue;
    else throw new ZstdError("ZSTD_no_frame");
  }
  return void 0;
}
async function* standardFrame(input) {
  const descriptor = (await input.peek(5))[4];
  const isSingleSegment = (descriptor & 32) !== 0;
  const contentSizeField = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6];
  const dictionaryField = [0, 1, 2, 4][descriptor & 3];
  yield await input.take(5 + (isSingleSegment ? 0 : 1) + dictionaryField + contentSizeField);
  for (let isLast = false; !isLast; ) {
    const bytes = await input.take(3);
    const header = bytes.readUIntLE(0, 3);
    isLast = (header & 1) === 1;
    yield bytes;
    for (let left = (header >> 1 & 3) === 1 ? 1 : header >> 3; left > 0; ) {
      const some = await input.takeSome(left);
      yield some;
      left -= some.length;
    }
  }
  if ((descriptor & 4) !== 0) yield await input.take(4);
}

// src/disk/spool/decode.ts
var pieceSize = 1 << 20;
function decode(compression, stored) {
  if (compression === "none" || compression === "zstd") {
    let bytes = 0;
    const counted = (async function* () {
      for await (const piece of stored) {
        bytes += piece.length;
        yield piece;
      }
    })();
    return { output: compression === "zstd" ? decodeZstd(counted, pieceSize) : import_node_stream2.Readable.from(counted), consumed: () => bytes };
  }
  const stream = compression === "gzip" ? (0, import_node_zlib2.createGunzip)({ chunkSize: pieceSize }) : (0, import_node_zlib2.createInflateRaw)({ chunkSize: pieceSize });
  (0, import_node_stream2.pipeline)(import_node_stream2.Readable.from(stored, { highWaterMark: 1 }), stream, () => {
  });
  return { output: stream, consumed: () => stream.bytesWritten };
}

// src/disk/spool/packed-file.ts
var unpackedLimit = 256 * 2 ** 30;

// src/disk/spool/inflate-worker.ts
var { shared, files, outputs, dir, limit, tooLarge, concurrency, wayOut } = import_node_worker_threads.workerData;
var growth = new FileGrowth(shared);
var gzipMagic = Buffer.from([31, 139]);
var stopping = new AbortController();
var inflated = 0;
process.on("uncaughtException", (error) => stopFor("unpacking", { why: error.message, kind: "input-output" }));
process.on("exit", () => {
  growth.fail("unpacking", "the thread stopped early");
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
  const pending = files.entries();
  const inflateInTurn = async (output) => {
    let end = 0;
    for (const [index, file] of pending) {
      if (stopping.signal.aborted) return;
      const place = output === void 0 ? void 0 : { fd: output, offset: end };
      try {
        end = nextStart(end + await inflate(file, index, place));
      } catch (error) {
        stopFor(file.name, failureOf(error, file.compression));
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, (_, lane) => inflateInTurn(outputs[lane])));
}
function nextStart(end) {
  return Math.ceil(end / pieceSize) * pieceSize;
}
async function inflate(file, index, place) {
  if (place) growth.begin(index, place);
  const append = place ? sparseAppender(place.fd, place.offset) : () => {
  };
  const { output, consumed } = decode(file.compression, storedPieces(file, 0));
  let size = 0;
  let crc = 0;
  for await (const piece of output) {
    checkStop();
    inflated += piece.length;
    size += piece.length;
    if (file.expected) {
      if (size > file.expected.size) throw new Refusal(`it has more than the ${file.expected.size} bytes that the zip states; ${wayOut}`);
      crc = (0, import_node_zlib3.crc32)(piece, crc);
    }
    if (inflated > limit) throw new Refusal(`${tooLarge}; ${wayOut}`);
    append(piece);
    growth.advance(index, piece.length);
    if (piece.byteOffset + piece.length === piece.buffer.byteLength) free(piece.buffer);
  }
  await checkRest(file, consumed());
  if (file.expected) checkExpected(file.expected, size, crc);
  growth.complete(index);
  return size;
}
function checkExpected(expected, size, crc) {
  if (size !== expected.size) throw new Refusal(`it has ${size} bytes, but the zip states ${expected.size}; ${wayOut}`);
  if (crc !== expected.crc32) {
    const hex = (value) => value.toString(16).padStart(8, "0");
    throw new Refusal(`its CRC-32 is ${hex(crc)}, but the zip states ${hex(expected.crc32)}; ${wayOut}`);
  }
}
async function* storedPieces({ runs, compression }, from) {
  let start = 0;
  for (const run of runs) {
    var _stack = [];
    try {
      const file = __using(_stack, openRun(run));
      for (let at = Math.max(from - start, 0); at < run.length; ) {
        checkStop();
        const piece = Buffer.allocUnsafeSlow(Math.min(pieceSize, await arrived(run, at) - at));
        const got = readAt(file.fd, piece, run.offset + at);
        if (got === 0) throw new Refusal(`the file that contains it ends ${run.length - at} bytes too early; ${wayOut}`);
        if (compression === "gzip" && start + at === 0) checkMagic(piece.subarray(0, Math.min(got, 2)));
        yield piece.subarray(0, got);
        at += got;
      }
      start += run.length;
    } catch (_) {
      var _error = _, _hasError = true;
    } finally {
      __callDispose(_stack, _error, _hasError);
    }
  }
}
function checkMagic(start) {
  if (!gzipMagic.subarray(0, start.length).equals(start)) {
    throw new Refusal(`it should be a gzip file, but doesn't begin like one; ${wayOut}`);
  }
}
async function arrived({ growth: growth2, offset, length }, at) {
  if (!growth2) return length;
  const end = await new FileGrowth(growth2).arrivalOf(0, offset + at + 1, stopping.signal);
  return Math.min(length, end - offset);
}
function openRun({ file }) {
  if (typeof file === "number") return { fd: file, [Symbol.dispose]() {
  } };
  try {
    const fd = openClosed(file);
    return { fd, [Symbol.dispose]: () => (0, import_node_fs3.closeSync)(fd) };
  } catch (error) {
    throw new Refusal(fileProblem(error), kindOfSystemError(error));
  }
}
function readAt(fd, into, position) {
  try {
    return (0, import_node_fs3.readSync)(fd, into, 0, into.length, position);
  } catch (error) {
    throw new Refusal(`the file that holds it can't be read at byte ${position}: ${systemMessage(error)}`, "input-output");
  }
}
async function checkRest(file, from) {
  for await (const piece of storedPieces(file, from)) {
    if (piece.some((byte) => byte !== 0)) throw new Refusal(`something other than zeros follows the ${file.compression} data; ${wayOut}`);
  }
}
function checkStop() {
  if (growth.stopRequested) stopping.abort();
  stopping.signal.throwIfAborted();
}
function stopFor(place, { why, kind }) {
  growth.fail(place, why, kind);
  stopping.abort();
}
var Refusal = class extends Error {
  kind;
  constructor(message2, kind = "damaged") {
    super(message2);
    this.kind = kind;
  }
};
function failureOf(error, compression) {
  if (error instanceof Refusal) return { why: error.message, kind: error.kind };
  const { code = "" } = error;
  if (code === "ENOSPC" || code === "EDQUOT") {
    const needed = limit < unpackedLimit ? ` up to ${limit} bytes are needed there;` : "";
    const why = `there is no space left in ${dir} after ${inflated} bytes;${needed} free some space or choose another directory`;
    return { why, kind: "no-room" };
  }
  if (code === "Z_BUF_ERROR" || code === "ZSTD_cut_short")
    return { why: `its ${compression} data ends too early; ${wayOut}`, kind: "damaged" };
  if (code === "ZSTD_no_frame") return { why: `something other than zeros follows the zstd data; ${wayOut}`, kind: "damaged" };
  if (code === "ZSTD_error_frameParameter_windowTooLarge") {
    const why = "its zstd data needs a window of more than 128 MiB; compress it again without --long or --ultra";
    return { why, kind: "unsupported" };
  }
  if (/^(?:Z|ZSTD)_/.test(code)) return { why: `its ${compression} data is damaged (${error.message}); ${wayOut}`, kind: "damaged" };
  return { why: `it can't be inflated into ${dir}: ${error.message}`, kind: "input-output" };
}
