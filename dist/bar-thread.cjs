const importMetaUrl = require('node:url').pathToFileURL(__filename).href;
"use strict";

// src/phase/terminal/bar-thread.ts
var import_node_util = require("node:util");
var import_node_worker_threads = require("node:worker_threads");

// src/bytes/bytes-text.ts
function bytesText(bytes) {
  if (bytes < 1e3) return `${bytes} bytes`;
  const units = ["kB", "MB", "GB", "TB", "PB"];
  let value = bytes / 1e3;
  let unit = 0;
  for (; value >= 999.95 && unit < units.length - 1; unit++) value /= 1e3;
  return `${value.toFixed(1)} ${units[unit]}`;
}

// src/phase/units.ts
function durationText(milliseconds) {
  const seconds = milliseconds / 1e3;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}

// src/phase/terminal/bar-text.ts
var minBar = 10;
var maxBar = 40;
function barText({ doing, done, total }, milliseconds, { columns, paint: paint2 = String }) {
  const elapsed = durationText(milliseconds);
  const width = columns - 1;
  if (done === void 0 || total === void 0) {
    const parts = [doing, ...done === void 0 ? [] : [bytesText(done)], elapsed];
    return parts.join(", ").slice(0, width);
  }
  const share = Math.min(1, done / Math.max(total, 1));
  const percent = `${Math.floor(share * 100)} %`.padStart(5);
  const tails = [`${percent}, ${bytesText(done)} of ${bytesText(total)}, ${elapsed}`, `${percent}, ${elapsed}`];
  for (const tail of tails) {
    const room = width - `${doing} [] ${tail}`.length;
    if (room >= minBar) return `${doing} [${bar(share, Math.min(room, maxBar), paint2)}] ${tail}`;
  }
  return `${doing} ${percent}`.slice(0, width);
}
function bar(share, length, paint2) {
  const filled = Math.floor(share * length);
  const arrow = filled < length ? ">" : "";
  return paint2("=".repeat(filled) + arrow) + " ".repeat(length - filled - arrow.length);
}

// src/phase/terminal/screen.ts
var import_node_fs = require("node:fs");
var word = { lock: 0, hidden: 1 };
var eraseLine = "\r\x1B[K";
var Screen = class {
  shared;
  #words;
  #fd;
  /** @param shared the memory of the other thread's Screen */
  constructor(fd2, shared2 = new SharedArrayBuffer(8)) {
    this.#fd = fd2;
    this.shared = shared2;
    this.#words = new Int32Array(shared2);
  }
  /** Shows a text instead of the line, unless it is hidden. */
  draw(text) {
    this.#locked(() => {
      if (Atomics.load(this.#words, word.hidden) === 0) this.#write(`${eraseLine}${text}`);
    });
  }
  /** Erases the line, and lets `write` write something above the next one that is drawn. */
  interrupt(write) {
    this.#locked(() => {
      this.#write(eraseLine);
      write();
    });
  }
  /** Erases the line. Nothing is drawn until `reveal` is called. */
  hide() {
    this.interrupt(() => Atomics.store(this.#words, word.hidden, 1));
  }
  reveal() {
    Atomics.store(this.#words, word.hidden, 0);
  }
  #locked(use) {
    while (Atomics.compareExchange(this.#words, word.lock, 0, 1) !== 0) Atomics.wait(this.#words, word.lock, 1, 100);
    try {
      use();
    } finally {
      Atomics.store(this.#words, word.lock, 0);
      Atomics.notify(this.#words, word.lock);
    }
  }
  #write(text) {
    try {
      (0, import_node_fs.writeSync)(this.#fd, text);
    } catch {
    }
  }
};

// src/phase/terminal/bar-thread.ts
var { fd, shared, states, coloured } = import_node_worker_threads.workerData;
var screen = new Screen(fd, shared);
var paint = coloured ? (text) => (0, import_node_util.styleText)("cyan", text, { validateStream: false }) : String;
var state;
setInterval(() => {
  for (let next = (0, import_node_worker_threads.receiveMessageOnPort)(states); next; next = (0, import_node_worker_threads.receiveMessageOnPort)(states)) state = next.message;
  if (state) screen.draw(barText(state, Date.now() - state.since, { columns: state.columns, paint }));
}, 100);
