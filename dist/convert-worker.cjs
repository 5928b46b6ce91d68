const importMetaUrl = require('node:url').pathToFileURL(__filename).href;
"use strict";
var __create = Object.create;
var __defProp = Object.defineProperty;
var __getOwnPropDesc = Object.getOwnPropertyDescriptor;
var __getOwnPropNames = Object.getOwnPropertyNames;
var __getProtoOf = Object.getPrototypeOf;
var __hasOwnProp = Object.prototype.hasOwnProperty;
var __commonJS = (cb, mod) => function __require() {
  try {
    return mod || (0, cb[__getOwnPropNames(cb)[0]])((mod = { exports: {} }).exports, mod), mod.exports;
  } catch (e2) {
    throw mod = 0, e2;
  }
};
var __copyProps = (to, from, except, desc) => {
  if (from && typeof from === "object" || typeof from === "function") {
    for (let key of __getOwnPropNames(from))
      if (!__hasOwnProp.call(to, key) && key !== except)
        __defProp(to, key, { get: () => from[key], enumerable: !(desc = __getOwnPropDesc(from, key)) || desc.enumerable });
  }
  return to;
};
var __toESM = (mod, isNodeMode, target) => (target = mod != null ? __create(__getProtoOf(mod)) : {}, __copyProps(
  // If the importer is in node compatibility mode or this is not an ESM
  // file that has been converted to a CommonJS file using a Babel-
  // compatible transform (i.e. "__esModule" has not been set), then set
  // "default" to the CommonJS "module.exports" for node compatibility.
  isNodeMode || !mod || !mod.__esModule ? __defProp(target, "default", { value: mod, enumerable: true }) : target,
  mod
));

// node_modules/xmlchars/xml/1.0/ed5.js
var require_ed5 = __commonJS({
  "node_modules/xmlchars/xml/1.0/ed5.js"(exports2) {
    "use strict";
    Object.defineProperty(exports2, "__esModule", { value: true });
    exports2.CHAR = "	\n\r -\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}";
    exports2.S = " 	\r\n";
    exports2.NAME_START_CHAR = ":A-Z_a-z\xC0-\xD6\xD8-\xF6\xF8-\u02FF\u0370-\u037D\u037F-\u1FFF\u200C\u200D\u2070-\u218F\u2C00-\u2FEF\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFFFD\u{10000}-\u{EFFFF}";
    exports2.NAME_CHAR = "-" + exports2.NAME_START_CHAR + ".0-9\xB7\u0300-\u036F\u203F-\u2040";
    exports2.CHAR_RE = new RegExp("^[" + exports2.CHAR + "]$", "u");
    exports2.S_RE = new RegExp("^[" + exports2.S + "]+$", "u");
    exports2.NAME_START_CHAR_RE = new RegExp("^[" + exports2.NAME_START_CHAR + "]$", "u");
    exports2.NAME_CHAR_RE = new RegExp("^[" + exports2.NAME_CHAR + "]$", "u");
    exports2.NAME_RE = new RegExp("^[" + exports2.NAME_START_CHAR + "][" + exports2.NAME_CHAR + "]*$", "u");
    exports2.NMTOKEN_RE = new RegExp("^[" + exports2.NAME_CHAR + "]+$", "u");
    var TAB = 9;
    var NL = 10;
    var CR = 13;
    var SPACE = 32;
    exports2.S_LIST = [SPACE, NL, CR, TAB];
    function isChar(c) {
      return c >= SPACE && c <= 55295 || c === NL || c === CR || c === TAB || c >= 57344 && c <= 65533 || c >= 65536 && c <= 1114111;
    }
    exports2.isChar = isChar;
    function isS(c) {
      return c === SPACE || c === NL || c === CR || c === TAB;
    }
    exports2.isS = isS;
    function isNameStartChar(c) {
      return c >= 65 && c <= 90 || c >= 97 && c <= 122 || c === 58 || c === 95 || c === 8204 || c === 8205 || c >= 192 && c <= 214 || c >= 216 && c <= 246 || c >= 248 && c <= 767 || c >= 880 && c <= 893 || c >= 895 && c <= 8191 || c >= 8304 && c <= 8591 || c >= 11264 && c <= 12271 || c >= 12289 && c <= 55295 || c >= 63744 && c <= 64975 || c >= 65008 && c <= 65533 || c >= 65536 && c <= 983039;
    }
    exports2.isNameStartChar = isNameStartChar;
    function isNameChar(c) {
      return isNameStartChar(c) || c >= 48 && c <= 57 || c === 45 || c === 46 || c === 183 || c >= 768 && c <= 879 || c >= 8255 && c <= 8256;
    }
    exports2.isNameChar = isNameChar;
  }
});

// node_modules/xmlchars/xml/1.1/ed2.js
var require_ed2 = __commonJS({
  "node_modules/xmlchars/xml/1.1/ed2.js"(exports2) {
    "use strict";
    Object.defineProperty(exports2, "__esModule", { value: true });
    exports2.CHAR = "-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}";
    exports2.RESTRICTED_CHAR = "-\b\v\f-\x7F-\x84\x86-\x9F";
    exports2.S = " 	\r\n";
    exports2.NAME_START_CHAR = ":A-Z_a-z\xC0-\xD6\xD8-\xF6\xF8-\u02FF\u0370-\u037D\u037F-\u1FFF\u200C\u200D\u2070-\u218F\u2C00-\u2FEF\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFFFD\u{10000}-\u{EFFFF}";
    exports2.NAME_CHAR = "-" + exports2.NAME_START_CHAR + ".0-9\xB7\u0300-\u036F\u203F-\u2040";
    exports2.CHAR_RE = new RegExp("^[" + exports2.CHAR + "]$", "u");
    exports2.RESTRICTED_CHAR_RE = new RegExp("^[" + exports2.RESTRICTED_CHAR + "]$", "u");
    exports2.S_RE = new RegExp("^[" + exports2.S + "]+$", "u");
    exports2.NAME_START_CHAR_RE = new RegExp("^[" + exports2.NAME_START_CHAR + "]$", "u");
    exports2.NAME_CHAR_RE = new RegExp("^[" + exports2.NAME_CHAR + "]$", "u");
    exports2.NAME_RE = new RegExp("^[" + exports2.NAME_START_CHAR + "][" + exports2.NAME_CHAR + "]*$", "u");
    exports2.NMTOKEN_RE = new RegExp("^[" + exports2.NAME_CHAR + "]+$", "u");
    var TAB = 9;
    var NL = 10;
    var CR = 13;
    var SPACE = 32;
    exports2.S_LIST = [SPACE, NL, CR, TAB];
    function isChar(c) {
      return c >= 1 && c <= 55295 || c >= 57344 && c <= 65533 || c >= 65536 && c <= 1114111;
    }
    exports2.isChar = isChar;
    function isRestrictedChar(c) {
      return c >= 1 && c <= 8 || c === 11 || c === 12 || c >= 14 && c <= 31 || c >= 127 && c <= 132 || c >= 134 && c <= 159;
    }
    exports2.isRestrictedChar = isRestrictedChar;
    function isCharAndNotRestricted(c) {
      return c === 9 || c === 10 || c === 13 || c > 31 && c < 127 || c === 133 || c > 159 && c <= 55295 || c >= 57344 && c <= 65533 || c >= 65536 && c <= 1114111;
    }
    exports2.isCharAndNotRestricted = isCharAndNotRestricted;
    function isS(c) {
      return c === SPACE || c === NL || c === CR || c === TAB;
    }
    exports2.isS = isS;
    function isNameStartChar(c) {
      return c >= 65 && c <= 90 || c >= 97 && c <= 122 || c === 58 || c === 95 || c === 8204 || c === 8205 || c >= 192 && c <= 214 || c >= 216 && c <= 246 || c >= 248 && c <= 767 || c >= 880 && c <= 893 || c >= 895 && c <= 8191 || c >= 8304 && c <= 8591 || c >= 11264 && c <= 12271 || c >= 12289 && c <= 55295 || c >= 63744 && c <= 64975 || c >= 65008 && c <= 65533 || c >= 65536 && c <= 983039;
    }
    exports2.isNameStartChar = isNameStartChar;
    function isNameChar(c) {
      return isNameStartChar(c) || c >= 48 && c <= 57 || c === 45 || c === 46 || c === 183 || c >= 768 && c <= 879 || c >= 8255 && c <= 8256;
    }
    exports2.isNameChar = isNameChar;
  }
});

// node_modules/xmlchars/xmlns/1.0/ed3.js
var require_ed3 = __commonJS({
  "node_modules/xmlchars/xmlns/1.0/ed3.js"(exports2) {
    "use strict";
    Object.defineProperty(exports2, "__esModule", { value: true });
    exports2.NC_NAME_START_CHAR = "A-Z_a-z\xC0-\xD6\xD8-\xF6\xF8-\u02FF\u0370-\u037D\u037F-\u1FFF\u200C-\u200D\u2070-\u218F\u2C00-\u2FEF\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFFFD\u{10000}-\u{EFFFF}";
    exports2.NC_NAME_CHAR = "-" + exports2.NC_NAME_START_CHAR + ".0-9\xB7\u0300-\u036F\u203F-\u2040";
    exports2.NC_NAME_START_CHAR_RE = new RegExp("^[" + exports2.NC_NAME_START_CHAR + "]$", "u");
    exports2.NC_NAME_CHAR_RE = new RegExp("^[" + exports2.NC_NAME_CHAR + "]$", "u");
    exports2.NC_NAME_RE = new RegExp("^[" + exports2.NC_NAME_START_CHAR + "][" + exports2.NC_NAME_CHAR + "]*$", "u");
    function isNCNameStartChar(c) {
      return c >= 65 && c <= 90 || c === 95 || c >= 97 && c <= 122 || c >= 192 && c <= 214 || c >= 216 && c <= 246 || c >= 248 && c <= 767 || c >= 880 && c <= 893 || c >= 895 && c <= 8191 || c >= 8204 && c <= 8205 || c >= 8304 && c <= 8591 || c >= 11264 && c <= 12271 || c >= 12289 && c <= 55295 || c >= 63744 && c <= 64975 || c >= 65008 && c <= 65533 || c >= 65536 && c <= 983039;
    }
    exports2.isNCNameStartChar = isNCNameStartChar;
    function isNCNameChar(c) {
      return isNCNameStartChar(c) || (c === 45 || c === 46 || c >= 48 && c <= 57 || c === 183 || c >= 768 && c <= 879 || c >= 8255 && c <= 8256);
    }
    exports2.isNCNameChar = isNCNameChar;
  }
});

// node_modules/saxes/saxes.js
var require_saxes = __commonJS({
  "node_modules/saxes/saxes.js"(exports2) {
    "use strict";
    Object.defineProperty(exports2, "__esModule", { value: true });
    exports2.SaxesParser = exports2.EVENTS = void 0;
    var ed5 = require_ed5();
    var ed2 = require_ed2();
    var NSed3 = require_ed3();
    var isS = ed5.isS;
    var isChar10 = ed5.isChar;
    var isNameStartChar = ed5.isNameStartChar;
    var isNameChar = ed5.isNameChar;
    var S_LIST = ed5.S_LIST;
    var NAME_RE = ed5.NAME_RE;
    var isChar11 = ed2.isChar;
    var isNCNameStartChar = NSed3.isNCNameStartChar;
    var isNCNameChar = NSed3.isNCNameChar;
    var NC_NAME_RE = NSed3.NC_NAME_RE;
    var XML_NAMESPACE = "http://www.w3.org/XML/1998/namespace";
    var XMLNS_NAMESPACE = "http://www.w3.org/2000/xmlns/";
    var rootNS = {
      // eslint-disable-next-line @typescript-eslint/no-explicit-any, @typescript-eslint/no-unsafe-assignment
      __proto__: null,
      xml: XML_NAMESPACE,
      xmlns: XMLNS_NAMESPACE
    };
    var XML_ENTITIES = {
      // eslint-disable-next-line @typescript-eslint/no-explicit-any, @typescript-eslint/no-unsafe-assignment
      __proto__: null,
      amp: "&",
      gt: ">",
      lt: "<",
      quot: '"',
      apos: "'"
    };
    var EOC = -1;
    var NL_LIKE = -2;
    var S_BEGIN = 0;
    var S_BEGIN_WHITESPACE = 1;
    var S_DOCTYPE = 2;
    var S_DOCTYPE_QUOTE = 3;
    var S_DTD = 4;
    var S_DTD_QUOTED = 5;
    var S_DTD_OPEN_WAKA = 6;
    var S_DTD_OPEN_WAKA_BANG = 7;
    var S_DTD_COMMENT = 8;
    var S_DTD_COMMENT_ENDING = 9;
    var S_DTD_COMMENT_ENDED = 10;
    var S_DTD_PI = 11;
    var S_DTD_PI_ENDING = 12;
    var S_TEXT = 13;
    var S_ENTITY = 14;
    var S_OPEN_WAKA = 15;
    var S_OPEN_WAKA_BANG = 16;
    var S_COMMENT = 17;
    var S_COMMENT_ENDING = 18;
    var S_COMMENT_ENDED = 19;
    var S_CDATA = 20;
    var S_CDATA_ENDING = 21;
    var S_CDATA_ENDING_2 = 22;
    var S_PI_FIRST_CHAR = 23;
    var S_PI_REST = 24;
    var S_PI_BODY = 25;
    var S_PI_ENDING = 26;
    var S_XML_DECL_NAME_START = 27;
    var S_XML_DECL_NAME = 28;
    var S_XML_DECL_EQ = 29;
    var S_XML_DECL_VALUE_START = 30;
    var S_XML_DECL_VALUE = 31;
    var S_XML_DECL_SEPARATOR = 32;
    var S_XML_DECL_ENDING = 33;
    var S_OPEN_TAG = 34;
    var S_OPEN_TAG_SLASH = 35;
    var S_ATTRIB = 36;
    var S_ATTRIB_NAME = 37;
    var S_ATTRIB_NAME_SAW_WHITE = 38;
    var S_ATTRIB_VALUE = 39;
    var S_ATTRIB_VALUE_QUOTED = 40;
    var S_ATTRIB_VALUE_CLOSED = 41;
    var S_ATTRIB_VALUE_UNQUOTED = 42;
    var S_CLOSE_TAG = 43;
    var S_CLOSE_TAG_SAW_WHITE = 44;
    var TAB = 9;
    var NL = 10;
    var CR = 13;
    var SPACE = 32;
    var BANG = 33;
    var DQUOTE = 34;
    var AMP = 38;
    var SQUOTE = 39;
    var MINUS = 45;
    var FORWARD_SLASH = 47;
    var SEMICOLON = 59;
    var LESS = 60;
    var EQUAL = 61;
    var GREATER = 62;
    var QUESTION = 63;
    var OPEN_BRACKET = 91;
    var CLOSE_BRACKET = 93;
    var NEL = 133;
    var LS = 8232;
    var isQuote = (c) => c === DQUOTE || c === SQUOTE;
    var QUOTES = [DQUOTE, SQUOTE];
    var DOCTYPE_TERMINATOR = [...QUOTES, OPEN_BRACKET, GREATER];
    var DTD_TERMINATOR = [...QUOTES, LESS, CLOSE_BRACKET];
    var XML_DECL_NAME_TERMINATOR = [EQUAL, QUESTION, ...S_LIST];
    var ATTRIB_VALUE_UNQUOTED_TERMINATOR = [...S_LIST, GREATER, AMP, LESS];
    function nsPairCheck(parser, prefix2, uri) {
      switch (prefix2) {
        case "xml":
          if (uri !== XML_NAMESPACE) {
            parser.fail(`xml prefix must be bound to ${XML_NAMESPACE}.`);
          }
          break;
        case "xmlns":
          if (uri !== XMLNS_NAMESPACE) {
            parser.fail(`xmlns prefix must be bound to ${XMLNS_NAMESPACE}.`);
          }
          break;
        default:
      }
      switch (uri) {
        case XMLNS_NAMESPACE:
          parser.fail(prefix2 === "" ? `the default namespace may not be set to ${uri}.` : `may not assign a prefix (even "xmlns") to the URI ${XMLNS_NAMESPACE}.`);
          break;
        case XML_NAMESPACE:
          switch (prefix2) {
            case "xml":
              break;
            case "":
              parser.fail(`the default namespace may not be set to ${uri}.`);
              break;
            default:
              parser.fail("may not assign the xml namespace to another prefix.");
          }
          break;
        default:
      }
    }
    function nsMappingCheck(parser, mapping) {
      for (const local of Object.keys(mapping)) {
        nsPairCheck(parser, local, mapping[local]);
      }
    }
    var isNCName = (name) => NC_NAME_RE.test(name);
    var isName = (name) => NAME_RE.test(name);
    var FORBIDDEN_START = 0;
    var FORBIDDEN_BRACKET = 1;
    var FORBIDDEN_BRACKET_BRACKET = 2;
    exports2.EVENTS = [
      "xmldecl",
      "text",
      "processinginstruction",
      "doctype",
      "comment",
      "opentagstart",
      "attribute",
      "opentag",
      "closetag",
      "cdata",
      "error",
      "end",
      "ready"
    ];
    var EVENT_NAME_TO_HANDLER_NAME = {
      xmldecl: "xmldeclHandler",
      text: "textHandler",
      processinginstruction: "piHandler",
      doctype: "doctypeHandler",
      comment: "commentHandler",
      opentagstart: "openTagStartHandler",
      attribute: "attributeHandler",
      opentag: "openTagHandler",
      closetag: "closeTagHandler",
      cdata: "cdataHandler",
      error: "errorHandler",
      end: "endHandler",
      ready: "readyHandler"
    };
    var SaxesParser3 = class {
      /**
       * @param opt The parser options.
       */
      constructor(opt) {
        this.opt = opt !== null && opt !== void 0 ? opt : {};
        this.fragmentOpt = !!this.opt.fragment;
        const xmlnsOpt = this.xmlnsOpt = !!this.opt.xmlns;
        this.trackPosition = this.opt.position !== false;
        this.fileName = this.opt.fileName;
        if (xmlnsOpt) {
          this.nameStartCheck = isNCNameStartChar;
          this.nameCheck = isNCNameChar;
          this.isName = isNCName;
          this.processAttribs = this.processAttribsNS;
          this.pushAttrib = this.pushAttribNS;
          this.ns = Object.assign({ __proto__: null }, rootNS);
          const additional = this.opt.additionalNamespaces;
          if (additional != null) {
            nsMappingCheck(this, additional);
            Object.assign(this.ns, additional);
          }
        } else {
          this.nameStartCheck = isNameStartChar;
          this.nameCheck = isNameChar;
          this.isName = isName;
          this.processAttribs = this.processAttribsPlain;
          this.pushAttrib = this.pushAttribPlain;
        }
        this.stateTable = [
          /* eslint-disable @typescript-eslint/unbound-method */
          this.sBegin,
          this.sBeginWhitespace,
          this.sDoctype,
          this.sDoctypeQuote,
          this.sDTD,
          this.sDTDQuoted,
          this.sDTDOpenWaka,
          this.sDTDOpenWakaBang,
          this.sDTDComment,
          this.sDTDCommentEnding,
          this.sDTDCommentEnded,
          this.sDTDPI,
          this.sDTDPIEnding,
          this.sText,
          this.sEntity,
          this.sOpenWaka,
          this.sOpenWakaBang,
          this.sComment,
          this.sCommentEnding,
          this.sCommentEnded,
          this.sCData,
          this.sCDataEnding,
          this.sCDataEnding2,
          this.sPIFirstChar,
          this.sPIRest,
          this.sPIBody,
          this.sPIEnding,
          this.sXMLDeclNameStart,
          this.sXMLDeclName,
          this.sXMLDeclEq,
          this.sXMLDeclValueStart,
          this.sXMLDeclValue,
          this.sXMLDeclSeparator,
          this.sXMLDeclEnding,
          this.sOpenTag,
          this.sOpenTagSlash,
          this.sAttrib,
          this.sAttribName,
          this.sAttribNameSawWhite,
          this.sAttribValue,
          this.sAttribValueQuoted,
          this.sAttribValueClosed,
          this.sAttribValueUnquoted,
          this.sCloseTag,
          this.sCloseTagSawWhite
          /* eslint-enable @typescript-eslint/unbound-method */
        ];
        this._init();
      }
      /**
       * Indicates whether or not the parser is closed. If ``true``, wait for
       * the ``ready`` event to write again.
       */
      get closed() {
        return this._closed;
      }
      _init() {
        var _a;
        this.openWakaBang = "";
        this.text = "";
        this.name = "";
        this.piTarget = "";
        this.entity = "";
        this.q = null;
        this.tags = [];
        this.tag = null;
        this.topNS = null;
        this.chunk = "";
        this.chunkPosition = 0;
        this.i = 0;
        this.prevI = 0;
        this.carriedFromPrevious = void 0;
        this.forbiddenState = FORBIDDEN_START;
        this.attribList = [];
        const { fragmentOpt } = this;
        this.state = fragmentOpt ? S_TEXT : S_BEGIN;
        this.reportedTextBeforeRoot = this.reportedTextAfterRoot = this.closedRoot = this.sawRoot = fragmentOpt;
        this.xmlDeclPossible = !fragmentOpt;
        this.xmlDeclExpects = ["version"];
        this.entityReturnState = void 0;
        let { defaultXMLVersion } = this.opt;
        if (defaultXMLVersion === void 0) {
          if (this.opt.forceXMLVersion === true) {
            throw new Error("forceXMLVersion set but defaultXMLVersion is not set");
          }
          defaultXMLVersion = "1.0";
        }
        this.setXMLVersion(defaultXMLVersion);
        this.positionAtNewLine = 0;
        this.doctype = false;
        this._closed = false;
        this.xmlDecl = {
          version: void 0,
          encoding: void 0,
          standalone: void 0
        };
        this.line = 1;
        this.column = 0;
        this.ENTITIES = Object.create(XML_ENTITIES);
        (_a = this.readyHandler) === null || _a === void 0 ? void 0 : _a.call(this);
      }
      /**
       * The stream position the parser is currently looking at. This field is
       * zero-based.
       *
       * This field is not based on counting Unicode characters but is to be
       * interpreted as a plain index into a JavaScript string.
       */
      get position() {
        return this.chunkPosition + this.i;
      }
      /**
       * The column number of the next character to be read by the parser.  *
       * This field is zero-based. (The first column in a line is 0.)
       *
       * This field reports the index at which the next character would be in the
       * line if the line were represented as a JavaScript string.  Note that this
       * *can* be different to a count based on the number of *Unicode characters*
       * due to how JavaScript handles astral plane characters.
       *
       * See [[column]] for a number that corresponds to a count of Unicode
       * characters.
       */
      get columnIndex() {
        return this.position - this.positionAtNewLine;
      }
      /**
       * Set an event listener on an event. The parser supports one handler per
       * event type. If you try to set an event handler over an existing handler,
       * the old handler is silently overwritten.
       *
       * @param name The event to listen to.
       *
       * @param handler The handler to set.
       */
      on(name, handler) {
        this[EVENT_NAME_TO_HANDLER_NAME[name]] = handler;
      }
      /**
       * Unset an event handler.
       *
       * @parma name The event to stop listening to.
       */
      off(name) {
        this[EVENT_NAME_TO_HANDLER_NAME[name]] = void 0;
      }
      /**
       * Make an error object. The error object will have a message that contains
       * the ``fileName`` option passed at the creation of the parser. If position
       * tracking was turned on, it will also have line and column number
       * information.
       *
       * @param message The message describing the error to report.
       *
       * @returns An error object with a properly formatted message.
       */
      makeError(message2) {
        var _a;
        let msg = (_a = this.fileName) !== null && _a !== void 0 ? _a : "";
        if (this.trackPosition) {
          if (msg.length > 0) {
            msg += ":";
          }
          msg += `${this.line}:${this.column}`;
        }
        if (msg.length > 0) {
          msg += ": ";
        }
        return new Error(msg + message2);
      }
      /**
       * Report a parsing error. This method is made public so that client code may
       * check for issues that are outside the scope of this project and can report
       * errors.
       *
       * @param message The error to report.
       *
       * @returns this
       */
      fail(message2) {
        const err = this.makeError(message2);
        const handler = this.errorHandler;
        if (handler === void 0) {
          throw err;
        } else {
          handler(err);
        }
        return this;
      }
      /**
       * Write a XML data to the parser.
       *
       * @param chunk The XML data to write.
       *
       * @returns this
       */
      // We do need object for the type here. Yes, it often causes problems
      // but not in this case.
      write(chunk) {
        if (this.closed) {
          return this.fail("cannot write after close; assign an onready handler.");
        }
        let end = false;
        if (chunk === null) {
          end = true;
          chunk = "";
        } else if (typeof chunk === "object") {
          chunk = chunk.toString();
        }
        if (this.carriedFromPrevious !== void 0) {
          chunk = `${this.carriedFromPrevious}${chunk}`;
          this.carriedFromPrevious = void 0;
        }
        let limit = chunk.length;
        const lastCode = chunk.charCodeAt(limit - 1);
        if (!end && // A trailing CR or surrogate must be carried over to the next
        // chunk.
        (lastCode === CR || lastCode >= 55296 && lastCode <= 56319)) {
          this.carriedFromPrevious = chunk[limit - 1];
          limit--;
          chunk = chunk.slice(0, limit);
        }
        const { stateTable } = this;
        this.chunk = chunk;
        this.i = 0;
        while (this.i < limit) {
          stateTable[this.state].call(this);
        }
        this.chunkPosition += limit;
        return end ? this.end() : this;
      }
      /**
       * Close the current stream. Perform final well-formedness checks and reset
       * the parser tstate.
       *
       * @returns this
       */
      close() {
        return this.write(null);
      }
      /**
       * Get a single code point out of the current chunk. This updates the current
       * position if we do position tracking.
       *
       * This is the algorithm to use for XML 1.0.
       *
       * @returns The character read.
       */
      getCode10() {
        const { chunk, i } = this;
        this.prevI = i;
        this.i = i + 1;
        if (i >= chunk.length) {
          return EOC;
        }
        const code = chunk.charCodeAt(i);
        this.column++;
        if (code < 55296) {
          if (code >= SPACE || code === TAB) {
            return code;
          }
          switch (code) {
            case NL:
              this.line++;
              this.column = 0;
              this.positionAtNewLine = this.position;
              return NL;
            case CR:
              if (chunk.charCodeAt(i + 1) === NL) {
                this.i = i + 2;
              }
              this.line++;
              this.column = 0;
              this.positionAtNewLine = this.position;
              return NL_LIKE;
            default:
              this.fail("disallowed character.");
              return code;
          }
        }
        if (code > 56319) {
          if (!(code >= 57344 && code <= 65533)) {
            this.fail("disallowed character.");
          }
          return code;
        }
        const final = 65536 + (code - 55296) * 1024 + (chunk.charCodeAt(i + 1) - 56320);
        this.i = i + 2;
        if (final > 1114111) {
          this.fail("disallowed character.");
        }
        return final;
      }
      /**
       * Get a single code point out of the current chunk. This updates the current
       * position if we do position tracking.
       *
       * This is the algorithm to use for XML 1.1.
       *
       * @returns {number} The character read.
       */
      getCode11() {
        const { chunk, i } = this;
        this.prevI = i;
        this.i = i + 1;
        if (i >= chunk.length) {
          return EOC;
        }
        const code = chunk.charCodeAt(i);
        this.column++;
        if (code < 55296) {
          if (code > 31 && code < 127 || code > 159 && code !== LS || code === TAB) {
            return code;
          }
          switch (code) {
            case NL:
              this.line++;
              this.column = 0;
              this.positionAtNewLine = this.position;
              return NL;
            case CR: {
              const next2 = chunk.charCodeAt(i + 1);
              if (next2 === NL || next2 === NEL) {
                this.i = i + 2;
              }
            }
            /* yes, fall through */
            case NEL:
            // 0x85
            case LS:
              this.line++;
              this.column = 0;
              this.positionAtNewLine = this.position;
              return NL_LIKE;
            default:
              this.fail("disallowed character.");
              return code;
          }
        }
        if (code > 56319) {
          if (!(code >= 57344 && code <= 65533)) {
            this.fail("disallowed character.");
          }
          return code;
        }
        const final = 65536 + (code - 55296) * 1024 + (chunk.charCodeAt(i + 1) - 56320);
        this.i = i + 2;
        if (final > 1114111) {
          this.fail("disallowed character.");
        }
        return final;
      }
      /**
       * Like ``getCode`` but with the return value normalized so that ``NL`` is
       * returned for ``NL_LIKE``.
       */
      getCodeNorm() {
        const c = this.getCode();
        return c === NL_LIKE ? NL : c;
      }
      unget() {
        this.i = this.prevI;
        this.column--;
      }
      /**
       * Capture characters into a buffer until encountering one of a set of
       * characters.
       *
       * @param chars An array of codepoints. Encountering a character in the array
       * ends the capture. (``chars`` may safely contain ``NL``.)
       *
       * @return The character code that made the capture end, or ``EOC`` if we hit
       * the end of the chunk. The return value cannot be NL_LIKE: NL is returned
       * instead.
       */
      captureTo(chars) {
        let { i: start } = this;
        const { chunk } = this;
        while (true) {
          const c = this.getCode();
          const isNLLike = c === NL_LIKE;
          const final = isNLLike ? NL : c;
          if (final === EOC || chars.includes(final)) {
            this.text += chunk.slice(start, this.prevI);
            return final;
          }
          if (isNLLike) {
            this.text += `${chunk.slice(start, this.prevI)}
`;
            start = this.i;
          }
        }
      }
      /**
       * Capture characters into a buffer until encountering a character.
       *
       * @param char The codepoint that ends the capture. **NOTE ``char`` MAY NOT
       * CONTAIN ``NL``.** Passing ``NL`` will result in buggy behavior.
       *
       * @return ``true`` if we ran into the character. Otherwise, we ran into the
       * end of the current chunk.
       */
      captureToChar(char) {
        let { i: start } = this;
        const { chunk } = this;
        while (true) {
          let c = this.getCode();
          switch (c) {
            case NL_LIKE:
              this.text += `${chunk.slice(start, this.prevI)}
`;
              start = this.i;
              c = NL;
              break;
            case EOC:
              this.text += chunk.slice(start);
              return false;
            default:
          }
          if (c === char) {
            this.text += chunk.slice(start, this.prevI);
            return true;
          }
        }
      }
      /**
       * Capture characters that satisfy ``isNameChar`` into the ``name`` field of
       * this parser.
       *
       * @return The character code that made the test fail, or ``EOC`` if we hit
       * the end of the chunk. The return value cannot be NL_LIKE: NL is returned
       * instead.
       */
      captureNameChars() {
        const { chunk, i: start } = this;
        while (true) {
          const c = this.getCode();
          if (c === EOC) {
            this.name += chunk.slice(start);
            return EOC;
          }
          if (!isNameChar(c)) {
            this.name += chunk.slice(start, this.prevI);
            return c === NL_LIKE ? NL : c;
          }
        }
      }
      /**
       * Skip white spaces.
       *
       * @return The character that ended the skip, or ``EOC`` if we hit
       * the end of the chunk. The return value cannot be NL_LIKE: NL is returned
       * instead.
       */
      skipSpaces() {
        while (true) {
          const c = this.getCodeNorm();
          if (c === EOC || !isS(c)) {
            return c;
          }
        }
      }
      setXMLVersion(version2) {
        this.currentXMLVersion = version2;
        if (version2 === "1.0") {
          this.isChar = isChar10;
          this.getCode = this.getCode10;
        } else {
          this.isChar = isChar11;
          this.getCode = this.getCode11;
        }
      }
      // STATE ENGINE METHODS
      // This needs to be a state separate from S_BEGIN_WHITESPACE because we want
      // to be sure never to come back to this state later.
      sBegin() {
        if (this.chunk.charCodeAt(0) === 65279) {
          this.i++;
          this.column++;
        }
        this.state = S_BEGIN_WHITESPACE;
      }
      sBeginWhitespace() {
        const iBefore = this.i;
        const c = this.skipSpaces();
        if (this.prevI !== iBefore) {
          this.xmlDeclPossible = false;
        }
        switch (c) {
          case LESS:
            this.state = S_OPEN_WAKA;
            if (this.text.length !== 0) {
              throw new Error("no-empty text at start");
            }
            break;
          case EOC:
            break;
          default:
            this.unget();
            this.state = S_TEXT;
            this.xmlDeclPossible = false;
        }
      }
      sDoctype() {
        var _a;
        const c = this.captureTo(DOCTYPE_TERMINATOR);
        switch (c) {
          case GREATER: {
            (_a = this.doctypeHandler) === null || _a === void 0 ? void 0 : _a.call(this, this.text);
            this.text = "";
            this.state = S_TEXT;
            this.doctype = true;
            break;
          }
          case EOC:
            break;
          default:
            this.text += String.fromCodePoint(c);
            if (c === OPEN_BRACKET) {
              this.state = S_DTD;
            } else if (isQuote(c)) {
              this.state = S_DOCTYPE_QUOTE;
              this.q = c;
            }
        }
      }
      sDoctypeQuote() {
        const q = this.q;
        if (this.captureToChar(q)) {
          this.text += String.fromCodePoint(q);
          this.q = null;
          this.state = S_DOCTYPE;
        }
      }
      sDTD() {
        const c = this.captureTo(DTD_TERMINATOR);
        if (c === EOC) {
          return;
        }
        this.text += String.fromCodePoint(c);
        if (c === CLOSE_BRACKET) {
          this.state = S_DOCTYPE;
        } else if (c === LESS) {
          this.state = S_DTD_OPEN_WAKA;
        } else if (isQuote(c)) {
          this.state = S_DTD_QUOTED;
          this.q = c;
        }
      }
      sDTDQuoted() {
        const q = this.q;
        if (this.captureToChar(q)) {
          this.text += String.fromCodePoint(q);
          this.state = S_DTD;
          this.q = null;
        }
      }
      sDTDOpenWaka() {
        const c = this.getCodeNorm();
        this.text += String.fromCodePoint(c);
        switch (c) {
          case BANG:
            this.state = S_DTD_OPEN_WAKA_BANG;
            this.openWakaBang = "";
            break;
          case QUESTION:
            this.state = S_DTD_PI;
            break;
          default:
            this.state = S_DTD;
        }
      }
      sDTDOpenWakaBang() {
        const char = String.fromCodePoint(this.getCodeNorm());
        const owb = this.openWakaBang += char;
        this.text += char;
        if (owb !== "-") {
          this.state = owb === "--" ? S_DTD_COMMENT : S_DTD;
          this.openWakaBang = "";
        }
      }
      sDTDComment() {
        if (this.captureToChar(MINUS)) {
          this.text += "-";
          this.state = S_DTD_COMMENT_ENDING;
        }
      }
      sDTDCommentEnding() {
        const c = this.getCodeNorm();
        this.text += String.fromCodePoint(c);
        this.state = c === MINUS ? S_DTD_COMMENT_ENDED : S_DTD_COMMENT;
      }
      sDTDCommentEnded() {
        const c = this.getCodeNorm();
        this.text += String.fromCodePoint(c);
        if (c === GREATER) {
          this.state = S_DTD;
        } else {
          this.fail("malformed comment.");
          this.state = S_DTD_COMMENT;
        }
      }
      sDTDPI() {
        if (this.captureToChar(QUESTION)) {
          this.text += "?";
          this.state = S_DTD_PI_ENDING;
        }
      }
      sDTDPIEnding() {
        const c = this.getCodeNorm();
        this.text += String.fromCodePoint(c);
        if (c === GREATER) {
          this.state = S_DTD;
        }
      }
      sText() {
        if (this.tags.length !== 0) {
          this.handleTextInRoot();
        } else {
          this.handleTextOutsideRoot();
        }
      }
      sEntity() {
        let { i: start } = this;
        const { chunk } = this;
        loop:
          while (true) {
            switch (this.getCode()) {
              case NL_LIKE:
                this.entity += `${chunk.slice(start, this.prevI)}
`;
                start = this.i;
                break;
              case SEMICOLON: {
                const { entityReturnState } = this;
                const entity = this.entity + chunk.slice(start, this.prevI);
                this.state = entityReturnState;
                let parsed;
                if (entity === "") {
                  this.fail("empty entity name.");
                  parsed = "&;";
                } else {
                  parsed = this.parseEntity(entity);
                  this.entity = "";
                }
                if (entityReturnState !== S_TEXT || this.textHandler !== void 0) {
                  this.text += parsed;
                }
                break loop;
              }
              case EOC:
                this.entity += chunk.slice(start);
                break loop;
              default:
            }
          }
      }
      sOpenWaka() {
        const c = this.getCode();
        if (isNameStartChar(c)) {
          this.state = S_OPEN_TAG;
          this.unget();
          this.xmlDeclPossible = false;
        } else {
          switch (c) {
            case FORWARD_SLASH:
              this.state = S_CLOSE_TAG;
              this.xmlDeclPossible = false;
              break;
            case BANG:
              this.state = S_OPEN_WAKA_BANG;
              this.openWakaBang = "";
              this.xmlDeclPossible = false;
              break;
            case QUESTION:
              this.state = S_PI_FIRST_CHAR;
              break;
            default:
              this.fail("disallowed character in tag name");
              this.state = S_TEXT;
              this.xmlDeclPossible = false;
          }
        }
      }
      sOpenWakaBang() {
        this.openWakaBang += String.fromCodePoint(this.getCodeNorm());
        switch (this.openWakaBang) {
          case "[CDATA[":
            if (!this.sawRoot && !this.reportedTextBeforeRoot) {
              this.fail("text data outside of root node.");
              this.reportedTextBeforeRoot = true;
            }
            if (this.closedRoot && !this.reportedTextAfterRoot) {
              this.fail("text data outside of root node.");
              this.reportedTextAfterRoot = true;
            }
            this.state = S_CDATA;
            this.openWakaBang = "";
            break;
          case "--":
            this.state = S_COMMENT;
            this.openWakaBang = "";
            break;
          case "DOCTYPE":
            this.state = S_DOCTYPE;
            if (this.doctype || this.sawRoot) {
              this.fail("inappropriately located doctype declaration.");
            }
            this.openWakaBang = "";
            break;
          default:
            if (this.openWakaBang.length >= 7) {
              this.fail("incorrect syntax.");
            }
        }
      }
      sComment() {
        if (this.captureToChar(MINUS)) {
          this.state = S_COMMENT_ENDING;
        }
      }
      sCommentEnding() {
        var _a;
        const c = this.getCodeNorm();
        if (c === MINUS) {
          this.state = S_COMMENT_ENDED;
          (_a = this.commentHandler) === null || _a === void 0 ? void 0 : _a.call(this, this.text);
          this.text = "";
        } else {
          this.text += `-${String.fromCodePoint(c)}`;
          this.state = S_COMMENT;
        }
      }
      sCommentEnded() {
        const c = this.getCodeNorm();
        if (c !== GREATER) {
          this.fail("malformed comment.");
          this.text += `--${String.fromCodePoint(c)}`;
          this.state = S_COMMENT;
        } else {
          this.state = S_TEXT;
        }
      }
      sCData() {
        if (this.captureToChar(CLOSE_BRACKET)) {
          this.state = S_CDATA_ENDING;
        }
      }
      sCDataEnding() {
        const c = this.getCodeNorm();
        if (c === CLOSE_BRACKET) {
          this.state = S_CDATA_ENDING_2;
        } else {
          this.text += `]${String.fromCodePoint(c)}`;
          this.state = S_CDATA;
        }
      }
      sCDataEnding2() {
        var _a;
        const c = this.getCodeNorm();
        switch (c) {
          case GREATER: {
            (_a = this.cdataHandler) === null || _a === void 0 ? void 0 : _a.call(this, this.text);
            this.text = "";
            this.state = S_TEXT;
            break;
          }
          case CLOSE_BRACKET:
            this.text += "]";
            break;
          default:
            this.text += `]]${String.fromCodePoint(c)}`;
            this.state = S_CDATA;
        }
      }
      // We need this separate state to check the first character fo the pi target
      // with this.nameStartCheck which allows less characters than this.nameCheck.
      sPIFirstChar() {
        const c = this.getCodeNorm();
        if (this.nameStartCheck(c)) {
          this.piTarget += String.fromCodePoint(c);
          this.state = S_PI_REST;
        } else if (c === QUESTION || isS(c)) {
          this.fail("processing instruction without a target.");
          this.state = c === QUESTION ? S_PI_ENDING : S_PI_BODY;
        } else {
          this.fail("disallowed character in processing instruction name.");
          this.piTarget += String.fromCodePoint(c);
          this.state = S_PI_REST;
        }
      }
      sPIRest() {
        const { chunk, i: start } = this;
        while (true) {
          const c = this.getCodeNorm();
          if (c === EOC) {
            this.piTarget += chunk.slice(start);
            return;
          }
          if (!this.nameCheck(c)) {
            this.piTarget += chunk.slice(start, this.prevI);
            const isQuestion = c === QUESTION;
            if (isQuestion || isS(c)) {
              if (this.piTarget === "xml") {
                if (!this.xmlDeclPossible) {
                  this.fail("an XML declaration must be at the start of the document.");
                }
                this.state = isQuestion ? S_XML_DECL_ENDING : S_XML_DECL_NAME_START;
              } else {
                this.state = isQuestion ? S_PI_ENDING : S_PI_BODY;
              }
            } else {
              this.fail("disallowed character in processing instruction name.");
              this.piTarget += String.fromCodePoint(c);
            }
            break;
          }
        }
      }
      sPIBody() {
        if (this.text.length === 0) {
          const c = this.getCodeNorm();
          if (c === QUESTION) {
            this.state = S_PI_ENDING;
          } else if (!isS(c)) {
            this.text = String.fromCodePoint(c);
          }
        } else if (this.captureToChar(QUESTION)) {
          this.state = S_PI_ENDING;
        }
      }
      sPIEnding() {
        var _a;
        const c = this.getCodeNorm();
        if (c === GREATER) {
          const { piTarget } = this;
          if (piTarget.toLowerCase() === "xml") {
            this.fail("the XML declaration must appear at the start of the document.");
          }
          (_a = this.piHandler) === null || _a === void 0 ? void 0 : _a.call(this, {
            target: piTarget,
            body: this.text
          });
          this.piTarget = this.text = "";
          this.state = S_TEXT;
        } else if (c === QUESTION) {
          this.text += "?";
        } else {
          this.text += `?${String.fromCodePoint(c)}`;
          this.state = S_PI_BODY;
        }
        this.xmlDeclPossible = false;
      }
      sXMLDeclNameStart() {
        const c = this.skipSpaces();
        if (c === QUESTION) {
          this.state = S_XML_DECL_ENDING;
          return;
        }
        if (c !== EOC) {
          this.state = S_XML_DECL_NAME;
          this.name = String.fromCodePoint(c);
        }
      }
      sXMLDeclName() {
        const c = this.captureTo(XML_DECL_NAME_TERMINATOR);
        if (c === QUESTION) {
          this.state = S_XML_DECL_ENDING;
          this.name += this.text;
          this.text = "";
          this.fail("XML declaration is incomplete.");
          return;
        }
        if (!(isS(c) || c === EQUAL)) {
          return;
        }
        this.name += this.text;
        this.text = "";
        if (!this.xmlDeclExpects.includes(this.name)) {
          switch (this.name.length) {
            case 0:
              this.fail("did not expect any more name/value pairs.");
              break;
            case 1:
              this.fail(`expected the name ${this.xmlDeclExpects[0]}.`);
              break;
            default:
              this.fail(`expected one of ${this.xmlDeclExpects.join(", ")}`);
          }
        }
        this.state = c === EQUAL ? S_XML_DECL_VALUE_START : S_XML_DECL_EQ;
      }
      sXMLDeclEq() {
        const c = this.getCodeNorm();
        if (c === QUESTION) {
          this.state = S_XML_DECL_ENDING;
          this.fail("XML declaration is incomplete.");
          return;
        }
        if (isS(c)) {
          return;
        }
        if (c !== EQUAL) {
          this.fail("value required.");
        }
        this.state = S_XML_DECL_VALUE_START;
      }
      sXMLDeclValueStart() {
        const c = this.getCodeNorm();
        if (c === QUESTION) {
          this.state = S_XML_DECL_ENDING;
          this.fail("XML declaration is incomplete.");
          return;
        }
        if (isS(c)) {
          return;
        }
        if (!isQuote(c)) {
          this.fail("value must be quoted.");
          this.q = SPACE;
        } else {
          this.q = c;
        }
        this.state = S_XML_DECL_VALUE;
      }
      sXMLDeclValue() {
        const c = this.captureTo([this.q, QUESTION]);
        if (c === QUESTION) {
          this.state = S_XML_DECL_ENDING;
          this.text = "";
          this.fail("XML declaration is incomplete.");
          return;
        }
        if (c === EOC) {
          return;
        }
        const value = this.text;
        this.text = "";
        switch (this.name) {
          case "version": {
            this.xmlDeclExpects = ["encoding", "standalone"];
            const version2 = value;
            this.xmlDecl.version = version2;
            if (!/^1\.[0-9]+$/.test(version2)) {
              this.fail("version number must match /^1\\.[0-9]+$/.");
            } else if (!this.opt.forceXMLVersion) {
              this.setXMLVersion(version2);
            }
            break;
          }
          case "encoding":
            if (!/^[A-Za-z][A-Za-z0-9._-]*$/.test(value)) {
              this.fail("encoding value must match /^[A-Za-z0-9][A-Za-z0-9._-]*$/.");
            }
            this.xmlDeclExpects = ["standalone"];
            this.xmlDecl.encoding = value;
            break;
          case "standalone":
            if (value !== "yes" && value !== "no") {
              this.fail('standalone value must match "yes" or "no".');
            }
            this.xmlDeclExpects = [];
            this.xmlDecl.standalone = value;
            break;
          default:
        }
        this.name = "";
        this.state = S_XML_DECL_SEPARATOR;
      }
      sXMLDeclSeparator() {
        const c = this.getCodeNorm();
        if (c === QUESTION) {
          this.state = S_XML_DECL_ENDING;
          return;
        }
        if (!isS(c)) {
          this.fail("whitespace required.");
          this.unget();
        }
        this.state = S_XML_DECL_NAME_START;
      }
      sXMLDeclEnding() {
        var _a;
        const c = this.getCodeNorm();
        if (c === GREATER) {
          if (this.piTarget !== "xml") {
            this.fail("processing instructions are not allowed before root.");
          } else if (this.name !== "version" && this.xmlDeclExpects.includes("version")) {
            this.fail("XML declaration must contain a version.");
          }
          (_a = this.xmldeclHandler) === null || _a === void 0 ? void 0 : _a.call(this, this.xmlDecl);
          this.name = "";
          this.piTarget = this.text = "";
          this.state = S_TEXT;
        } else {
          this.fail("The character ? is disallowed anywhere in XML declarations.");
        }
        this.xmlDeclPossible = false;
      }
      sOpenTag() {
        var _a;
        const c = this.captureNameChars();
        if (c === EOC) {
          return;
        }
        const tag2 = this.tag = {
          name: this.name,
          attributes: /* @__PURE__ */ Object.create(null)
        };
        this.name = "";
        if (this.xmlnsOpt) {
          this.topNS = tag2.ns = /* @__PURE__ */ Object.create(null);
        }
        (_a = this.openTagStartHandler) === null || _a === void 0 ? void 0 : _a.call(this, tag2);
        this.sawRoot = true;
        if (!this.fragmentOpt && this.closedRoot) {
          this.fail("documents may contain only one root.");
        }
        switch (c) {
          case GREATER:
            this.openTag();
            break;
          case FORWARD_SLASH:
            this.state = S_OPEN_TAG_SLASH;
            break;
          default:
            if (!isS(c)) {
              this.fail("disallowed character in tag name.");
            }
            this.state = S_ATTRIB;
        }
      }
      sOpenTagSlash() {
        if (this.getCode() === GREATER) {
          this.openSelfClosingTag();
        } else {
          this.fail("forward-slash in opening tag not followed by >.");
          this.state = S_ATTRIB;
        }
      }
      sAttrib() {
        const c = this.skipSpaces();
        if (c === EOC) {
          return;
        }
        if (isNameStartChar(c)) {
          this.unget();
          this.state = S_ATTRIB_NAME;
        } else if (c === GREATER) {
          this.openTag();
        } else if (c === FORWARD_SLASH) {
          this.state = S_OPEN_TAG_SLASH;
        } else {
          this.fail("disallowed character in attribute name.");
        }
      }
      sAttribName() {
        const c = this.captureNameChars();
        if (c === EQUAL) {
          this.state = S_ATTRIB_VALUE;
        } else if (isS(c)) {
          this.state = S_ATTRIB_NAME_SAW_WHITE;
        } else if (c === GREATER) {
          this.fail("attribute without value.");
          this.pushAttrib(this.name, this.name);
          this.name = this.text = "";
          this.openTag();
        } else if (c !== EOC) {
          this.fail("disallowed character in attribute name.");
        }
      }
      sAttribNameSawWhite() {
        const c = this.skipSpaces();
        switch (c) {
          case EOC:
            return;
          case EQUAL:
            this.state = S_ATTRIB_VALUE;
            break;
          default:
            this.fail("attribute without value.");
            this.text = "";
            this.name = "";
            if (c === GREATER) {
              this.openTag();
            } else if (isNameStartChar(c)) {
              this.unget();
              this.state = S_ATTRIB_NAME;
            } else {
              this.fail("disallowed character in attribute name.");
              this.state = S_ATTRIB;
            }
        }
      }
      sAttribValue() {
        const c = this.getCodeNorm();
        if (isQuote(c)) {
          this.q = c;
          this.state = S_ATTRIB_VALUE_QUOTED;
        } else if (!isS(c)) {
          this.fail("unquoted attribute value.");
          this.state = S_ATTRIB_VALUE_UNQUOTED;
          this.unget();
        }
      }
      sAttribValueQuoted() {
        const { q, chunk } = this;
        let { i: start } = this;
        while (true) {
          switch (this.getCode()) {
            case q:
              this.pushAttrib(this.name, this.text + chunk.slice(start, this.prevI));
              this.name = this.text = "";
              this.q = null;
              this.state = S_ATTRIB_VALUE_CLOSED;
              return;
            case AMP:
              this.text += chunk.slice(start, this.prevI);
              this.state = S_ENTITY;
              this.entityReturnState = S_ATTRIB_VALUE_QUOTED;
              return;
            case NL:
            case NL_LIKE:
            case TAB:
              this.text += `${chunk.slice(start, this.prevI)} `;
              start = this.i;
              break;
            case LESS:
              this.text += chunk.slice(start, this.prevI);
              this.fail("disallowed character.");
              return;
            case EOC:
              this.text += chunk.slice(start);
              return;
            default:
          }
        }
      }
      sAttribValueClosed() {
        const c = this.getCodeNorm();
        if (isS(c)) {
          this.state = S_ATTRIB;
        } else if (c === GREATER) {
          this.openTag();
        } else if (c === FORWARD_SLASH) {
          this.state = S_OPEN_TAG_SLASH;
        } else if (isNameStartChar(c)) {
          this.fail("no whitespace between attributes.");
          this.unget();
          this.state = S_ATTRIB_NAME;
        } else {
          this.fail("disallowed character in attribute name.");
        }
      }
      sAttribValueUnquoted() {
        const c = this.captureTo(ATTRIB_VALUE_UNQUOTED_TERMINATOR);
        switch (c) {
          case AMP:
            this.state = S_ENTITY;
            this.entityReturnState = S_ATTRIB_VALUE_UNQUOTED;
            break;
          case LESS:
            this.fail("disallowed character.");
            break;
          case EOC:
            break;
          default:
            if (this.text.includes("]]>")) {
              this.fail('the string "]]>" is disallowed in char data.');
            }
            this.pushAttrib(this.name, this.text);
            this.name = this.text = "";
            if (c === GREATER) {
              this.openTag();
            } else {
              this.state = S_ATTRIB;
            }
        }
      }
      sCloseTag() {
        const c = this.captureNameChars();
        if (c === GREATER) {
          this.closeTag();
        } else if (isS(c)) {
          this.state = S_CLOSE_TAG_SAW_WHITE;
        } else if (c !== EOC) {
          this.fail("disallowed character in closing tag.");
        }
      }
      sCloseTagSawWhite() {
        switch (this.skipSpaces()) {
          case GREATER:
            this.closeTag();
            break;
          case EOC:
            break;
          default:
            this.fail("disallowed character in closing tag.");
        }
      }
      // END OF STATE ENGINE METHODS
      handleTextInRoot() {
        let { i: start, forbiddenState } = this;
        const { chunk, textHandler: handler } = this;
        scanLoop:
          while (true) {
            switch (this.getCode()) {
              case LESS: {
                this.state = S_OPEN_WAKA;
                if (handler !== void 0) {
                  const { text: text3 } = this;
                  const slice2 = chunk.slice(start, this.prevI);
                  if (text3.length !== 0) {
                    handler(text3 + slice2);
                    this.text = "";
                  } else if (slice2.length !== 0) {
                    handler(slice2);
                  }
                }
                forbiddenState = FORBIDDEN_START;
                break scanLoop;
              }
              case AMP:
                this.state = S_ENTITY;
                this.entityReturnState = S_TEXT;
                if (handler !== void 0) {
                  this.text += chunk.slice(start, this.prevI);
                }
                forbiddenState = FORBIDDEN_START;
                break scanLoop;
              case CLOSE_BRACKET:
                switch (forbiddenState) {
                  case FORBIDDEN_START:
                    forbiddenState = FORBIDDEN_BRACKET;
                    break;
                  case FORBIDDEN_BRACKET:
                    forbiddenState = FORBIDDEN_BRACKET_BRACKET;
                    break;
                  case FORBIDDEN_BRACKET_BRACKET:
                    break;
                  default:
                    throw new Error("impossible state");
                }
                break;
              case GREATER:
                if (forbiddenState === FORBIDDEN_BRACKET_BRACKET) {
                  this.fail('the string "]]>" is disallowed in char data.');
                }
                forbiddenState = FORBIDDEN_START;
                break;
              case NL_LIKE:
                if (handler !== void 0) {
                  this.text += `${chunk.slice(start, this.prevI)}
`;
                }
                start = this.i;
                forbiddenState = FORBIDDEN_START;
                break;
              case EOC:
                if (handler !== void 0) {
                  this.text += chunk.slice(start);
                }
                break scanLoop;
              default:
                forbiddenState = FORBIDDEN_START;
            }
          }
        this.forbiddenState = forbiddenState;
      }
      handleTextOutsideRoot() {
        let { i: start } = this;
        const { chunk, textHandler: handler } = this;
        let nonSpace = false;
        outRootLoop:
          while (true) {
            const code = this.getCode();
            switch (code) {
              case LESS: {
                this.state = S_OPEN_WAKA;
                if (handler !== void 0) {
                  const { text: text3 } = this;
                  const slice2 = chunk.slice(start, this.prevI);
                  if (text3.length !== 0) {
                    handler(text3 + slice2);
                    this.text = "";
                  } else if (slice2.length !== 0) {
                    handler(slice2);
                  }
                }
                break outRootLoop;
              }
              case AMP:
                this.state = S_ENTITY;
                this.entityReturnState = S_TEXT;
                if (handler !== void 0) {
                  this.text += chunk.slice(start, this.prevI);
                }
                nonSpace = true;
                break outRootLoop;
              case NL_LIKE:
                if (handler !== void 0) {
                  this.text += `${chunk.slice(start, this.prevI)}
`;
                }
                start = this.i;
                break;
              case EOC:
                if (handler !== void 0) {
                  this.text += chunk.slice(start);
                }
                break outRootLoop;
              default:
                if (!isS(code)) {
                  nonSpace = true;
                }
            }
          }
        if (!nonSpace) {
          return;
        }
        if (!this.sawRoot && !this.reportedTextBeforeRoot) {
          this.fail("text data outside of root node.");
          this.reportedTextBeforeRoot = true;
        }
        if (this.closedRoot && !this.reportedTextAfterRoot) {
          this.fail("text data outside of root node.");
          this.reportedTextAfterRoot = true;
        }
      }
      pushAttribNS(name, value) {
        var _a;
        const { prefix: prefix2, local } = this.qname(name);
        const attr = { name, prefix: prefix2, local, value };
        this.attribList.push(attr);
        (_a = this.attributeHandler) === null || _a === void 0 ? void 0 : _a.call(this, attr);
        if (prefix2 === "xmlns") {
          const trimmed = value.trim();
          if (this.currentXMLVersion === "1.0" && trimmed === "") {
            this.fail("invalid attempt to undefine prefix in XML 1.0");
          }
          this.topNS[local] = trimmed;
          nsPairCheck(this, local, trimmed);
        } else if (name === "xmlns") {
          const trimmed = value.trim();
          this.topNS[""] = trimmed;
          nsPairCheck(this, "", trimmed);
        }
      }
      pushAttribPlain(name, value) {
        var _a;
        const attr = { name, value };
        this.attribList.push(attr);
        (_a = this.attributeHandler) === null || _a === void 0 ? void 0 : _a.call(this, attr);
      }
      /**
       * End parsing. This performs final well-formedness checks and resets the
       * parser to a clean state.
       *
       * @returns this
       */
      end() {
        var _a, _b;
        if (!this.sawRoot) {
          this.fail("document must contain a root element.");
        }
        const { tags: tags3 } = this;
        while (tags3.length > 0) {
          const tag2 = tags3.pop();
          this.fail(`unclosed tag: ${tag2.name}`);
        }
        if (this.state !== S_BEGIN && this.state !== S_TEXT) {
          this.fail("unexpected end.");
        }
        const { text: text3 } = this;
        if (text3.length !== 0) {
          (_a = this.textHandler) === null || _a === void 0 ? void 0 : _a.call(this, text3);
          this.text = "";
        }
        this._closed = true;
        (_b = this.endHandler) === null || _b === void 0 ? void 0 : _b.call(this);
        this._init();
        return this;
      }
      /**
       * Resolve a namespace prefix.
       *
       * @param prefix The prefix to resolve.
       *
       * @returns The namespace URI or ``undefined`` if the prefix is not defined.
       */
      resolve(prefix2) {
        var _a, _b;
        let uri = this.topNS[prefix2];
        if (uri !== void 0) {
          return uri;
        }
        const { tags: tags3 } = this;
        for (let index = tags3.length - 1; index >= 0; index--) {
          uri = tags3[index].ns[prefix2];
          if (uri !== void 0) {
            return uri;
          }
        }
        uri = this.ns[prefix2];
        if (uri !== void 0) {
          return uri;
        }
        return (_b = (_a = this.opt).resolvePrefix) === null || _b === void 0 ? void 0 : _b.call(_a, prefix2);
      }
      /**
       * Parse a qname into its prefix and local name parts.
       *
       * @param name The name to parse
       *
       * @returns
       */
      qname(name) {
        const colon = name.indexOf(":");
        if (colon === -1) {
          return { prefix: "", local: name };
        }
        const local = name.slice(colon + 1);
        const prefix2 = name.slice(0, colon);
        if (prefix2 === "" || local === "" || local.includes(":")) {
          this.fail(`malformed name: ${name}.`);
        }
        return { prefix: prefix2, local };
      }
      processAttribsNS() {
        var _a;
        const { attribList } = this;
        const tag2 = this.tag;
        {
          const { prefix: prefix2, local } = this.qname(tag2.name);
          tag2.prefix = prefix2;
          tag2.local = local;
          const uri = tag2.uri = (_a = this.resolve(prefix2)) !== null && _a !== void 0 ? _a : "";
          if (prefix2 !== "") {
            if (prefix2 === "xmlns") {
              this.fail('tags may not have "xmlns" as prefix.');
            }
            if (uri === "") {
              this.fail(`unbound namespace prefix: ${JSON.stringify(prefix2)}.`);
              tag2.uri = prefix2;
            }
          }
        }
        if (attribList.length === 0) {
          return;
        }
        const { attributes } = tag2;
        const seen = /* @__PURE__ */ new Set();
        for (const attr of attribList) {
          const { name, prefix: prefix2, local } = attr;
          let uri;
          let eqname;
          if (prefix2 === "") {
            uri = name === "xmlns" ? XMLNS_NAMESPACE : "";
            eqname = name;
          } else {
            uri = this.resolve(prefix2);
            if (uri === void 0) {
              this.fail(`unbound namespace prefix: ${JSON.stringify(prefix2)}.`);
              uri = prefix2;
            }
            eqname = `{${uri}}${local}`;
          }
          if (seen.has(eqname)) {
            this.fail(`duplicate attribute: ${eqname}.`);
          }
          seen.add(eqname);
          attr.uri = uri;
          attributes[name] = attr;
        }
        this.attribList = [];
      }
      processAttribsPlain() {
        const { attribList } = this;
        const attributes = this.tag.attributes;
        for (const { name, value } of attribList) {
          if (attributes[name] !== void 0) {
            this.fail(`duplicate attribute: ${name}.`);
          }
          attributes[name] = value;
        }
        this.attribList = [];
      }
      /**
       * Handle a complete open tag. This parser code calls this once it has seen
       * the whole tag. This method checks for well-formeness and then emits
       * ``onopentag``.
       */
      openTag() {
        var _a;
        this.processAttribs();
        const { tags: tags3 } = this;
        const tag2 = this.tag;
        tag2.isSelfClosing = false;
        (_a = this.openTagHandler) === null || _a === void 0 ? void 0 : _a.call(this, tag2);
        tags3.push(tag2);
        this.state = S_TEXT;
        this.name = "";
      }
      /**
       * Handle a complete self-closing tag. This parser code calls this once it has
       * seen the whole tag. This method checks for well-formeness and then emits
       * ``onopentag`` and ``onclosetag``.
       */
      openSelfClosingTag() {
        var _a, _b, _c;
        this.processAttribs();
        const { tags: tags3 } = this;
        const tag2 = this.tag;
        tag2.isSelfClosing = true;
        (_a = this.openTagHandler) === null || _a === void 0 ? void 0 : _a.call(this, tag2);
        (_b = this.closeTagHandler) === null || _b === void 0 ? void 0 : _b.call(this, tag2);
        const top = this.tag = (_c = tags3[tags3.length - 1]) !== null && _c !== void 0 ? _c : null;
        if (top === null) {
          this.closedRoot = true;
        }
        this.state = S_TEXT;
        this.name = "";
      }
      /**
       * Handle a complete close tag. This parser code calls this once it has seen
       * the whole tag. This method checks for well-formeness and then emits
       * ``onclosetag``.
       */
      closeTag() {
        const { tags: tags3, name } = this;
        this.state = S_TEXT;
        this.name = "";
        if (name === "") {
          this.fail("weird empty close tag.");
          this.text += "</>";
          return;
        }
        const handler = this.closeTagHandler;
        let l = tags3.length;
        while (l-- > 0) {
          const tag2 = this.tag = tags3.pop();
          this.topNS = tag2.ns;
          handler === null || handler === void 0 ? void 0 : handler(tag2);
          if (tag2.name === name) {
            break;
          }
          this.fail("unexpected close tag.");
        }
        if (l === 0) {
          this.closedRoot = true;
        } else if (l < 0) {
          this.fail(`unmatched closing tag: ${name}.`);
          this.text += `</${name}>`;
        }
      }
      /**
       * Resolves an entity. Makes any necessary well-formedness checks.
       *
       * @param entity The entity to resolve.
       *
       * @returns The parsed entity.
       */
      parseEntity(entity) {
        if (entity[0] !== "#") {
          const defined = this.ENTITIES[entity];
          if (defined !== void 0) {
            return defined;
          }
          this.fail(this.isName(entity) ? "undefined entity." : "disallowed character in entity name.");
          return `&${entity};`;
        }
        let num = NaN;
        if (entity[1] === "x" && /^#x[0-9a-f]+$/i.test(entity)) {
          num = parseInt(entity.slice(2), 16);
        } else if (/^#[0-9]+$/.test(entity)) {
          num = parseInt(entity.slice(1), 10);
        }
        if (!this.isChar(num)) {
          this.fail("malformed character entity.");
          return `&${entity};`;
        }
        return String.fromCodePoint(num);
      }
    };
    exports2.SaxesParser = SaxesParser3;
  }
});

// node_modules/pend/index.js
var require_pend = __commonJS({
  "node_modules/pend/index.js"(exports2, module2) {
    module2.exports = Pend;
    function Pend() {
      this.pending = 0;
      this.max = Infinity;
      this.listeners = [];
      this.waiting = [];
      this.error = null;
    }
    Pend.prototype.go = function(fn) {
      if (this.pending < this.max) {
        pendGo(this, fn);
      } else {
        this.waiting.push(fn);
      }
    };
    Pend.prototype.wait = function(cb) {
      if (this.pending === 0) {
        cb(this.error);
      } else {
        this.listeners.push(cb);
      }
    };
    Pend.prototype.hold = function() {
      return pendHold(this);
    };
    function pendHold(self) {
      self.pending += 1;
      var called = false;
      return onCb;
      function onCb(err) {
        if (called) throw new Error("callback called twice");
        called = true;
        self.error = self.error || err;
        self.pending -= 1;
        if (self.waiting.length > 0 && self.pending < self.max) {
          pendGo(self, self.waiting.shift());
        } else if (self.pending === 0) {
          var listeners = self.listeners;
          self.listeners = [];
          listeners.forEach(cbListener);
        }
      }
      function cbListener(listener) {
        listener(self.error);
      }
    }
    function pendGo(self, fn) {
      fn(pendHold(self));
    }
  }
});

// node_modules/yauzl/fd-slicer.js
var require_fd_slicer = __commonJS({
  "node_modules/yauzl/fd-slicer.js"(exports2) {
    var fs = require("fs");
    var util = require("util");
    var stream = require("stream");
    var Readable3 = stream.Readable;
    var PassThrough = stream.PassThrough;
    var Pend = require_pend();
    var EventEmitter = require("events").EventEmitter;
    exports2.BufferSlicer = BufferSlicer;
    exports2.FdSlicer = FdSlicer;
    util.inherits(FdSlicer, EventEmitter);
    function FdSlicer(fd) {
      EventEmitter.call(this);
      this.fd = fd;
      this.pend = new Pend();
      this.pend.max = 1;
      this.refCount = 0;
    }
    FdSlicer.prototype.read = function(buffer, offset, length3, position2, callback) {
      var self = this;
      self.pend.go(function(cb) {
        fs.read(self.fd, buffer, offset, length3, position2, function(err, bytesRead, buffer2) {
          cb();
          callback(err, bytesRead, buffer2);
        });
      });
    };
    FdSlicer.prototype.createReadStream = function(options2) {
      return new ReadStream(this, options2);
    };
    FdSlicer.prototype.ref = function() {
      this.refCount += 1;
    };
    FdSlicer.prototype.unref = function() {
      var self = this;
      self.refCount -= 1;
      if (self.refCount < 0) throw new Error("invalid unref");
      if (self.refCount > 0) return;
      fs.close(self.fd, onCloseDone);
      function onCloseDone(err) {
        if (err) {
          self.emit("error", err);
        } else {
          self.emit("close");
        }
      }
    };
    util.inherits(ReadStream, Readable3);
    function ReadStream(context, options2) {
      options2 = options2 || {};
      Readable3.call(this, options2);
      this.context = context;
      this.context.ref();
      this.start = options2.start || 0;
      this.endOffset = options2.end;
      this.pos = this.start;
    }
    ReadStream.prototype._read = function(n) {
      var self = this;
      var toRead = Math.min(self._readableState.highWaterMark, n);
      if (self.endOffset != null) {
        toRead = Math.min(toRead, self.endOffset - self.pos);
      }
      if (toRead <= 0) {
        self.push(null);
        this._cleanup();
        return;
      }
      self.context.pend.go(function(cb) {
        var buffer = Buffer.allocUnsafe(toRead);
        fs.read(self.context.fd, buffer, 0, toRead, self.pos, function(err, bytesRead) {
          if (err) {
            self.destroy(err);
          } else if (bytesRead === 0) {
            self.push(null);
            self._cleanup();
          } else {
            self.pos += bytesRead;
            self.push(buffer.slice(0, bytesRead));
          }
          cb();
        });
      });
    };
    ReadStream.prototype._destroy = function(err, cb) {
      this._cleanup();
      cb(err);
    };
    ReadStream.prototype._cleanup = function() {
      if (this.context != null) {
        this.context.unref();
        this.context = null;
      }
    };
    util.inherits(BufferSlicer, EventEmitter);
    function BufferSlicer(buffer) {
      EventEmitter.call(this);
      this.refCount = 0;
      this.buffer = buffer;
    }
    BufferSlicer.prototype.read = function(buffer, offset, length3, position2, callback) {
      if (!(0 <= offset && offset <= buffer.length)) throw new RangeError("offset outside buffer: 0 <= " + offset + " <= " + buffer.length);
      if (position2 < 0) throw new RangeError("position is negative: " + position2);
      if (offset + length3 > buffer.length) {
        length3 = buffer.length - offset;
      }
      if (position2 + length3 > this.buffer.length) {
        length3 = this.buffer.length - position2;
      }
      if (length3 <= 0) {
        setImmediate(function() {
          callback(null, 0);
        });
        return;
      }
      this.buffer.copy(buffer, offset, position2, position2 + length3);
      setImmediate(function() {
        callback(null, length3);
      });
    };
    BufferSlicer.prototype.createReadStream = function(options2) {
      options2 = options2 || {};
      var readStream = new PassThrough(options2);
      readStream.start = options2.start || 0;
      readStream.endOffset = options2.end;
      readStream.pos = readStream.endOffset || this.buffer.length;
      var entireSlice = this.buffer.slice(readStream.start, readStream.pos);
      var maxChunkSize = 65536;
      var offset = 0;
      while (true) {
        var nextOffset = offset + maxChunkSize;
        if (nextOffset >= entireSlice.length) {
          if (offset < entireSlice.length) {
            readStream.write(entireSlice.slice(offset, entireSlice.length));
          }
          break;
        }
        readStream.write(entireSlice.slice(offset, nextOffset));
        offset = nextOffset;
      }
      readStream.end();
      return readStream;
    };
    BufferSlicer.prototype.ref = function() {
      this.refCount += 1;
    };
    BufferSlicer.prototype.unref = function() {
      this.refCount -= 1;
      if (this.refCount < 0) {
        throw new Error("invalid unref");
      }
    };
  }
});

// node_modules/yauzl/crc32.js
var require_crc32 = __commonJS({
  "node_modules/yauzl/crc32.js"(exports2, module2) {
    var CRC_TABLE = new Int32Array([
      0,
      1996959894,
      3993919788,
      2567524794,
      124634137,
      1886057615,
      3915621685,
      2657392035,
      249268274,
      2044508324,
      3772115230,
      2547177864,
      162941995,
      2125561021,
      3887607047,
      2428444049,
      498536548,
      1789927666,
      4089016648,
      2227061214,
      450548861,
      1843258603,
      4107580753,
      2211677639,
      325883990,
      1684777152,
      4251122042,
      2321926636,
      335633487,
      1661365465,
      4195302755,
      2366115317,
      997073096,
      1281953886,
      3579855332,
      2724688242,
      1006888145,
      1258607687,
      3524101629,
      2768942443,
      901097722,
      1119000684,
      3686517206,
      2898065728,
      853044451,
      1172266101,
      3705015759,
      2882616665,
      651767980,
      1373503546,
      3369554304,
      3218104598,
      565507253,
      1454621731,
      3485111705,
      3099436303,
      671266974,
      1594198024,
      3322730930,
      2970347812,
      795835527,
      1483230225,
      3244367275,
      3060149565,
      1994146192,
      31158534,
      2563907772,
      4023717930,
      1907459465,
      112637215,
      2680153253,
      3904427059,
      2013776290,
      251722036,
      2517215374,
      3775830040,
      2137656763,
      141376813,
      2439277719,
      3865271297,
      1802195444,
      476864866,
      2238001368,
      4066508878,
      1812370925,
      453092731,
      2181625025,
      4111451223,
      1706088902,
      314042704,
      2344532202,
      4240017532,
      1658658271,
      366619977,
      2362670323,
      4224994405,
      1303535960,
      984961486,
      2747007092,
      3569037538,
      1256170817,
      1037604311,
      2765210733,
      3554079995,
      1131014506,
      879679996,
      2909243462,
      3663771856,
      1141124467,
      855842277,
      2852801631,
      3708648649,
      1342533948,
      654459306,
      3188396048,
      3373015174,
      1466479909,
      544179635,
      3110523913,
      3462522015,
      1591671054,
      702138776,
      2966460450,
      3352799412,
      1504918807,
      783551873,
      3082640443,
      3233442989,
      3988292384,
      2596254646,
      62317068,
      1957810842,
      3939845945,
      2647816111,
      81470997,
      1943803523,
      3814918930,
      2489596804,
      225274430,
      2053790376,
      3826175755,
      2466906013,
      167816743,
      2097651377,
      4027552580,
      2265490386,
      503444072,
      1762050814,
      4150417245,
      2154129355,
      426522225,
      1852507879,
      4275313526,
      2312317920,
      282753626,
      1742555852,
      4189708143,
      2394877945,
      397917763,
      1622183637,
      3604390888,
      2714866558,
      953729732,
      1340076626,
      3518719985,
      2797360999,
      1068828381,
      1219638859,
      3624741850,
      2936675148,
      906185462,
      1090812512,
      3747672003,
      2825379669,
      829329135,
      1181335161,
      3412177804,
      3160834842,
      628085408,
      1382605366,
      3423369109,
      3138078467,
      570562233,
      1426400815,
      3317316542,
      2998733608,
      733239954,
      1555261956,
      3268935591,
      3050360625,
      752459403,
      1541320221,
      2607071920,
      3965973030,
      1969922972,
      40735498,
      2617837225,
      3943577151,
      1913087877,
      83908371,
      2512341634,
      3803740692,
      2075208622,
      213261112,
      2463272603,
      3855990285,
      2094854071,
      198958881,
      2262029012,
      4057260610,
      1759359992,
      534414190,
      2176718541,
      4139329115,
      1873836001,
      414664567,
      2282248934,
      4279200368,
      1711684554,
      285281116,
      2405801727,
      4167216745,
      1634467795,
      376229701,
      2685067896,
      3608007406,
      1308918612,
      956543938,
      2808555105,
      3495958263,
      1231636301,
      1047427035,
      2932959818,
      3654703836,
      1088359270,
      936918e3,
      2847714899,
      3736837829,
      1202900863,
      817233897,
      3183342108,
      3401237130,
      1404277552,
      615818150,
      3134207493,
      3453421203,
      1423857449,
      601450431,
      3009837614,
      3294710456,
      1567103746,
      711928724,
      3020668471,
      3272380065,
      1510334235,
      755167117
    ]);
    function crc323(buf) {
      let crc = -1;
      for (let x of buf) {
        crc = CRC_TABLE[(crc ^ x) & 255] ^ crc >>> 8;
      }
      return (crc ^ -1) >>> 0;
    }
    module2.exports = crc323;
  }
});

// node_modules/yauzl/index.js
var require_yauzl = __commonJS({
  "node_modules/yauzl/index.js"(exports2) {
    var fs = require("fs");
    var zlib = require("zlib");
    var fd_slicer = require_fd_slicer();
    var util = require("util");
    var EventEmitter = require("events").EventEmitter;
    var Transform = require("stream").Transform;
    var PassThrough = require("stream").PassThrough;
    var Writable = require("stream").Writable;
    var crc323 = typeof zlib.crc32 === "function" ? zlib.crc32 : require_crc32();
    exports2.open = open3;
    exports2.fromFd = fromFd;
    exports2.fromBuffer = fromBuffer;
    exports2.fromRandomAccessReader = fromRandomAccessReader;
    exports2.openPromise = openPromise;
    exports2.fromFdPromise = fromFdPromise;
    exports2.fromBufferPromise = fromBufferPromise;
    exports2.fromRandomAccessReaderPromise = fromRandomAccessReaderPromise2;
    exports2.dosDateTimeToDate = dosDateTimeToDate;
    exports2.getFileNameLowLevel = getFileNameLowLevel;
    exports2.validateFileName = validateFileName;
    exports2.parseExtraFields = parseExtraFields;
    exports2.ZipFile = ZipFile;
    exports2.Entry = Entry;
    exports2.LocalFileHeader = LocalFileHeader;
    exports2.RandomAccessReader = RandomAccessReader2;
    function openPromise(path, options2) {
      return new Promise((resolve2, reject) => {
        open3(path, { ...options2, lazyEntries: true }, function(err, zipfile) {
          if (err) return reject(err);
          resolve2(zipfile);
        });
      });
    }
    function fromFdPromise(fd, options2) {
      return new Promise((resolve2, reject) => {
        fromFd(fd, { ...options2, lazyEntries: true }, function(err, zipfile) {
          if (err) return reject(err);
          resolve2(zipfile);
        });
      });
    }
    function fromBufferPromise(buffer, options2) {
      return new Promise((resolve2, reject) => {
        fromBuffer(buffer, { ...options2, lazyEntries: true }, function(err, zipfile) {
          if (err) return reject(err);
          resolve2(zipfile);
        });
      });
    }
    function fromRandomAccessReaderPromise2(reader, totalSize, options2) {
      return new Promise((resolve2, reject) => {
        fromRandomAccessReader(reader, totalSize, { ...options2, lazyEntries: true }, function(err, zipfile) {
          if (err) return reject(err);
          resolve2(zipfile);
        });
      });
    }
    function open3(path, options2, callback) {
      if (typeof options2 === "function") {
        callback = options2;
        options2 = null;
      }
      if (options2 == null) options2 = {};
      if (options2.autoClose == null) options2.autoClose = true;
      if (options2.lazyEntries == null) options2.lazyEntries = false;
      if (options2.decodeStrings == null) options2.decodeStrings = true;
      if (options2.validateEntrySizes == null) options2.validateEntrySizes = true;
      if (options2.strictFileNames == null) options2.strictFileNames = false;
      if (callback == null) callback = defaultCallback;
      fs.open(path, "r", function(err, fd) {
        if (err) return callback(err);
        fromFd(fd, options2, function(err2, zipfile) {
          if (err2) fs.close(fd, defaultCallback);
          callback(err2, zipfile);
        });
      });
    }
    function fromFd(fd, options2, callback) {
      if (typeof options2 === "function") {
        callback = options2;
        options2 = null;
      }
      if (options2 == null) options2 = {};
      if (options2.autoClose == null) options2.autoClose = false;
      if (options2.lazyEntries == null) options2.lazyEntries = false;
      if (options2.decodeStrings == null) options2.decodeStrings = true;
      if (options2.validateEntrySizes == null) options2.validateEntrySizes = true;
      if (options2.strictFileNames == null) options2.strictFileNames = false;
      if (callback == null) callback = defaultCallback;
      fs.fstat(fd, function(err, stats) {
        if (err) return callback(err);
        var reader = new fd_slicer.FdSlicer(fd);
        fromRandomAccessReader(reader, stats.size, options2, callback);
      });
    }
    function fromBuffer(buffer, options2, callback) {
      if (typeof options2 === "function") {
        callback = options2;
        options2 = null;
      }
      if (options2 == null) options2 = {};
      options2.autoClose = false;
      if (options2.lazyEntries == null) options2.lazyEntries = false;
      if (options2.decodeStrings == null) options2.decodeStrings = true;
      if (options2.validateEntrySizes == null) options2.validateEntrySizes = true;
      if (options2.strictFileNames == null) options2.strictFileNames = false;
      var reader = new fd_slicer.BufferSlicer(buffer);
      fromRandomAccessReader(reader, buffer.length, options2, callback);
    }
    function fromRandomAccessReader(reader, totalSize, options2, callback) {
      if (typeof options2 === "function") {
        callback = options2;
        options2 = null;
      }
      if (options2 == null) options2 = {};
      if (options2.autoClose == null) options2.autoClose = true;
      if (options2.lazyEntries == null) options2.lazyEntries = false;
      if (options2.decodeStrings == null) options2.decodeStrings = true;
      var decodeStrings = !!options2.decodeStrings;
      if (options2.validateEntrySizes == null) options2.validateEntrySizes = true;
      if (options2.strictFileNames == null) options2.strictFileNames = false;
      if (callback == null) callback = defaultCallback;
      if (typeof totalSize !== "number") throw new Error("expected totalSize parameter to be a number");
      if (totalSize > Number.MAX_SAFE_INTEGER) {
        throw new Error("zip file too large. only file sizes up to 2^52 are supported due to JavaScript's Number type being an IEEE 754 double.");
      }
      reader.ref();
      var eocdrWithoutCommentSize = 22;
      var zip64EocdlSize = 20;
      var maxCommentSize = 65535;
      var bufferSize = Math.min(zip64EocdlSize + eocdrWithoutCommentSize + maxCommentSize, totalSize);
      var buffer = newBuffer(bufferSize);
      var bufferReadStart = totalSize - buffer.length;
      readAndAssertNoEof(reader, buffer, 0, bufferSize, bufferReadStart, function(err) {
        if (err) return callback(err);
        for (var i = bufferSize - eocdrWithoutCommentSize; i >= 0; i -= 1) {
          if (buffer.readUInt32LE(i) !== 101010256) continue;
          var eocdrBuffer = buffer.subarray(i);
          var diskNumber = eocdrBuffer.readUInt16LE(4);
          var entryCount = eocdrBuffer.readUInt16LE(10);
          var centralDirectoryOffset = eocdrBuffer.readUInt32LE(16);
          var commentLength = eocdrBuffer.readUInt16LE(20);
          var expectedCommentLength = eocdrBuffer.length - eocdrWithoutCommentSize;
          if (commentLength !== expectedCommentLength) {
            return callback(new Error("Invalid comment length. Expected: " + expectedCommentLength + ". Found: " + commentLength + ". Are there extra bytes at the end of the file? Or is the end of central dir signature `PK\u263A\u263B` in the comment?"));
          }
          var comment = decodeStrings ? decodeBuffer(eocdrBuffer.subarray(22), false) : eocdrBuffer.subarray(22);
          if (i - zip64EocdlSize >= 0 && buffer.readUInt32LE(i - zip64EocdlSize) === 117853008) {
            var zip64EocdlBuffer = buffer.subarray(i - zip64EocdlSize, i - zip64EocdlSize + zip64EocdlSize);
            var zip64EocdrOffset = readUInt64LE(zip64EocdlBuffer, 8);
            var zip64EocdrBuffer = newBuffer(56);
            return readAndAssertNoEof(reader, zip64EocdrBuffer, 0, zip64EocdrBuffer.length, zip64EocdrOffset, function(err2) {
              if (err2) return callback(err2);
              if (zip64EocdrBuffer.readUInt32LE(0) !== 101075792) {
                return callback(new Error("invalid zip64 end of central directory record signature"));
              }
              diskNumber = zip64EocdrBuffer.readUInt32LE(16);
              if (diskNumber !== 0) {
                return callback(new Error("multi-disk zip files are not supported: found disk number: " + diskNumber));
              }
              entryCount = readUInt64LE(zip64EocdrBuffer, 32);
              centralDirectoryOffset = readUInt64LE(zip64EocdrBuffer, 48);
              return callback(null, new ZipFile(reader, centralDirectoryOffset, totalSize, entryCount, comment, options2.autoClose, options2.lazyEntries, decodeStrings, options2.validateEntrySizes, options2.strictFileNames));
            });
          }
          if (diskNumber !== 0) {
            return callback(new Error("multi-disk zip files are not supported: found disk number: " + diskNumber));
          }
          return callback(null, new ZipFile(reader, centralDirectoryOffset, totalSize, entryCount, comment, options2.autoClose, options2.lazyEntries, decodeStrings, options2.validateEntrySizes, options2.strictFileNames));
        }
        callback(new Error("End of central directory record signature not found. Either not a zip file, or file is truncated."));
      });
    }
    util.inherits(ZipFile, EventEmitter);
    function ZipFile(reader, centralDirectoryOffset, fileSize, entryCount, comment, autoClose, lazyEntries, decodeStrings, validateEntrySizes, strictFileNames) {
      var self = this;
      EventEmitter.call(self);
      self.reader = reader;
      self.reader.on("error", function(err) {
        emitError(self, err);
      });
      self.reader.once("close", function() {
        self.emit("close");
      });
      self.readEntryCursor = centralDirectoryOffset;
      self.fileSize = fileSize;
      self.entryCount = entryCount;
      self.comment = comment;
      self.entriesRead = 0;
      self.autoClose = !!autoClose;
      self.lazyEntries = !!lazyEntries;
      self.decodeStrings = !!decodeStrings;
      self.validateEntrySizes = !!validateEntrySizes;
      self.strictFileNames = !!strictFileNames;
      self.isOpen = true;
      self.emittedError = false;
      self.hasEachEntryBeenCalled = false;
      if (!self.lazyEntries) self._readEntry();
    }
    ZipFile.prototype.close = function() {
      if (!this.isOpen) return;
      this.isOpen = false;
      this.reader.unref();
    };
    function emitErrorAndAutoClose(self, err) {
      if (self.autoClose) self.close();
      emitError(self, err);
    }
    function emitError(self, err) {
      if (self.emittedError) return;
      self.emittedError = true;
      self.emit("error", err);
    }
    ZipFile.prototype.readEntry = function() {
      if (!this.lazyEntries) throw new Error("readEntry() called without lazyEntries:true");
      this._readEntry();
    };
    ZipFile.prototype._readEntry = function() {
      var self = this;
      if (self.entryCount === self.entriesRead) {
        setImmediate(function() {
          if (self.autoClose) self.close();
          if (self.emittedError) return;
          self.emit("end");
        });
        return;
      }
      if (self.emittedError) return;
      var buffer = newBuffer(46);
      readAndAssertNoEof(self.reader, buffer, 0, buffer.length, self.readEntryCursor, function(err) {
        if (err) return emitErrorAndAutoClose(self, err);
        if (self.emittedError) return;
        var entry2 = new Entry();
        var signature2 = buffer.readUInt32LE(0);
        if (signature2 !== 33639248) return emitErrorAndAutoClose(self, new Error("invalid central directory file header signature: 0x" + signature2.toString(16)));
        entry2.versionMadeBy = buffer.readUInt16LE(4);
        entry2.versionNeededToExtract = buffer.readUInt16LE(6);
        entry2.generalPurposeBitFlag = buffer.readUInt16LE(8);
        entry2.compressionMethod = buffer.readUInt16LE(10);
        entry2.lastModFileTime = buffer.readUInt16LE(12);
        entry2.lastModFileDate = buffer.readUInt16LE(14);
        entry2.crc32 = buffer.readUInt32LE(16);
        entry2.compressedSize = buffer.readUInt32LE(20);
        entry2.uncompressedSize = buffer.readUInt32LE(24);
        entry2.fileNameLength = buffer.readUInt16LE(28);
        entry2.extraFieldLength = buffer.readUInt16LE(30);
        entry2.fileCommentLength = buffer.readUInt16LE(32);
        entry2.internalFileAttributes = buffer.readUInt16LE(36);
        entry2.externalFileAttributes = buffer.readUInt32LE(38);
        entry2.relativeOffsetOfLocalHeader = buffer.readUInt32LE(42);
        if (entry2.generalPurposeBitFlag & 64) return emitErrorAndAutoClose(self, new Error("strong encryption is not supported"));
        self.readEntryCursor += 46;
        buffer = newBuffer(entry2.fileNameLength + entry2.extraFieldLength + entry2.fileCommentLength);
        readAndAssertNoEof(self.reader, buffer, 0, buffer.length, self.readEntryCursor, function(err2) {
          if (err2) return emitErrorAndAutoClose(self, err2);
          if (self.emittedError) return;
          entry2.fileNameRaw = buffer.subarray(0, entry2.fileNameLength);
          var fileCommentStart = entry2.fileNameLength + entry2.extraFieldLength;
          entry2.extraFieldRaw = buffer.subarray(entry2.fileNameLength, fileCommentStart);
          entry2.fileCommentRaw = buffer.subarray(fileCommentStart, fileCommentStart + entry2.fileCommentLength);
          try {
            entry2.extraFields = parseExtraFields(entry2.extraFieldRaw);
          } catch (err3) {
            return emitErrorAndAutoClose(self, err3);
          }
          if (self.decodeStrings) {
            var isUtf8 = (entry2.generalPurposeBitFlag & 2048) !== 0;
            entry2.fileComment = decodeBuffer(entry2.fileCommentRaw, isUtf8);
            entry2.fileName = getFileNameLowLevel(entry2.generalPurposeBitFlag, entry2.fileNameRaw, entry2.extraFields, self.strictFileNames);
            var errorMessage = validateFileName(entry2.fileName);
            if (errorMessage != null) return emitErrorAndAutoClose(self, new Error(errorMessage));
          } else {
            entry2.fileComment = entry2.fileCommentRaw;
            entry2.fileName = entry2.fileNameRaw;
          }
          entry2.comment = entry2.fileComment;
          self.readEntryCursor += buffer.length;
          self.entriesRead += 1;
          for (var i = 0; i < entry2.extraFields.length; i++) {
            var extraField = entry2.extraFields[i];
            if (extraField.id !== 1) continue;
            var zip64EiefBuffer = extraField.data;
            var index = 0;
            if (entry2.uncompressedSize === 4294967295) {
              if (index + 8 > zip64EiefBuffer.length) {
                return emitErrorAndAutoClose(self, new Error("zip64 extended information extra field does not include uncompressed size"));
              }
              entry2.uncompressedSize = readUInt64LE(zip64EiefBuffer, index);
              index += 8;
            }
            if (entry2.compressedSize === 4294967295) {
              if (index + 8 > zip64EiefBuffer.length) {
                return emitErrorAndAutoClose(self, new Error("zip64 extended information extra field does not include compressed size"));
              }
              entry2.compressedSize = readUInt64LE(zip64EiefBuffer, index);
              index += 8;
            }
            if (entry2.relativeOffsetOfLocalHeader === 4294967295) {
              if (index + 8 > zip64EiefBuffer.length) {
                return emitErrorAndAutoClose(self, new Error("zip64 extended information extra field does not include relative header offset"));
              }
              entry2.relativeOffsetOfLocalHeader = readUInt64LE(zip64EiefBuffer, index);
              index += 8;
            }
            break;
          }
          if (self.validateEntrySizes && entry2.compressionMethod === 0) {
            var expectedCompressedSize = entry2.uncompressedSize;
            if (entry2.isEncrypted()) {
              expectedCompressedSize += 12;
            }
            if (entry2.compressedSize !== expectedCompressedSize) {
              var msg = "compressed/uncompressed size mismatch for stored file: " + entry2.compressedSize + " != " + entry2.uncompressedSize;
              return emitErrorAndAutoClose(self, new Error(msg));
            }
          }
          self.emit("entry", entry2);
          if (!self.lazyEntries) self._readEntry();
        });
      });
    };
    ZipFile.prototype.eachEntry = function() {
      const self = this;
      if (!self.lazyEntries) throw new Error("eachEntry() requires lazyEntries: true");
      if (self.hasEachEntryBeenCalled) throw new Error("eachEntry() must only be called once per ZipFile");
      self.hasEachEntryBeenCalled = true;
      let pendingResolveReject = null;
      self.on("entry", onEntry);
      self.on("end", onEnd);
      self.on("error", onError);
      function cleanup() {
        self.removeListener("entry", onEntry);
        self.removeListener("end", onEnd);
        self.removeListener("error", onError);
        if (self.autoClose) self.close();
      }
      function onEntry(entry2) {
        let { resolve: resolve2 } = pendingResolveReject;
        pendingResolveReject = null;
        resolve2({ value: entry2 });
      }
      function onEnd() {
        let { resolve: resolve2 } = pendingResolveReject;
        pendingResolveReject = null;
        cleanup();
        resolve2({ done: true });
      }
      function onError(err) {
        let { reject } = pendingResolveReject;
        pendingResolveReject = null;
        cleanup();
        reject(err);
      }
      return {
        [Symbol.asyncIterator]() {
          return this;
        },
        next() {
          const promise = new Promise((resolve2, reject) => {
            if (pendingResolveReject != null) throw new Error("next() called before previous Promise was resolved.");
            pendingResolveReject = { resolve: resolve2, reject };
          });
          self.readEntry();
          return promise;
        },
        return(value) {
          cleanup();
          return Promise.resolve({ done: true, value });
        },
        throw(value) {
          cleanup();
          return Promise.reject(value);
        }
      };
    };
    ZipFile.prototype.openReadStream = function(entry2, options2, callback) {
      var self = this;
      var relativeStart = 0;
      var relativeEnd = entry2.compressedSize;
      if (callback == null) {
        callback = options2;
        options2 = null;
      }
      if (options2 == null) {
        options2 = {};
      } else {
        if (options2.decodeFileData === false) {
          if (options2.decrypt != null) {
            throw new Error("cannot use options.decrypt when options.decodeFileData === false");
          }
          if (options2.decompress != null) {
            throw new Error("cannot use options.decompress when options.decodeFileData === false");
          }
        } else {
          if (options2.decrypt != null) {
            if (!entry2.isEncrypted()) {
              throw new Error("options.decrypt can only be specified for encrypted entries. See also option decodeFileData.");
            }
            if (options2.decrypt !== false) throw new Error("invalid options.decrypt value: " + options2.decrypt);
            if (entry2.isCompressed()) {
              if (options2.decompress !== false) throw new Error("entry is encrypted and compressed, and options.decompress !== false. See also option decodeFileData.");
            }
          }
          if (options2.decompress != null) {
            if (!entry2.isCompressed()) {
              throw new Error("options.decompress can only be specified for compressed entries. See also option decodeFileData.");
            }
            if (!(options2.decompress === false || options2.decompress === true)) {
              throw new Error("invalid options.decompress value: " + options2.decompress);
            }
            decompress = options2.decompress;
          }
        }
        if (options2.start != null) {
          relativeStart = options2.start;
          if (relativeStart < 0) throw new Error("options.start < 0");
          if (relativeStart > entry2.compressedSize) throw new Error("options.start > entry.compressedSize");
        }
        if (options2.end != null) {
          relativeEnd = options2.end;
          if (relativeEnd < 0) throw new Error("options.end < 0");
          if (relativeEnd > entry2.compressedSize) throw new Error("options.end > entry.compressedSize");
          if (relativeEnd < relativeStart) throw new Error("options.end < options.start");
        }
      }
      var rawMode = options2.decodeFileData === false || // Explicitly requested raw.
      (entry2.compressionMethod === 0 || // Naturally without compression.
      entry2.compressionMethod === 8 && options2.decompress === false) && (!entry2.isEncrypted() || // Naturally without encryption.
      options2.decrypt === false);
      if (options2.start != null || options2.end != null) {
        if (!rawMode) throw new Error("start/end range require options.decodeFileData === false for non-trivial encoded entries.");
      }
      if (!self.isOpen) return callback(new Error("closed"));
      if (entry2.isEncrypted() && !rawMode) {
        if (options2.decrypt !== false) return callback(new Error("entry is encrypted, and options.decodeFileData !== false"));
      }
      var decompress;
      if (rawMode) {
        decompress = false;
      } else if (entry2.compressionMethod === 8) {
        decompress = options2.decodeFileData !== true;
      } else {
        return callback(new Error("unsupported compression method: " + entry2.compressionMethod));
      }
      self.readLocalFileHeader(entry2, { minimal: true }, function(err, localFileHeader) {
        if (err) return callback(err);
        self.openReadStreamLowLevel(
          localFileHeader.fileDataStart,
          entry2.compressedSize,
          relativeStart,
          relativeEnd,
          decompress,
          entry2.uncompressedSize,
          callback
        );
      });
    };
    ZipFile.prototype.openReadStreamLowLevel = function(fileDataStart, compressedSize, relativeStart, relativeEnd, decompress, uncompressedSize, callback) {
      var self = this;
      var fileDataEnd = fileDataStart + compressedSize;
      var readStream = self.reader.createReadStream({
        start: fileDataStart + relativeStart,
        end: fileDataStart + relativeEnd
      });
      var endpointStream = readStream;
      if (decompress) {
        var destroyed = false;
        var inflateFilter = zlib.createInflateRaw();
        readStream.on("error", function(err) {
          setImmediate(function() {
            if (!destroyed) inflateFilter.emit("error", err);
          });
        });
        readStream.pipe(inflateFilter);
        if (self.validateEntrySizes) {
          endpointStream = new AssertByteCountStream(uncompressedSize);
          inflateFilter.on("error", function(err) {
            setImmediate(function() {
              if (!destroyed) endpointStream.emit("error", err);
            });
          });
          inflateFilter.pipe(endpointStream);
        } else {
          endpointStream = inflateFilter;
        }
        installDestroyFn(endpointStream, function() {
          destroyed = true;
          if (inflateFilter !== endpointStream) inflateFilter.unpipe(endpointStream);
          readStream.unpipe(inflateFilter);
          readStream.destroy();
        });
      }
      callback(null, endpointStream);
    };
    ZipFile.prototype.readLocalFileHeader = function(entry2, options2, callback) {
      var self = this;
      if (callback == null) {
        callback = options2;
        options2 = null;
      }
      if (options2 == null) options2 = {};
      self.reader.ref();
      var buffer = newBuffer(30);
      readAndAssertNoEof(self.reader, buffer, 0, buffer.length, entry2.relativeOffsetOfLocalHeader, function(err) {
        try {
          if (err) return callback(err);
          var signature2 = buffer.readUInt32LE(0);
          if (signature2 !== 67324752) {
            return callback(new Error("invalid local file header signature: 0x" + signature2.toString(16)));
          }
          var fileNameLength = buffer.readUInt16LE(26);
          var extraFieldLength = buffer.readUInt16LE(28);
          var fileDataStart = entry2.relativeOffsetOfLocalHeader + 30 + fileNameLength + extraFieldLength;
          if (fileDataStart + entry2.compressedSize > self.fileSize) {
            return callback(new Error("file data overflows file bounds: " + fileDataStart + " + " + entry2.compressedSize + " > " + self.fileSize));
          }
          if (options2.minimal) {
            return callback(null, { fileDataStart });
          }
          var localFileHeader = new LocalFileHeader();
          localFileHeader.fileDataStart = fileDataStart;
          localFileHeader.versionNeededToExtract = buffer.readUInt16LE(4);
          localFileHeader.generalPurposeBitFlag = buffer.readUInt16LE(6);
          localFileHeader.compressionMethod = buffer.readUInt16LE(8);
          localFileHeader.lastModFileTime = buffer.readUInt16LE(10);
          localFileHeader.lastModFileDate = buffer.readUInt16LE(12);
          localFileHeader.crc32 = buffer.readUInt32LE(14);
          localFileHeader.compressedSize = buffer.readUInt32LE(18);
          localFileHeader.uncompressedSize = buffer.readUInt32LE(22);
          localFileHeader.fileNameLength = fileNameLength;
          localFileHeader.extraFieldLength = extraFieldLength;
          buffer = newBuffer(fileNameLength + extraFieldLength);
          self.reader.ref();
          readAndAssertNoEof(self.reader, buffer, 0, buffer.length, entry2.relativeOffsetOfLocalHeader + 30, function(err2) {
            try {
              if (err2) return callback(err2);
              localFileHeader.fileName = buffer.subarray(0, fileNameLength);
              localFileHeader.extraField = buffer.subarray(fileNameLength);
              return callback(null, localFileHeader);
            } finally {
              self.reader.unref();
            }
          });
        } finally {
          self.reader.unref();
        }
      });
    };
    ZipFile.prototype.openReadStreamPromise = function(entry2, options2) {
      return new Promise((resolve2, reject) => {
        this.openReadStream(entry2, options2, function(err, readStream) {
          if (err) return reject(err);
          resolve2(readStream);
        });
      });
    };
    ZipFile.prototype.openReadStreamLowLevelPromise = function(fileDataStart, compressedSize, relativeStart, relativeEnd, decompress, uncompressedSize) {
      return new Promise((resolve2, reject) => {
        this.openReadStream(fileDataStart, compressedSize, relativeStart, relativeEnd, decompress, uncompressedSize, function(err, readStream) {
          if (err) return reject(err);
          resolve2(readStream);
        });
      });
    };
    ZipFile.prototype.readLocalFileHeaderPromise = function(entry2, options2) {
      return new Promise((resolve2, reject) => {
        this.readLocalFileHeader(entry2, options2, function(err, localFileHeader) {
          if (err) return reject(err);
          resolve2(localFileHeader);
        });
      });
    };
    function Entry() {
    }
    Entry.prototype.getLastModDate = function(options2) {
      if (options2 == null) options2 = {};
      if (!options2.forceDosFormat) {
        for (var i = 0; i < this.extraFields.length; i++) {
          var extraField = this.extraFields[i];
          if (extraField.id === 21589) {
            var data = extraField.data;
            if (data.length < 5) continue;
            var flags = data[0];
            var HAS_MTIME = 1;
            if (!(flags & HAS_MTIME)) continue;
            var posixTimestamp = data.readInt32LE(1);
            return new Date(posixTimestamp * 1e3);
          } else if (extraField.id === 10) {
            var data = extraField.data;
            if (data.length !== 32) continue;
            if (data.readUInt16LE(4) !== 1) continue;
            if (data.readUInt16LE(6) !== 24) continue;
            var hundredNanoSecondsSince1601 = data.readUInt32LE(8) + 4294967296 * data.readInt32LE(12);
            var millisecondsSince1970 = hundredNanoSecondsSince1601 / 1e4 - 116444736e5;
            return new Date(millisecondsSince1970);
          }
        }
      }
      return dosDateTimeToDate(this.lastModFileDate, this.lastModFileTime, options2.timezone);
    };
    Entry.prototype.canDecodeFileData = function() {
      return !this.isEncrypted() && (this.compressionMethod === 0 || this.compressionMethod === 8);
    };
    Entry.prototype.isEncrypted = function() {
      return (this.generalPurposeBitFlag & 1) !== 0;
    };
    Entry.prototype.isCompressed = function() {
      return this.compressionMethod === 8;
    };
    function LocalFileHeader() {
    }
    function dosDateTimeToDate(date, time, timezone) {
      var day = date & 31;
      var month = (date >> 5 & 15) - 1;
      var year = (date >> 9 & 127) + 1980;
      var millisecond = 0;
      var second = (time & 31) * 2;
      var minute = time >> 5 & 63;
      var hour = time >> 11 & 31;
      if (timezone == null || timezone === "local") {
        return new Date(year, month, day, hour, minute, second, millisecond);
      } else if (timezone === "UTC") {
        return new Date(Date.UTC(year, month, day, hour, minute, second, millisecond));
      } else {
        throw new Error("unrecognized options.timezone: " + options.timezone);
      }
    }
    function getFileNameLowLevel(generalPurposeBitFlag, fileNameBuffer, extraFields, strictFileNames) {
      var fileName = null;
      for (var i = 0; i < extraFields.length; i++) {
        var extraField = extraFields[i];
        if (extraField.id === 28789) {
          if (extraField.data.length < 6) {
            continue;
          }
          if (extraField.data.readUInt8(0) !== 1) {
            continue;
          }
          var oldNameCrc32 = extraField.data.readUInt32LE(1);
          if (crc323(fileNameBuffer) !== oldNameCrc32) {
            continue;
          }
          fileName = decodeBuffer(extraField.data.subarray(5), true);
          break;
        }
      }
      if (fileName == null) {
        var isUtf8 = (generalPurposeBitFlag & 2048) !== 0;
        fileName = decodeBuffer(fileNameBuffer, isUtf8);
      }
      if (!strictFileNames) {
        fileName = fileName.replace(/\\/g, "/");
      }
      return fileName;
    }
    function validateFileName(fileName) {
      if (fileName.indexOf("\\") !== -1) {
        return "invalid characters in fileName: " + fileName;
      }
      if (/^[a-zA-Z]:/.test(fileName) || /^\//.test(fileName)) {
        return "absolute path: " + fileName;
      }
      if (fileName.split("/").indexOf("..") !== -1) {
        return "invalid relative path: " + fileName;
      }
      return null;
    }
    function parseExtraFields(extraFieldBuffer) {
      var extraFields = [];
      var i = 0;
      while (i < extraFieldBuffer.length - 3) {
        var headerId = extraFieldBuffer.readUInt16LE(i + 0);
        var dataSize = extraFieldBuffer.readUInt16LE(i + 2);
        var dataStart2 = i + 4;
        var dataEnd2 = dataStart2 + dataSize;
        if (dataEnd2 > extraFieldBuffer.length) throw new Error("extra field length exceeds extra field buffer size");
        var dataBuffer = extraFieldBuffer.subarray(dataStart2, dataEnd2);
        extraFields.push({
          id: headerId,
          data: dataBuffer
        });
        i = dataEnd2;
      }
      return extraFields;
    }
    function readAndAssertNoEof(reader, buffer, offset, length3, position2, callback) {
      if (length3 === 0) {
        return setImmediate(function() {
          callback(null, newBuffer(0));
        });
      }
      reader.read(buffer, offset, length3, position2, function(err, bytesRead) {
        if (err) return callback(err);
        if (bytesRead < length3) {
          return callback(new Error("unexpected EOF"));
        }
        callback();
      });
    }
    util.inherits(AssertByteCountStream, Transform);
    function AssertByteCountStream(byteCount2) {
      Transform.call(this);
      this.actualByteCount = 0;
      this.expectedByteCount = byteCount2;
    }
    AssertByteCountStream.prototype._transform = function(chunk, encoding, cb) {
      this.actualByteCount += chunk.length;
      if (this.actualByteCount > this.expectedByteCount) {
        var msg = "too many bytes in the stream. expected " + this.expectedByteCount + ". got at least " + this.actualByteCount;
        return cb(new Error(msg));
      }
      cb(null, chunk);
    };
    AssertByteCountStream.prototype._flush = function(cb) {
      if (this.actualByteCount < this.expectedByteCount) {
        var msg = "not enough bytes in the stream. expected " + this.expectedByteCount + ". got only " + this.actualByteCount;
        return cb(new Error(msg));
      }
      cb();
    };
    util.inherits(RandomAccessReader2, EventEmitter);
    function RandomAccessReader2() {
      EventEmitter.call(this);
      this.refCount = 0;
    }
    RandomAccessReader2.prototype.ref = function() {
      this.refCount += 1;
    };
    RandomAccessReader2.prototype.unref = function() {
      var self = this;
      self.refCount -= 1;
      if (self.refCount > 0) return;
      if (self.refCount < 0) throw new Error("invalid unref");
      self.close(onCloseDone);
      function onCloseDone(err) {
        if (err) return self.emit("error", err);
        self.emit("close");
      }
    };
    RandomAccessReader2.prototype.createReadStream = function(options2) {
      if (options2 == null) options2 = {};
      var start = options2.start;
      var end = options2.end;
      if (start === end) {
        var emptyStream = new PassThrough();
        setImmediate(function() {
          emptyStream.end();
        });
        return emptyStream;
      }
      var stream = this._readStreamForRange(start, end);
      var destroyed = false;
      var refUnrefFilter = new RefUnrefFilter(this);
      stream.on("error", function(err) {
        setImmediate(function() {
          if (!destroyed) refUnrefFilter.emit("error", err);
        });
      });
      installDestroyFn(refUnrefFilter, function() {
        stream.unpipe(refUnrefFilter);
        refUnrefFilter.unref();
        stream.destroy();
      });
      var byteCounter = new AssertByteCountStream(end - start);
      refUnrefFilter.on("error", function(err) {
        setImmediate(function() {
          if (!destroyed) byteCounter.emit("error", err);
        });
      });
      installDestroyFn(byteCounter, function() {
        destroyed = true;
        refUnrefFilter.unpipe(byteCounter);
        refUnrefFilter.destroy();
      });
      return stream.pipe(refUnrefFilter).pipe(byteCounter);
    };
    RandomAccessReader2.prototype._readStreamForRange = function(start, end) {
      throw new Error("not implemented");
    };
    RandomAccessReader2.prototype.read = function(buffer, offset, length3, position2, callback) {
      var readStream = this.createReadStream({ start: position2, end: position2 + length3 });
      var writeStream = new Writable();
      var written = 0;
      writeStream._write = function(chunk, encoding, cb) {
        chunk.copy(buffer, offset + written, 0, chunk.length);
        written += chunk.length;
        cb();
      };
      writeStream.on("finish", callback);
      readStream.on("error", function(error) {
        callback(error);
      });
      readStream.pipe(writeStream);
    };
    RandomAccessReader2.prototype.close = function(callback) {
      setImmediate(callback);
    };
    util.inherits(RefUnrefFilter, PassThrough);
    function RefUnrefFilter(context) {
      PassThrough.call(this);
      this.context = context;
      this.context.ref();
      this.unreffedYet = false;
    }
    RefUnrefFilter.prototype._flush = function(cb) {
      this.unref();
      cb();
    };
    RefUnrefFilter.prototype.unref = function(cb) {
      if (this.unreffedYet) return;
      this.unreffedYet = true;
      this.context.unref();
    };
    var cp437 = "\0\u263A\u263B\u2665\u2666\u2663\u2660\u2022\u25D8\u25CB\u25D9\u2642\u2640\u266A\u266B\u263C\u25BA\u25C4\u2195\u203C\xB6\xA7\u25AC\u21A8\u2191\u2193\u2192\u2190\u221F\u2194\u25B2\u25BC !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~\u2302\xC7\xFC\xE9\xE2\xE4\xE0\xE5\xE7\xEA\xEB\xE8\xEF\xEE\xEC\xC4\xC5\xC9\xE6\xC6\xF4\xF6\xF2\xFB\xF9\xFF\xD6\xDC\xA2\xA3\xA5\u20A7\u0192\xE1\xED\xF3\xFA\xF1\xD1\xAA\xBA\xBF\u2310\xAC\xBD\xBC\xA1\xAB\xBB\u2591\u2592\u2593\u2502\u2524\u2561\u2562\u2556\u2555\u2563\u2551\u2557\u255D\u255C\u255B\u2510\u2514\u2534\u252C\u251C\u2500\u253C\u255E\u255F\u255A\u2554\u2569\u2566\u2560\u2550\u256C\u2567\u2568\u2564\u2565\u2559\u2558\u2552\u2553\u256B\u256A\u2518\u250C\u2588\u2584\u258C\u2590\u2580\u03B1\xDF\u0393\u03C0\u03A3\u03C3\xB5\u03C4\u03A6\u0398\u03A9\u03B4\u221E\u03C6\u03B5\u2229\u2261\xB1\u2265\u2264\u2320\u2321\xF7\u2248\xB0\u2219\xB7\u221A\u207F\xB2\u25A0\xA0";
    function decodeBuffer(buffer, isUtf8) {
      if (isUtf8) {
        return buffer.toString("utf8");
      } else {
        var result = "";
        for (var i = 0; i < buffer.length; i++) {
          result += cp437[buffer[i]];
        }
        return result;
      }
    }
    function readUInt64LE(buffer, offset) {
      var lower32 = buffer.readUInt32LE(offset);
      var upper32 = buffer.readUInt32LE(offset + 4);
      return upper32 * 4294967296 + lower32;
    }
    var newBuffer;
    if (typeof Buffer.allocUnsafe === "function") {
      newBuffer = function(len) {
        return Buffer.allocUnsafe(len);
      };
    } else {
      newBuffer = function(len) {
        return new Buffer(len);
      };
    }
    function installDestroyFn(stream, fn) {
      if (typeof stream.destroy === "function") {
        stream._destroy = function(err, cb) {
          fn();
          if (cb != null) cb(err);
        };
      } else {
        stream.destroy = fn;
      }
    }
    function defaultCallback(err) {
      if (err) throw err;
    }
  }
});

// src/image/convert-worker.ts
var import_node_worker_threads2 = require("node:worker_threads");

// src/image/tar-thread.ts
var import_node_events = require("node:events");

// src/bytes/errors.ts
var import_node_util = require("node:util");

// src/bytes/text.ts
var strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
function pathText(bytes) {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return escapeInvalid(bytes);
  }
}
var control = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/gu;
function oneLine(text3) {
  return text3.replace(control, escaped).replace(/(?<=^\s*):(?=:)/, escaped).replace(/#(?=#\[)/g, escaped);
}
function escaped(character) {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
function textBytes(text3) {
  if (text3.isWellFormed()) return Buffer.from(text3);
  const parts = text3.split(/([\udc80-\udcff])/u);
  return Buffer.concat(parts.map((part, index) => index % 2 === 1 ? Buffer.of(part.charCodeAt(0) - 56320) : Buffer.from(part)));
}
function escapeInvalid(bytes) {
  let text3 = "";
  for (let at = 0; at < bytes.length; ) {
    const length3 = sequenceLength(bytes, at);
    text3 += length3 === 0 ? String.fromCharCode(56320 + bytes[at]) : strictUtf8.decode(bytes.subarray(at, at + length3));
    at += length3 || 1;
  }
  return text3;
}
function sequenceLength(bytes, at) {
  const first = bytes[at];
  if (first < 128) return 1;
  const length3 = first < 194 ? 0 : first < 224 ? 2 : first < 240 ? 3 : first < 245 ? 4 : 0;
  const second = bytes[at + 1] ?? 0;
  const secondMin = first === 224 ? 160 : first === 240 ? 144 : 128;
  const secondMax = first === 237 ? 159 : first === 244 ? 143 : 191;
  if (length3 === 0 || second < secondMin || second > secondMax) return 0;
  for (let index = 2; index < length3; index++) if (((bytes[at + index] ?? 0) & 192) !== 128) return 0;
  return length3;
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
  constructor(place2, what, kind = "damaged") {
    super(oneLine(`${place2}: ${what}`), kind);
  }
  /** Rebuilds an error from another thread. */
  static restored(message2, kind) {
    return Object.assign(new _DiskError("", "", kind), { message: message2 });
  }
};
function damage(source, at, what, whole2 = "filesystem") {
  return damageAt(typeof at === "number" ? `${source.name}, byte ${at}` : `${at} of ${source.name}`, what, whole2);
}
function damageAt(place2, what, whole2 = "filesystem") {
  return new DiskError(place2, `${what}; the ${whole2} is damaged`);
}
function fileError(path, error) {
  return new DiskError(path, fileProblem(error), kindOfSystemError(error));
}
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
function onceEach(warn) {
  const said = /* @__PURE__ */ new Set();
  return (sentence, kind = sentence) => {
    if (said.has(kind)) return;
    said.add(kind);
    warn(sentence);
  };
}

// src/disk/filesystem/tree.ts
function fileKey({ dev, ino }) {
  return dev === void 0 ? ino : `${dev}:${ino}`;
}
var limits = { name: 255, path: 4096, entries: 5e6 };
function* walk(tree, onUnreadable = rethrow, depth3 = Number.POSITIVE_INFINITY) {
  const seen = /* @__PURE__ */ new Set([fileKey(tree.root)]);
  const pending = [];
  let count = 0;
  const enter = (dir) => {
    let children3;
    try {
      children3 = sortedChildren(tree, dir, onUnreadable);
    } catch (error) {
      onUnreadable(error, dir.path);
      return;
    }
    count += children3.length;
    if (count > limits.entries) throw new DiskError(`/${pathText(dir.path)}`, `the filesystem has more than ${limits.entries} entries`);
    for (const child of children3.reverse()) pending.push(child);
  };
  enter({ path: Buffer.alloc(0), node: tree.root });
  for (let entry2 = pending.pop(); entry2; entry2 = pending.pop()) {
    yield entry2;
    if (entry2.node.type !== "dir" || componentsOf(entry2.path) >= depth3) continue;
    if (seen.has(fileKey(entry2.node))) {
      onUnreadable(damageAt(`/${pathText(entry2.path)}`, `directory inode ${entry2.node.ino} occurs in two places`), entry2.path);
      continue;
    }
    seen.add(fileKey(entry2.node));
    enter(entry2);
  }
}
function componentsOf(path) {
  let slashes = 0;
  for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) slashes++;
  return slashes + 1;
}
function rethrow(error) {
  throw error;
}
function sortedChildren(tree, dir, onUnreadable) {
  const children3 = [];
  for (const entry2 of tree.entries(dir.node)) {
    checkName(entry2.name, dir);
    const path = join(dir.path, entry2.name);
    try {
      children3.push({ path, node: entry2.node() });
    } catch (error) {
      onUnreadable(error, path);
    }
  }
  children3.sort((a, b) => Buffer.compare(a.path, b.path));
  for (const [index, child] of children3.entries()) {
    if (index > 0 && child.path.equals(children3[index - 1].path)) {
      throw damageAt(`/${pathText(child.path)}`, "the name occurs twice in its directory");
    }
  }
  return children3;
}
function checkName(name, dir) {
  const text3 = name.toString("latin1");
  const place2 = `/${pathText(dir.path)}`;
  if (text3 === "" || text3 === "." || text3 === ".." || /[/\0]/.test(text3)) {
    throw damageAt(place2, `the directory has an entry with the impossible name ${JSON.stringify(text3)}`);
  }
  if (name.length > limits.name) throw new DiskError(place2, `the directory has a name of ${name.length} bytes; the limit is ${limits.name}`);
  if (dir.path.length + 1 + name.length > limits.path) throw new DiskError(place2, `a path in it is longer than ${limits.path} bytes`);
}
function join(dir, name) {
  return dir.length === 0 ? name : Buffer.concat([dir, Buffer.from("/"), name]);
}
function resolve(tree, path) {
  const trail = resolveTrail(tree, path);
  return trail && (trail.at(-1)?.node ?? tree.root);
}
function resolveTrail(tree, path) {
  const trail = [];
  const components = (text3) => text3.split("/").filter((name) => name !== "" && name !== ".");
  const pending = components(path).reverse();
  let links2 = 0;
  for (let name = pending.pop(); name !== void 0; name = pending.pop()) {
    const dir = trail.at(-1) ?? { path: Buffer.alloc(0), node: tree.root };
    if (name === "..") {
      trail.pop();
      continue;
    }
    if (dir.node.type !== "dir") return void 0;
    const node = childNode(tree, dir.node, name);
    if (node?.type !== "symlink") {
      if (!node) return void 0;
      trail.push({ path: join(dir.path, Buffer.from(name, "latin1")), node });
      continue;
    }
    if (++links2 > 40) return void 0;
    const target = node.target().toString("latin1");
    if (target.startsWith("/")) trail.length = 0;
    pending.push(...components(target).reverse());
  }
  return trail;
}
function childNode(tree, dir, name) {
  for (const entry2 of tree.entries(dir)) if (entry2.name.toString("latin1") === name) return entry2.node();
  return void 0;
}

// src/disk/input.ts
var import_node_fs6 = require("node:fs");

// src/bytes/arriving-file.ts
var import_node_path = require("node:path");

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
  fail(place2, what, kind = "input-output") {
    if (Atomics.compareExchange(this.#words, word.failure, 0, 1) !== 0) return;
    const text3 = `${kind}
${place2.slice(0, 500)}
${what}`;
    const length3 = Buffer.from(this.shared, message.offset, message.length).write(text3);
    Atomics.store(this.#words, word.failure, 1 + length3);
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
      const [kind, place2, ...what] = Buffer.from(this.shared, message.offset, failure - 1).toString().split("\n");
      throw new DiskError(place2, what.join("\n"), kind);
    }
    throw new DiskError(
      "background thread",
      `it has shown no sign of life for ${this.#patience} seconds; its storage hangs, or the thread has died`,
      "input-output"
    );
  }
  /** Blocks until `look` returns something. Gives up when `isOver` returns true, or when the writer has been silent for too long. */
  #waitInSilence(look2, isOver = () => false) {
    const waiting = this.#waiting(look2, isOver);
    for (let turn = waiting.next(); ; ) {
      if (turn.done) return turn.value;
      turn = waiting.next(Atomics.wait(this.#words, word.signal, turn.value, turnLength));
    }
  }
  /** The turns of a wait. Each yields the value of the signal that it saw, and gets the result of waiting for another. */
  *#waiting(look2, isOver) {
    let heartbeat = Atomics.load(this.#words, word.heartbeat);
    for (let silent = 0; silent < this.#patience; ) {
      const signal = Atomics.load(this.#words, word.signal);
      const over = isOver();
      const found = look2();
      if (found !== void 0 || over) return found;
      const outcome = yield signal;
      const now = Atomics.load(this.#words, word.heartbeat);
      silent = outcome === "timed-out" && now === heartbeat ? silent + 1 : 0;
      heartbeat = now;
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

// src/bytes/source.ts
var import_node_fs = require("node:fs");
function bytesAt(source, offset, length3) {
  checkRange(source, offset, length3);
  const bytes = Buffer.allocUnsafeSlow(length3);
  source.read(bytes, offset);
  return bytes;
}
function checkRange(source, offset, length3) {
  const end = offset + length3;
  if (!(offset >= 0 && length3 >= 0 && (source.reaches ? source.reaches(end) : end <= source.size))) {
    throw new DiskError(
      source.name,
      `${length3} bytes are needed at byte ${offset}, but it ends at byte ${source.size}; it is cut short or damaged`
    );
  }
}
function openFile(path, name = path) {
  const fd = attempt(path, () => (0, import_node_fs.openSync)(path, import_node_fs.constants.O_RDONLY | import_node_fs.constants.O_NONBLOCK));
  const stats = (0, import_node_fs.fstatSync)(fd);
  if (!stats.isFile()) {
    (0, import_node_fs.closeSync)(fd);
    throw new DiskError(path, "it is not a regular file", "not-a-ddk");
  }
  const { size } = stats;
  return Object.assign(fileSource(fd, size, name), { fd, close: () => (0, import_node_fs.closeSync)(fd) });
}
function attempt(path, open3) {
  try {
    return open3();
  } catch (error) {
    throw fileError(path, error);
  }
}
function fileSource(fd, size, name) {
  const source = {
    name,
    size,
    runs: [{ file: fd, offset: 0, length: size }],
    read(into, offset) {
      checkRange(source, offset, into.length);
      readFully(fd, into, offset, name);
    }
  };
  return source;
}
function readFully(fd, into, offset, name) {
  for (let done = 0; done < into.length; ) {
    const got = readAt(fd, into, done, offset + done, name);
    if (got === 0) {
      const what = `the file ended at byte ${offset + done} while it was read; another process changed it`;
      throw new DiskError(name, what, "input-output");
    }
    done += got;
  }
}
function readAt(fd, into, done, position2, name) {
  try {
    return (0, import_node_fs.readSync)(fd, into, done, into.length - done, position2);
  } catch (error) {
    throw new DiskError(name, `it can't be read at byte ${position2}: ${systemMessage(error)}`, "input-output");
  }
}
function memorySource(bytes, name) {
  const source = {
    name,
    size: bytes.length,
    read(into, offset) {
      checkRange(source, offset, into.length);
      into.set(bytes.subarray(offset, offset + into.length));
    }
  };
  return source;
}
function slice(source, offset, size, name = source.name) {
  checkRange(source, offset, size);
  const part = {
    name,
    size,
    read(into, at) {
      checkRange(part, at, into.length);
      source.read(into, offset + at);
    },
    // Only when they are asked for: those of a growing source wait for its end.
    get runs() {
      return source.runs && sliceRuns(source.runs, offset, size);
    }
  };
  return part;
}
function sliceRuns(runs, offset, size) {
  const found = [];
  let start = 0;
  for (const run of runs) {
    const from = Math.max(offset, start);
    const to = Math.min(offset + size, start + run.length);
    if (from < to) found.push({ ...run, offset: run.offset + from - start, length: to - from });
    start += run.length;
  }
  return found;
}
function concat(parts, name) {
  const starts = [];
  let size = 0;
  for (const part of parts) {
    starts.push(size);
    size += part.size;
  }
  const whole2 = {
    name,
    size,
    read(into, offset) {
      checkRange(whole2, offset, into.length);
      let index = lastUpTo(starts, offset);
      for (let done = 0; done < into.length; index++) {
        const part = parts[index];
        const at = offset + done - starts[index];
        const length3 = Math.min(into.length - done, part.size - at);
        part.read(into.subarray(done, done + length3), at);
        done += length3;
      }
    }
  };
  return parts.every((part) => part.runs) ? { ...whole2, runs: parts.flatMap((part) => part.runs) } : whole2;
}
function lastUpTo(starts, offset) {
  let low = 0;
  for (let high = starts.length; high - low > 1; ) {
    const middle = low + high >>> 1;
    if (starts[middle] <= offset) low = middle;
    else high = middle;
  }
  return low;
}
function* pieces(source, pieceSize2 = 1 << 20) {
  const buffer = Buffer.allocUnsafeSlow(Math.min(pieceSize2, source.size));
  for (let offset = 0; offset < source.size; offset += buffer.length) {
    const piece2 = buffer.subarray(0, Math.min(buffer.length, source.size - offset));
    source.read(piece2, offset);
    yield piece2;
  }
}

// src/bytes/arriving-file.ts
function openArrivingFile(path, { size, growth: shared }) {
  const name = (0, import_node_path.basename)(path);
  const file = openFile(path, name);
  const growth = new FileGrowth(shared);
  let known = 0;
  const waitFor = (end) => {
    if (end > known) known = growth.waitFor(0, end);
  };
  const { fd } = file;
  const arriving = {
    ...file,
    size,
    runs: [{ file: fd, offset: 0, length: size, growth: shared }],
    read(into, offset) {
      checkRange(arriving, offset, into.length);
      waitFor(offset + into.length);
      readFully(fd, into, offset, name);
    },
    finish: () => waitFor(size)
  };
  return arriving;
}

// src/bytes/bytes-text.ts
function bytesText(bytes) {
  if (bytes < 1e3) return `${bytes} bytes`;
  const units = ["kB", "MB", "GB", "TB", "PB"];
  let value = bytes / 1e3;
  let unit2 = 0;
  for (; value >= 999.95 && unit2 < units.length - 1; unit2++) value /= 1e3;
  return `${value.toFixed(1)} ${units[unit2]}`;
}

// src/disk/spool/index.ts
var import_node_fs3 = require("node:fs");
var import_node_url = require("node:url");
var import_node_worker_threads = require("node:worker_threads");

// src/bytes/growing-source.ts
function growingFile(growth, index, name) {
  let known = 0;
  let place2;
  const waitFor = (end) => {
    if (end > known) known = growth.waitFor(index, end);
    return known;
  };
  const readThere = (into, at) => {
    place2 ??= growth.placeOf(index);
    readFully(place2.fd, into, place2.offset + at, name);
  };
  const runs = () => {
    const length3 = waitFor(Number.POSITIVE_INFINITY);
    const { fd, offset } = growth.placeOf(index);
    return [{ file: fd, offset, length: length3 }];
  };
  return growingSource(name, waitFor, readThere, runs);
}
function concatGrowing(parts, name) {
  const starts = [0];
  const waitFor = (end) => {
    for (; ; ) {
      const index = starts.length - 1;
      const start = starts[index];
      const part = parts[index];
      if (!part || end <= start) return start;
      const there = part.waitFor(end - start);
      if (start + there >= end) return start + there;
      starts.push(start + there);
    }
  };
  const readThere = (into, offset) => {
    let index = starts.findLastIndex((start) => start <= offset);
    for (let done = 0; done < into.length; index++) {
      const at = offset + done - starts[index];
      const end = index + 1 < starts.length ? starts[index + 1] - starts[index] : Number.POSITIVE_INFINITY;
      const length3 = Math.min(into.length - done, end - at);
      parts[index].read(into.subarray(done, done + length3), at);
      done += length3;
    }
  };
  return growingSource(name, waitFor, readThere, () => parts.flatMap((part) => part.runs));
}
function growingSource(name, waitFor, readThere, runs) {
  const source = {
    name,
    waitFor,
    get size() {
      return waitFor(Number.POSITIVE_INFINITY);
    },
    get runs() {
      return runs();
    },
    reaches: (end) => waitFor(end) >= end,
    read(into, offset) {
      checkRange(source, offset, into.length);
      readThere(into, offset);
    }
  };
  return source;
}

// src/bytes/unlinked-file.ts
var import_node_crypto = require("node:crypto");
var import_node_fs2 = require("node:fs");
var import_node_path2 = require("node:path");
function openUnlinked(dir) {
  try {
    const path = (0, import_node_path2.join)(dir, `.xenserver-ddk-${(0, import_node_crypto.randomUUID)()}`);
    const fd = (0, import_node_fs2.openSync)(path, "wx+", 384);
    (0, import_node_fs2.unlinkSync)(path);
    return fd;
  } catch (error) {
    throw new DiskError(dir, `no temporary file can be created there: ${systemMessage(error)}`, kindOfSystemError(error));
  }
}

// src/bytes/usable-threads.ts
var import_node_os = require("node:os");
var libuvThreads = 4;
function usableThreads(processors = (0, import_node_os.availableParallelism)()) {
  return Math.max(2, Math.min(libuvThreads, processors));
}

// src/disk/spool/index.ts
function spoolFiles(files2, name, options2) {
  return files2.some(({ compression }) => compression !== "none") ? inflateFiles(files2, name, options2) : readInPlace(files2, name, options2);
}
function readInPlace(files2, name, options2) {
  const sources = files2.map(({ source }) => source);
  const whole2 = concat(sources, name);
  const verification = files2.some(({ expected }) => expected) ? startWork(files2.map(taskOf), [], options2) : { finish() {
  }, close() {
  } };
  return Object.assign(whole2, { inflated: () => whole2.size, finish: verification.finish, close: verification.close });
}
function inflateFiles(files2, name, options2) {
  const tasks = files2.map(taskOf);
  workerScript();
  const { concurrency = usableThreads() } = options2;
  const outputs = openTemporaryFiles(Math.min(concurrency, files2.length), options2.dir);
  const { growth, finish, close } = startWork(tasks, outputs, options2);
  const parts = files2.map((file, index) => growingFile(growth, index, file.name));
  const inflated = () => files2.reduce((sum, _, index) => sum + growth.available(index), 0);
  return Object.assign(concatGrowing(parts, name), { inflated, finish, close });
}
function startWork(files2, outputs, { concurrency = usableThreads(), ...settings }) {
  const growth = new FileGrowth(files2.length);
  startWorker(workerScript(), { ...settings, shared: growth.shared, files: files2, outputs: [...outputs], concurrency }, growth);
  return {
    growth,
    finish: () => files2.forEach((_, index) => void growth.waitFor(index, Number.POSITIVE_INFINITY)),
    close() {
      if (growth.stop()) for (const fd of outputs.splice(0)) (0, import_node_fs3.closeSync)(fd);
    }
  };
}
function taskOf({ name, source, compression, expected }) {
  if (!source.runs) throw new DiskError(name, "its bytes are not stored in a file, so it can't be inflated in the background");
  return { name, runs: source.runs, compression, ...expected && { expected } };
}
function workerScript() {
  const script = new URL(importMetaUrl.endsWith(".ts") ? "./inflate-worker.ts" : "./inflate-worker.cjs", importMetaUrl);
  if (!(0, import_node_fs3.existsSync)(script)) throw new DiskError((0, import_node_url.fileURLToPath)(script), "the program is incomplete: this file is missing", "input-output");
  return script;
}
function openTemporaryFiles(count, dir) {
  const files2 = [];
  try {
    while (files2.length < count) files2.push(openUnlinked(dir));
    return files2;
  } catch (error) {
    for (const fd of files2) (0, import_node_fs3.closeSync)(fd);
    throw error;
  }
}
function startWorker(script, task, growth) {
  const stopped = (why) => {
    growth.fail("unpacking", why);
    growth.end();
  };
  const worker = new import_node_worker_threads.Worker(script, { workerData: task, resourceLimits: { maxYoungGenerationSizeMb: 2 } });
  worker.on("error", (error) => stopped(`the thread stopped: ${error.message}`));
  worker.on("exit", () => stopped("the thread stopped early"));
  worker.unref();
}

// src/disk/appliance/chunks.ts
var maxChunks = 1e5;
function findChunks(tree, ovaPath, vdi, device) {
  const place2 = ovaPath.split("/").slice(0, -1);
  const candidates = [...new Set([vdi.source, device].filter((name) => name !== void 0).map(relativePath))];
  for (const candidate of candidates) {
    const found = descend(tree, [...place2, ...candidate.split("/")]);
    if (!found) continue;
    const files2 = chunkFiles(tree, found);
    if (files2.length > 0) return asChunks(inOrder(files2, found.path), vdi);
  }
  throw new DiskError(
    ovaPath,
    `the disk ${vdi.name} should be in ${candidates.join(" or ") || "a directory"} beside it, as chunk-000000000.gz and so on, but there ${listing(tree, descend(tree, place2))}`
  );
}
function relativePath(source) {
  return source.replace(/^file:\/\//i, "").split("/").filter((name) => name !== "" && name !== ".").join("/");
}
function descend(tree, path) {
  let dir = { path: "", node: tree.root };
  for (const wanted of path) {
    const matches = children(tree, dir).filter(({ name, node }) => node.type === "dir" && name.toLowerCase() === wanted.toLowerCase());
    const next2 = matches.find(({ name }) => name === wanted) ?? matches[0];
    if (!next2) return void 0;
    dir = next2;
  }
  return dir;
}
function children(tree, dir) {
  return [...tree.entries(dir.node)].map((entry2) => {
    const name = pathText(entry2.name);
    return { name, path: dir.path === "" ? name : `${dir.path}/${name}`, node: entry2.node() };
  });
}
function listing(tree, dir) {
  const names = dir ? children(tree, dir).map(({ name, node }) => node.type === "dir" ? `${name}/` : name) : [];
  const shown = names.sort().slice(0, 10);
  if (shown.length < names.length) shown.push("\u2026");
  return names.length === 0 ? "is nothing" : `is only ${shown.join(", ")}`;
}
function chunkFiles(tree, dir) {
  return children(tree, dir).flatMap(({ name, path, node }) => {
    const digits = /^chunk[-_]?([0-9a-f]+)(?:\.gz)?$/i.exec(name)?.[1];
    return digits !== void 0 && node.type === "file" ? [{ path, node, digits }] : [];
  });
}
function inOrder(files2, dir) {
  if (files2.length > maxChunks) throw new DiskError(dir, `it holds ${files2.length} chunks; the limit is ${maxChunks}`);
  if (files2.length > 1 && files2.some(isShort) && !areSerial(files2)) {
    const names = files2.map(({ path }) => path.split("/").at(-1)).sort();
    throw new DiskError(
      dir,
      `its ${files2.length} chunks have short names (${names.slice(0, 3).join(", ")}, \u2026), which don't give their order; the ISO was made without Rock Ridge and Joliet, so copy the chunks with their full names (chunk-000000000.gz, \u2026) into a folder together with ova.xml, and use that folder`,
      "unsupported"
    );
  }
  const numbered = files2.map((file) => ({ file, number: numberOf(file) })).sort((a, b) => a.number - b.number);
  for (const [index, { file, number: number2 }] of numbered.entries()) {
    if (number2 > index) {
      throw new DiskError(
        dir,
        `chunk ${index} of the disk is missing: ${file.path.split("/").at(-1)} comes next; the ISO or folder is incomplete`
      );
    }
    if (number2 < index) {
      throw new DiskError(
        dir,
        `chunk ${number2} of the disk occurs twice: ${numbered[index - 1].file.path.split("/").at(-1)} and ${file.path.split("/").at(-1)}`
      );
    }
  }
  return numbered.map(({ file }) => file);
}
function isShort({ path }) {
  return /(?:^|\/)chunk[_0-9][0-9a-f]{2}(?:\.gz)?$/i.test(path);
}
function areSerial(files2) {
  const inOrder3 = [...files2].sort((a, b) => a.digits < b.digits ? -1 : 1);
  if (inOrder3.some(({ digits }, index) => !/^\d+$/.test(digits) || Number(digits) !== index)) return false;
  const [first, ...others] = inOrder3.map(({ node }) => wholeLength(node.content()));
  return inOrder3[0].digits.length === 2 || others.pop() < first && others.every((length3) => length3 === first);
}
function wholeLength(source) {
  return isGzip(source) && source.size >= 18 ? bytesAt(source, source.size - 4, 4).readUInt32LE(0) : source.size;
}
function numberOf({ digits, path }) {
  if (!/^\d{1,15}$/.test(digits)) throw new DiskError(path, `${digits} is not a chunk number`);
  return Number(digits);
}
function asChunks(files2, vdi) {
  const chunks = files2.map(({ path, node }) => ({ name: path, source: node.content() }));
  const compression = vdi.type === "dir-gzipped-chunks" || isGzip(chunks[0].source) ? "gzip" : "none";
  return chunks.map((chunk) => ({ ...chunk, compression }));
}
function isGzip(source) {
  return source.size >= 2 && bytesAt(source, 0, 2).readUInt16BE(0) === 8075;
}

// src/disk/appliance/ova.ts
var import_saxes = __toESM(require_saxes(), 1);

// src/disk/root/boot-line.ts
function rootOnBootLine(bootLine) {
  return bootLine.match(/(?<=^|\s)root=\S+/g)?.at(-1)?.slice("root=".length);
}

// src/disk/appliance/ova.ts
var limits2 = { depth: 32, disks: 1e3 };
function parseOva(xml, name) {
  const parser = new import_saxes.SaxesParser({ position: false, xmlns: false });
  const path = [];
  const vbds = [];
  const vdis = [];
  const vm = { count: 0, label: "", bootLine: "", isHvm: false };
  const fail = (what, kind) => {
    throw new DiskError(`${name}, line ${parser.line}, column ${parser.column}`, what, kind);
  };
  const onElement = {
    "appliance/vm": () => {
      vm.count++;
    },
    "appliance/vm/hacks": (hacks) => {
      vm.isHvm = /^(?:true|1)$/i.test(hacks.is_hvm ?? "");
      vm.bootLine = hacks.kernel_boot_cmdline ?? "";
    },
    "appliance/vm/vbd": (vbd) => vbds.push(pick(vbd, ["device", "function", "mode", "vdi"])),
    "appliance/vdi": (vdi) => {
      const { name: vdiName, size, ...rest } = pick(vdi, ["name", "size", "source", "type", "variety"]);
      if (vdiName === void 0) return fail("the <vdi> has no name");
      vdis.push({ name: vdiName, ...rest, ...size !== void 0 && { size: byteCount(size) ?? fail(`the size of a disk is ${size}`) } });
    }
  };
  const addText = (text3) => {
    if (path.join("/") === "appliance/vm/label") vm.label += text3;
  };
  parser.on("error", (error) => fail(`the XML isn't well-formed: ${error.message.replace(/\.$/, "")}`));
  parser.on("opentag", (tag2) => {
    if (path.length === 0) checkRoot(tag2.name, fail);
    path.push(tag2.name);
    if (path.length > limits2.depth) fail(`elements are nested more than ${limits2.depth} deep`);
    onElement[path.join("/")]?.(tag2.attributes);
    if (vbds.length > limits2.disks || vdis.length > limits2.disks) fail(`it has more than ${limits2.disks} disks`);
  });
  parser.on("closetag", () => path.pop());
  parser.on("text", addText);
  parser.on("cdata", addText);
  parser.write(xml).close();
  if (vm.count !== 1) throw new DiskError(name, `it describes ${vm.count} virtual machines, but a DDK is exactly one`, "not-a-ddk");
  return describe(vm, vbds, vdis);
}
function describe(vm, vbds, vdis) {
  const label = vm.label.trim();
  const [, version2, build] = /\bDDK (\d+(?:\.\d+)*)-(\w+)$/.exec(label) ?? [];
  const rootDevice = rootOnBootLine(vm.bootLine);
  return {
    label,
    ...version2 !== void 0 && { version: version2 },
    ...build !== void 0 && { build },
    bootLine: vm.bootLine,
    ...rootDevice !== void 0 && { rootDevice },
    isHvm: vm.isHvm,
    vbds,
    vdis
  };
}
function checkRoot(element, fail) {
  if (element === "appliance") return;
  if (element === "value")
    fail(
      "this is an ova.xml of XVA version 2, whose disks are in an .xva file beside it, not in chunks; give the .xva file itself",
      "unsupported"
    );
  fail(`the outermost element is <${element.slice(0, 100)}>, not the <appliance> of an XVA`, "not-a-ddk");
}
function pick(attributes, names) {
  const picked = {};
  for (const name of names) if (attributes[name] !== void 0) picked[name] = attributes[name];
  return picked;
}
function byteCount(text3) {
  const count = /^\d+$/.test(text3) ? Number(text3) : Number.NaN;
  return Number.isSafeInteger(count) ? count : void 0;
}
function rootDisk(appliance, name, warn) {
  const { vbds, vdis } = appliance;
  const attached = (vbd) => {
    const vdi = vbd && vdis.find((candidate) => candidate.name === vbd.vdi);
    return vdi && { vdi, vbd };
  };
  const roots = vbds.filter((vbd) => vbd.function === "root");
  if (roots.length > 0) return attached(roots.length === 1 ? roots[0] : bootDisk(roots, appliance, name, warn)) ?? noRoot(vbds, vdis, name);
  const disks = vbds.map(attached).filter((disk) => disk !== void 0);
  if (disks.length === 0 && vdis.length === 1) return { vdi: vdis[0] };
  if (disks.length === 1) return disks[0];
  const writable = disks.find(({ vbd }) => vbd.mode?.startsWith("w"));
  if (!writable) return noRoot(vbds, vdis, name);
  warn(
    `${name}: no disk has the function root; the first writable one of ${disks.length} is used: ${writable.vbd.device ?? writable.vdi.name}`
  );
  return writable;
}
function otherDisks({ vbds, vdis }, root) {
  return vbds.flatMap((vbd) => {
    const vdi = vdis.find((candidate) => candidate.name === vbd.vdi);
    const letter = diskLetter(vbd.device);
    return vdi && vdi !== root && letter !== void 0 ? [{ vdi, vbd, letter }] : [];
  });
}
function diskLetter(device) {
  return /^(?:\/dev\/)?(?:xvd|sd|hd)([a-z]+)\d*$/.exec(device ?? "")?.[1];
}
function bootDisk(roots, { rootDevice }, name, warn) {
  const devices = roots.map(({ device }) => device ?? "?").join(", ");
  const letter = diskLetter(rootDevice);
  const exact = roots.filter(({ device }) => device !== void 0 && rootDevice?.replace(/^\/dev\/|\d+$/g, "") === device);
  const named = exact.length > 0 ? exact : roots.filter(({ device }) => letter !== void 0 && diskLetter(device) === letter);
  if (named.length !== 1) {
    throw new DiskError(
      name,
      `${roots.length} disks have the function root: ${devices}; the boot line names none of them (root=${rootDevice ?? ""}); copy ova.xml and the chunks into a folder, and leave the function to one disk`,
      "not-a-ddk"
    );
  }
  warn(`${name}: ${roots.length} disks have the function root: ${devices}; the boot line decides, root=${rootDevice}: ${named[0].device}`);
  return named[0];
}
function noRoot(vbds, vdis, name) {
  const attachments2 = vbds.slice(0, 10).map((vbd) => `${vbd.device ?? "?"} (function ${vbd.function ?? "?"}, mode ${vbd.mode ?? "?"}, disk ${vbd.vdi ?? "?"})`);
  const disks = vdis.slice(0, 10).map((vdi) => vdi.name);
  throw new DiskError(
    name,
    `it doesn't say which disk is the root: its attachments are ${attachments2.join(", ") || "none"}; its disks are ${disks.join(", ") || "none"}`,
    "not-a-ddk"
  );
}

// src/disk/appliance/ova-file.ts
var maxSize = 4 << 20;
function xmlText(source) {
  if (source.size > maxSize) throw new DiskError(source.name, `it has ${source.size} bytes, but an ova.xml has at most ${maxSize}`);
  const bytes = bytesAt(source, 0, source.size);
  const encoding = encodingOf(bytes);
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new DiskError(source.name, `its text isn't valid ${encoding}; it is damaged or in another encoding`);
  }
}
function encodingOf(bytes) {
  const start = bytes.toString("latin1", 0, 100);
  if (/^(?:\xff\xfe|<\0)/.test(start)) return "utf-16le";
  if (/^(?:\xfe\xff|\0<)/.test(start)) return "utf-16be";
  if (start.startsWith("\xEF\xBB\xBF")) return "utf-8";
  return /^<\?xml[^>]*\sencoding\s*=\s*["']([\w.-]+)["']/.exec(start)?.[1] ?? "utf-8";
}

// src/disk/appliance/index.ts
function openAppliance(tree, ova, name, { tempDir, warn }) {
  const appliance = parseOva(xmlText(ova.node.content()), ova.path);
  const { vdi, vbd } = rootDisk(appliance, ova.path, warn);
  const chunks = findChunks(tree, ova.path, vdi, vbd?.device);
  const { bootLine } = appliance;
  const others = otherDisks(appliance, vdi).map(({ letter, vdi: other, vbd: attached }) => ({
    letter,
    open: () => unpack(findChunks(tree, ova.path, other, attached?.device), other, `disk ${letter} of ${name}`, tempDir)
  }));
  return { appliance, bootLine, chunks, image: unpack(chunks, vdi, `disk of ${name}`, tempDir), others };
}
function unpack(chunks, vdi, name, tempDir) {
  const limit = imageLimit(vdi);
  const tooLarge = `the chunks inflate to more than ${bytesText(limit)}, which is more than the disk can hold`;
  const wayOut2 = "the ISO is damaged or incomplete; download it again";
  const spool = spoolFiles(chunks, name, { dir: tempDir, limit, tooLarge, wayOut: wayOut2 });
  return { bytes: spool, finish: spool.finish, close: spool.close, ...vdi.size !== void 0 && { diskSize: vdi.size } };
}
function imageLimit({ size }) {
  const maxVhdSize = 2 ** 41;
  return size === void 0 ? maxVhdSize : Math.ceil(size * 1.01) + (16 << 20);
}

// src/disk/filesystem/folder.ts
var import_node_fs5 = require("node:fs");

// src/bytes/closed-file.ts
var import_node_fs4 = require("node:fs");
function closedFile(path, { size, mtimeNs }) {
  return { path, size: Number(size), modified: mtimeNs };
}
function openClosed({ path, size, modified }) {
  const fd = (0, import_node_fs4.openSync)(Buffer.from(path), import_node_fs4.constants.O_RDONLY | import_node_fs4.constants.O_NOFOLLOW | import_node_fs4.constants.O_NONBLOCK);
  const now = (0, import_node_fs4.fstatSync)(fd, { bigint: true });
  if (now.isFile() && Number(now.size) === size && now.mtimeNs === modified) return fd;
  (0, import_node_fs4.closeSync)(fd);
  throw new Error("another process changed it while it was read");
}
var RecentlyOpened = class {
  #limit;
  /** Descriptors, the one that was used last at the end. */
  #open = /* @__PURE__ */ new Map();
  constructor(limit) {
    this.#limit = limit;
  }
  /**
   * The file's descriptor, until another file's is asked for.
   * @throws as `openClosed`
   */
  descriptorOf(file) {
    const fd = this.#open.get(file) ?? openClosed(file);
    this.#open.delete(file);
    this.#open.set(file, fd);
    for (const [other, its] of this.#open) {
      if (this.#open.size <= this.#limit) break;
      this.#open.delete(other);
      (0, import_node_fs4.closeSync)(its);
    }
    return fd;
  }
  close() {
    for (const fd of this.#open.values()) (0, import_node_fs4.closeSync)(fd);
    this.#open.clear();
  }
};

// src/disk/filesystem/file-type.ts
var types = { 1: "fifo", 2: "char", 4: "dir", 6: "block", 8: "file", 10: "symlink", 12: "socket" };
function fileTypeOf(mode) {
  return types[mode >>> 12 & 15];
}
function deviceNumber(encoded) {
  return { major: encoded >>> 8 & 4095, minor: encoded & 255 | encoded >>> 12 & 1048320 };
}

// src/disk/filesystem/folder.ts
var mostOpen = 16;
function openFolder(path) {
  const nodes = nodeMaker();
  const root = attempt2(path, () => (0, import_node_fs5.statSync)(path, { bigint: true }));
  if (!root.isDirectory()) throw new DiskError(path, "it is not a folder", "not-a-ddk");
  const paths2 = /* @__PURE__ */ new Map();
  const add = (nodePath, stats) => {
    const node = nodes.make(nodePath, stats);
    paths2.set(node, nodePath);
    return node;
  };
  return {
    root: add(Buffer.from(path), root),
    *entries(dir) {
      const dirPath = paths2.get(dir);
      for (const name of attempt2(dirPath, () => (0, import_node_fs5.readdirSync)(dirPath, { encoding: "buffer" }))) {
        const childPath = Buffer.concat([dirPath, Buffer.from("/"), name]);
        yield {
          name,
          node: () => add(
            childPath,
            attempt2(childPath, () => (0, import_node_fs5.lstatSync)(childPath, { bigint: true }))
          )
        };
      }
    },
    close: nodes.close
  };
}
function nodeMaker() {
  const recent2 = new RecentlyOpened(mostOpen);
  const numbers = /* @__PURE__ */ new Map();
  const contentOf2 = (path, stats) => {
    const file = closedFile(path, stats);
    const { size } = file;
    const source = {
      name: pathText(path),
      size,
      runs: [{ file, offset: 0, length: size }],
      read(into, offset) {
        checkRange(source, offset, into.length);
        const fd = attempt2(path, () => recent2.descriptorOf(file));
        readFully(fd, into, offset, source.name);
      }
    };
    return source;
  };
  const make = (path, stats) => {
    const identity = `${stats.dev}:${stats.ino}`;
    const ino = numbers.get(identity) ?? numbers.size + 1;
    numbers.set(identity, ino);
    return {
      type: fileTypeOf(Number(stats.mode)),
      ino,
      mode: Number(stats.mode & 0o7777n),
      uid: Number(stats.uid),
      gid: Number(stats.gid),
      nlink: Number(stats.nlink),
      mtime: timeOf(stats.mtimeNs),
      size: Number(stats.size),
      content: () => contentOf2(path, stats),
      target: () => attempt2(path, () => (0, import_node_fs5.readlinkSync)(path, { encoding: "buffer" })),
      xattrs: () => /* @__PURE__ */ new Map()
    };
  };
  return { make, close: () => recent2.close() };
}
function timeOf(sinceEpoch) {
  const nanoseconds = (sinceEpoch % 1000000000n + 1000000000n) % 1000000000n;
  return { seconds: Number((sinceEpoch - nanoseconds) / 1000000000n), nanoseconds: Number(nanoseconds) };
}
function attempt2(path, read) {
  try {
    return read();
  } catch (error) {
    throw fileError(typeof path === "string" ? path : pathText(path), error);
  }
}

// src/disk/filesystem/checks.ts
var maxTargetLength = 4095;
function checkedTarget(target, source, at, whole2) {
  if (target.length === 0) throw damage(source, at, "the symlink has no target", whole2);
  if (target.length > maxTargetLength) throw damage(source, at, `the symlink's target has ${target.length} bytes`, whole2);
  if (target.includes(0)) throw damage(source, at, "the symlink's target has a zero byte", whole2);
  return target;
}
function warnIfCutShort(source, what, size, warn) {
  if (source.size >= size) return;
  warn(
    `${source.name}: ${what} has ${size} bytes, of which only the first ${source.size} are there; files at its end can't be read. If it was downloaded, the download isn't complete`
  );
}

// src/bytes/peek.ts
function peek(source, offset, length3) {
  return reaches(source, offset + length3) ? bytesAt(source, offset, length3) : void 0;
}
function reaches(source, end) {
  return source.reaches ? source.reaches(end) : end <= source.size;
}
function hasText(source, offset, text3) {
  return peek(source, offset, text3.length)?.toString("latin1") === text3;
}
function window(source, offset, size, name) {
  if (!source.reaches && offset + size <= source.size) return slice(source, offset, size, name);
  const part = {
    name,
    size,
    read(into, at) {
      checkRange(part, at, into.length);
      source.read(into, offset + at);
    }
  };
  return part;
}

// src/disk/filesystem/iso9660/dates.ts
function shortDate(bytes) {
  const [year, month, day, hour, minute, second] = bytes;
  return moment([1900 + year, month, day, hour, minute, second], 0, bytes.readInt8(6));
}
function longDate(bytes) {
  const digits = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(bytes.toString("latin1", 0, 16));
  if (!digits) return void 0;
  const [, year, month, day, hour, minute, second, hundredths] = digits.map(Number);
  return moment([year, month, day, hour, minute, second], hundredths, bytes.readInt8(16));
}
function moment([year, month, day, hour, minute, second], hundredths, offset) {
  if (year < 100 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 59) return void 0;
  const seconds = Date.UTC(year, month - 1, day, hour, minute, second) / 1e3;
  const quarters = offset >= -48 && offset <= 52 ? offset : 0;
  return { seconds: seconds - quarters * 900, nanoseconds: hundredths * 1e7 };
}

// src/disk/filesystem/iso9660/reader.ts
var sectorSize = 2048;

// src/disk/filesystem/iso9660/records.ts
var fixedLength = 33;
function parseRecord(source, bytes, at, warnOnce) {
  const length3 = bytes.readUInt8(0);
  if (length3 <= fixedLength)
    throw damage(source, at, `a directory record has a length of ${length3}, but the minimum is ${fixedLength + 1}`, "ISO");
  if (length3 > bytes.length) {
    throw damage(source, at, `a directory record of ${length3} bytes doesn't end in the sector, or the directory, in which it begins`, "ISO");
  }
  const nameLength2 = bytes.readUInt8(32);
  const nameEnd = fixedLength + nameLength2;
  if (nameLength2 === 0 || nameEnd > length3) {
    throw damage(source, at, `a directory record of ${length3} bytes has a name of ${nameLength2} bytes`, "ISO");
  }
  if (bytes.readUInt32LE(2) !== bytes.readUInt32BE(6) || bytes.readUInt32LE(10) !== bytes.readUInt32BE(14)) {
    warnOnce(
      `${source.name}, byte ${at}: a directory record has different little-endian and big-endian values; the little-endian one is used, here and elsewhere`,
      "endian"
    );
  }
  const flags = bytes.readUInt8(25);
  const systemUseStart = Math.min(length3, nameEnd + (nameLength2 % 2 === 0 ? 1 : 0));
  return {
    at,
    location: bytes.readUInt32LE(2),
    earBlocks: bytes.readUInt8(1),
    dataLength: bytes.readUInt32LE(10),
    recorded: shortDate(bytes.subarray(18, 25)),
    isDirectory: (flags & 2) !== 0,
    isAssociated: (flags & 4) !== 0,
    continues: (flags & 128) !== 0,
    isInterleaved: bytes.readUInt16LE(26) !== 0,
    identifier: bytes.subarray(fixedLength, nameEnd),
    systemUse: bytes.subarray(systemUseStart, length3),
    systemUseAt: at + systemUseStart
  };
}
function dataStart(record, blockSize) {
  return (record.location + record.earBlocks) * blockSize;
}
function isSelf(record) {
  return record.identifier.length === 1 && record.identifier[0] === 0;
}
function isParent(record) {
  return record.identifier.length === 1 && record.identifier[0] === 1;
}
function selfRecord(reader, start) {
  const { source, warnOnce } = reader;
  if (start >= source.size) throw damage(source, start, `a directory should begin here, but the ISO ends at byte ${source.size}`, "ISO");
  const record = parseRecord(source, bytesAt(source, start, Math.min(sectorSize, source.size - start)), start, warnOnce);
  if (!isSelf(record)) throw damage(source, start, "a directory should begin here, but there is no record of the directory itself", "ISO");
  return record;
}
function* directoryRecords(reader, directory) {
  const { source, blockSize, warnOnce } = reader;
  if (directory.dataLength === 0) return;
  if (directory.isInterleaved) throw damage(source, directory.at, "a directory is interleaved", "ISO");
  const start = dataStart(directory, blockSize);
  const end = start + directory.dataLength;
  if (end > source.size) {
    throw damage(source, directory.at, `a directory should lie at bytes ${start} to ${end}, but the ISO ends at byte ${source.size}`, "ISO");
  }
  selfRecord(reader, start);
  for (let sectorStart = start; sectorStart < end; ) {
    const sectorEnd = Math.min(end, sectorStart - sectorStart % sectorSize + sectorSize);
    checkNoOverlap(reader, start, sectorStart, sectorEnd);
    const sector = bytesAt(source, sectorStart, sectorEnd - sectorStart);
    for (let at = 0; at < sector.length && sector[at] !== 0; at += sector[at]) {
      yield parseRecord(source, sector.subarray(at), sectorStart + at, warnOnce);
    }
    sectorStart = sectorEnd;
  }
}
function checkNoOverlap({ source, blockSize, budget }, start, from, to) {
  budget.directoryBytes += to - from;
  for (let block = from; block < to; block += blockSize) {
    const owner = budget.owners.get(block) ?? start;
    if (owner !== start) throw damage(source, block, `the directories that begin at bytes ${owner} and ${start} overlap`, "ISO");
    budget.owners.set(block, start);
  }
}

// src/disk/filesystem/iso9660/descriptors.ts
var firstDescriptor = 16 * sectorSize;
var maxDescriptors = 64;
function hasDescriptor(source) {
  return identifierAt(source, firstDescriptor) === "CD001";
}
function readDescriptors(source, session, warnOnce) {
  const first = firstDescriptor + session * sectorSize;
  let primary;
  let joliet;
  let elTorito = false;
  const types2 = [];
  let at = first;
  for (; types2.length < maxDescriptors && identifierAt(source, at) === "CD001"; at += sectorSize) {
    const bytes = bytesAt(source, at, sectorSize);
    const type2 = bytes.readUInt8(0);
    types2.push(type2);
    if (type2 === 0) elTorito ||= bytes.toString("latin1", 7, 30) === "EL TORITO SPECIFICATION";
    if (type2 === 1) primary ??= parseDescriptor(source, bytes, at, warnOnce);
    if (type2 === 2 && isJoliet(bytes)) joliet ??= parseDescriptor(source, bytes, at, warnOnce);
    if (type2 === 255) break;
  }
  if (!primary) {
    const found = types2.length === 0 ? "there is none" : `there are only descriptors of the types ${types2.join(", ")}`;
    throw damage(source, first, `a primary volume descriptor should be here, but ${found}`, "ISO");
  }
  if (types2.at(-1) !== 255) warnOnce(`${source.name}, byte ${at}: the volume descriptors end without a terminator`, "terminator");
  return { primary, joliet, elTorito, udfBridge: isUdfBridge(source, at) };
}
function identifierAt(source, at) {
  return peek(source, at, sectorSize)?.toString("latin1", 1, 6);
}
function parseDescriptor(source, bytes, at, warnOnce) {
  const blockSize = bytes.readUInt16LE(128);
  if (![512, 1024, 2048].includes(blockSize)) {
    throw damage(source, at + 128, `the logical block size is ${blockSize}, but only 512, 1024 and 2048 are possible`, "ISO");
  }
  const text3 = (from, to) => pathText(bytes.subarray(from, to)).replace(/[ \0]+$/, "");
  return {
    systemId: text3(8, 40),
    volumeId: text3(40, 72),
    publisherId: text3(318, 446),
    preparerId: text3(446, 574),
    applicationId: text3(574, 702),
    created: longDate(bytes.subarray(813, 830)),
    modified: longDate(bytes.subarray(830, 847)),
    blockSize,
    blocks: bytes.readUInt32LE(80),
    root: parseRecord(source, bytes.subarray(156, 190), at + 156, warnOnce)
  };
}
function isJoliet(bytes) {
  return ["%/@", "%/C", "%/E"].includes(bytes.toString("latin1", 88, 91));
}
function isUdfBridge(source, terminator) {
  for (let index = 1; index <= 16; index++) {
    const identifier = identifierAt(source, terminator + index * sectorSize);
    if (identifier === "NSR02" || identifier === "NSR03") return true;
    if (identifier === void 0 || !/^(BEA01|BOOT2|CDW02)$/.test(identifier)) return false;
  }
  return false;
}

// src/disk/filesystem/iso9660/names.ts
function plainName({ identifier }) {
  const text3 = identifier.toString("latin1");
  return Buffer.from(withoutVersion(text3), "latin1");
}
function jolietName({ identifier }) {
  const units = Buffer.from(identifier.subarray(0, identifier.length & ~1)).swap16();
  return Buffer.from(withoutVersion(units.toString("utf16le")));
}
function withoutVersion(name) {
  return name.replace(/;1$/, "").replace(/(?<=.)\.$/s, "");
}

// src/disk/filesystem/iso9660/susp.ts
var limits3 = { continuations: 32, continuationBytes: 64 * 1024 };
var continuationRatio = 64;
function systemUseSkip(rootSelf) {
  for (const start of [0, 14]) {
    const entry2 = rootSelf.systemUse.subarray(start, start + 7);
    if (entry2.length === 7 && entry2.toString("latin1", 0, 2) === "SP" && entry2.readUInt16BE(4) === 48879) return entry2.readUInt8(6);
  }
  return void 0;
}
function* systemUseEntries(reader, record) {
  const { source, blockSize } = reader;
  const first = firstEntry(reader, record);
  let area = record.systemUse.subarray(first);
  let at = record.systemUseAt + first;
  let bytes = 0;
  const visited = /* @__PURE__ */ new Set();
  for (; ; ) {
    let next2;
    for (const entry2 of areaEntries(reader, area, at)) {
      if (entry2.signature === "ST") break;
      if (entry2.signature === "CE" && entry2.bytes.length >= 28) next2 = entry2;
      else yield entry2;
    }
    if (!next2) return;
    at = next2.bytes.readUInt32LE(4) * blockSize + next2.bytes.readUInt32LE(12);
    const length3 = next2.bytes.readUInt32LE(20);
    bytes += length3;
    if (visited.has(at) || visited.size >= limits3.continuations || bytes > limits3.continuationBytes) {
      throw damage(source, record.at, "the system use entries of a directory record form a loop, or never end", "ISO");
    }
    visited.add(at);
    if (at + length3 > source.size) {
      throw damage(source, record.at, `the system use entries of a directory record continue at byte ${at}, past the end of the ISO`, "ISO");
    }
    spend(reader, record, length3);
    area = bytesAt(source, at, length3);
  }
}
function firstEntry({ skip = 0 }, record) {
  const isRootSelf = isSelf(record) && systemUseSkip(record) !== void 0;
  return isRootSelf && record.systemUse.toString("latin1", 0, 2) === "SP" ? 0 : skip;
}
function spend({ source, budget }, record, length3) {
  budget.continuationBytes += length3;
  if (budget.continuationBytes > (1 << 20) + continuationRatio * budget.directoryBytes) {
    throw damage(source, record.at, "the system use entries of the directory records are far longer than any names need", "ISO");
  }
}
function* areaEntries({ source, warnOnce }, area, at) {
  for (let start = 0; start + 4 <= area.length && area.readUInt16BE(start) !== 0; ) {
    const length3 = area.readUInt8(start + 2);
    if (length3 < 4 || start + length3 > area.length) {
      warnOnce(
        `${source.name}, byte ${at + start}: a system use entry has an impossible length of ${length3}; it and what follows it are ignored, here and elsewhere`,
        "susp"
      );
      return;
    }
    yield { signature: area.toString("latin1", start, start + 2), bytes: area.subarray(start, start + length3) };
    start += length3;
  }
}

// src/disk/filesystem/iso9660/symlink.ts
var component = { continues: 1, current: 2, parent: 4, root: 8 };
var SymlinkText = class {
  /** Undefined until the first entry. */
  text;
  /** The next component continues the last one, or follows the root, so no slash comes between them. */
  joins = true;
  /** Adds the components of one entry. Returns what is wrong with them, if anything. */
  add(entry2) {
    const parts = [this.text ?? Buffer.alloc(0)];
    let problem;
    let at = 5;
    while (at + 2 <= entry2.length) {
      const flags = entry2.readUInt8(at);
      const end = at + 2 + entry2.readUInt8(at + 1);
      if (end > entry2.length) {
        problem = "a symbolic link's component is longer than its entry; the target ends there";
        break;
      }
      if (flags & ~15) problem = `a symbolic link has a component of an unknown kind (flags 0x${flags.toString(16)}), treated as a name`;
      if (!this.joins) parts.push(Buffer.from("/"));
      parts.push(componentText(flags, entry2.subarray(at + 2, end)));
      this.joins = (flags & (component.continues | component.root)) !== 0;
      at = end;
    }
    this.text = Buffer.concat(parts);
    return problem;
  }
};
function componentText(flags, content2) {
  if (flags & component.root) return Buffer.from("/");
  if (flags & component.parent) return Buffer.from("..");
  if (flags & component.current) return Buffer.from(".");
  return content2;
}

// src/disk/filesystem/iso9660/rock-ridge.ts
function rockRidge(reader, record) {
  const found = { isRelocated: false };
  const name = [];
  const link = new SymlinkText();
  for (const { signature: signature2, bytes } of systemUseEntries(reader, record)) {
    const read = readers[signature2];
    if (read) {
      if (bytes.length < read.minLength)
        throw damage(reader.source, record.at, `a directory record's ${signature2} entry has only ${bytes.length} bytes`, "ISO");
      read.into(found, bytes);
    } else if (signature2 === "NM" && bytes.length >= 5) {
      if ((bytes[4] & 6) === 0) name.push(bytes.subarray(5));
    } else if (signature2 === "SL" && bytes.length >= 5) {
      const problem = link.add(bytes);
      if (problem) reader.warnOnce(`${reader.source.name}, byte ${record.at}: ${problem}`, "symlink");
    }
  }
  if (name.length > 0) found.name = Buffer.concat(name);
  if (link.text !== void 0) found.target = link.text;
  return found;
}
var readers = {
  PX: {
    minLength: 36,
    into(found, bytes) {
      found.mode = bytes.readUInt32LE(4);
      found.nlink = bytes.readUInt32LE(12);
      found.uid = bytes.readUInt32LE(20);
      found.gid = bytes.readUInt32LE(28);
      if (bytes.length >= 44) found.serial = bytes.readUInt32LE(36);
    }
  },
  PN: {
    minLength: 20,
    into(found, bytes) {
      found.rdev = halvesOfDevice(bytes.readUInt32LE(4), bytes.readUInt32LE(12));
    }
  },
  TF: {
    minLength: 5,
    into(found, bytes) {
      const modified = modificationTime(bytes);
      if (modified) found.modified = modified;
    }
  },
  CL: {
    minLength: 12,
    into(found, bytes) {
      found.childAt = bytes.readUInt32LE(4);
    }
  },
  RE: {
    minLength: 4,
    into(found) {
      found.isRelocated = true;
    }
  },
  ZF: {
    minLength: 16,
    into(found, bytes) {
      found.encoding = `compressed by zisofs (${pathText(bytes.subarray(4, 6))})`;
      found.size = bytes.readUInt32LE(8);
    }
  },
  SF: {
    minLength: 12,
    into(found) {
      found.encoding = "stored as a sparse file (SF)";
    }
  }
};
function halvesOfDevice(high, low) {
  return high !== 0 ? { major: high, minor: low } : deviceNumber(low);
}
function modificationTime(bytes) {
  const flags = bytes.readUInt8(4);
  if ((flags & 2) === 0) return void 0;
  const isLong = (flags & 128) !== 0;
  const length3 = isLong ? 17 : 7;
  const hasCreation = (flags & 1) !== 0;
  const start = 5 + (hasCreation ? length3 : 0);
  if (start + length3 > bytes.length) return void 0;
  const field3 = bytes.subarray(start, start + length3);
  return isLong ? longDate(field3) : shortDate(field3);
}

// src/disk/filesystem/iso9660/nodes.ts
var noPosix = { isRelocated: false };
function posixOf(reader, record) {
  return reader.naming === "rock-ridge" ? rockRidge(reader, record) : noPosix;
}
function rootNode(reader, record) {
  const self = selfRecord(reader, dataStart(record, reader.blockSize));
  return makeNode(reader, { name: Buffer.from("/"), records: [self], posix: posixOf(reader, self) });
}
function makeNode(reader, named) {
  if (named.posix.childAt === void 0) return describe2(reader, named);
  const self = selfRecord(reader, named.posix.childAt * reader.blockSize);
  return describe2(reader, { name: named.name, records: [self], posix: rockRidge(reader, self) });
}
function describe2(reader, { name, records: records2, posix }) {
  const [first] = records2;
  const type2 = nodeType(reader, first, posix);
  const isDir = type2 === "dir";
  const at = `${pathText(name)} (directory record at byte ${first.at})`;
  return {
    type: type2,
    ino: inodeNumber(reader, type2, first, posix),
    mode: posix.mode === void 0 ? isDir ? 365 : 292 : posix.mode & 4095,
    uid: posix.uid ?? 0,
    gid: posix.gid ?? 0,
    nlink: posix.nlink ?? 1,
    mtime: posix.modified ?? first.recorded ?? { seconds: 0, nanoseconds: 0 },
    size: type2 === "symlink" ? posix.target?.length ?? 0 : posix.size ?? records2.reduce((sum, record) => sum + record.dataLength, 0),
    ...(type2 === "char" || type2 === "block") && { rdev: posix.rdev ?? { major: 0, minor: 0 } },
    records: records2,
    content() {
      if (posix.encoding) {
        const what = `the file is ${posix.encoding}, which can't be read; make the ISO without it`;
        throw new DiskError(`${at} of ${reader.source.name}`, what, "unsupported");
      }
      return content(reader, at, records2);
    },
    target() {
      return checkedTarget(posix.target ?? Buffer.alloc(0), reader.source, at, "ISO");
    },
    xattrs: () => /* @__PURE__ */ new Map()
  };
}
function nodeType({ source, warnOnce }, record, { mode }) {
  const plain2 = record.isDirectory ? "dir" : "file";
  if (mode === void 0) return plain2;
  const type2 = fileTypeOf(mode);
  if (type2 && type2 === "dir" === record.isDirectory) return type2;
  warnOnce(
    `${source.name}, byte ${record.at}: a ${plain2} has the mode 0${mode.toString(8)}, which isn't the mode of a ${plain2}; it is treated as a ${plain2}`,
    "type"
  );
  return plain2;
}
function inodeNumber({ blockSize, hardLinks }, type2, record, { serial, nlink, rdev }) {
  if (type2 === "dir") return record.dataLength > 0 ? dataStart(record, blockSize) : record.at;
  if (serial === void 0 || (nlink ?? 1) < 2) return record.at;
  const identity = [serial, type2, record.location, record.dataLength, rdev?.major, rdev?.minor].join();
  const known = hardLinks.get(identity) ?? record.at;
  hardLinks.set(identity, known);
  return known;
}
function content({ source, blockSize }, at, records2) {
  const name = `${at} of ${source.name}`;
  const extents = records2.map((record) => {
    if (record.isInterleaved) throw new DiskError(name, "the file is interleaved with others, which can't be read", "unsupported");
    if (record.dataLength === 0) return slice(source, 0, 0, name);
    const start = dataStart(record, blockSize);
    const end = start + record.dataLength;
    if (end > source.size) {
      throw damage(source, at, `its content should be at bytes ${start} to ${end}, but the ISO ends at byte ${source.size}`, "ISO");
    }
    return slice(source, start, record.dataLength, name);
  });
  return extents.length === 1 ? extents[0] : concat(extents, name);
}

// src/disk/filesystem/iso9660/directory.ts
function* children2(reader, dir, root) {
  for (const file of files(reader, dir)) {
    if (file.posix.isRelocated) continue;
    if (dir === root && isRelocationDirectory(reader, file)) continue;
    yield { name: file.name, node: () => makeNode(reader, file) };
  }
}
function isRelocationDirectory(reader, file) {
  if (!/^\.?rr_moved$/i.test(file.name.toString("latin1")) || !file.records[0].isDirectory) return false;
  const inside = [...files(reader, makeNode(reader, file))];
  return inside.length > 0 && inside.every(({ posix }) => posix.isRelocated);
}
function* files(reader, dir) {
  let records2 = [];
  for (const record of directoryRecords(reader, dir.records[0])) {
    if (isSelf(record) || isParent(record)) continue;
    if (record.isAssociated) {
      reader.warnOnce(
        `${reader.source.name}, byte ${record.at}: associated files, such as resource forks, are left out, here and elsewhere`,
        "associated"
      );
      continue;
    }
    const previous = records2.at(-1);
    if (previous && !previous.identifier.equals(record.identifier)) throw unfinished(reader, previous);
    records2.push(record);
    if (record.continues) continue;
    const [first, ...more2] = records2;
    records2 = [];
    const posix = posixOf(reader, first);
    yield { name: nameOf(reader, first, posix), records: [first, ...more2], posix };
  }
  const last = records2.at(-1);
  if (last) throw unfinished(reader, last);
}
function unfinished({ source }, record) {
  return damage(
    source,
    record.at,
    `the file ${pathText(record.identifier)} should continue in the next directory record, but that is missing`,
    "ISO"
  );
}
function nameOf({ naming }, record, { name }) {
  if (naming === "joliet") return jolietName(record);
  return name?.length ? name : plainName(record);
}

// src/disk/filesystem/iso9660/hybrid.ts
function hybridParts(source) {
  const area = bytesAt(source, 0, 1024);
  const hasPartition = [446, 462, 478, 494].some((entry2) => area.readUInt8(entry2 + 4) !== 0);
  return [
    ...area.readUInt16BE(510) === 21930 && hasPartition ? ["mbr"] : [],
    ...area.toString("latin1", 512, 520) === "EFI PART" ? ["gpt"] : []
  ];
}

// src/disk/filesystem/iso9660/sessions.ts
var maxSessions = 99;
var alignment = 16;
var maxGap = 11552;
function findSessions(source) {
  const sessions = [0];
  for (let end = volumeEnd(source, 0); end !== void 0 && sessions.length < maxSessions; ) {
    const next2 = nextSession(source, end);
    if (next2 === void 0) break;
    sessions.push(next2);
    end = volumeEnd(source, next2);
  }
  return sessions;
}
function nextSession(source, end) {
  const first = Math.ceil(end / alignment) * alignment;
  for (let session = first; session <= end + maxGap && (session + alignment + 1) * sectorSize <= source.size; session += alignment) {
    const descriptor = primaryDescriptor(source, session);
    if (descriptor && descriptor.readUInt32LE(158) > session + alignment) return session;
  }
  return void 0;
}
function volumeEnd(source, session) {
  const descriptor = primaryDescriptor(source, session);
  return descriptor?.readUInt16LE(128) === sectorSize ? session + descriptor.readUInt32LE(80) : void 0;
}
function primaryDescriptor(source, session) {
  const bytes = peek(source, (session + alignment) * sectorSize, 2048);
  return bytes?.toString("latin1", 0, 6) === "CD001" ? bytes : void 0;
}

// src/disk/filesystem/iso9660/index.ts
var iso9660 = { name: "iso9660", detect: hasDescriptor, open: openIso };
function openIso(source, warn) {
  const warnOnce = onceEach(warn);
  const sessions = findSessions(source);
  const session = sessions.at(-1);
  const descriptors = readDescriptors(source, session, warnOnce);
  const { blocks, blockSize } = descriptors.primary;
  const size = session * sectorSize + blocks * blockSize;
  warnIfCutShort(source, "the ISO", size, warn);
  const { reader, root, hasRockRidge } = chooseNames(source, descriptors, warnOnce);
  const iso = { ...describe3(source, descriptors, reader.naming, hasRockRidge), size, sessions: sessions.length };
  return { root, entries: (dir) => children2(reader, dir, root), info: summary(iso), iso };
}
function chooseNames(source, { primary, joliet }, warnOnce) {
  try {
    const rootSelf = selfRecord({ source, warnOnce }, dataStart(primary.root, primary.blockSize));
    const skip = systemUseSkip(rootSelf);
    const rockRidge2 = makeReader(source, primary, skip === void 0 ? "plain" : "rock-ridge", skip, warnOnce);
    const root = rootNode(rockRidge2, primary.root);
    const hasRockRidge = skip !== void 0 && posixOf(rockRidge2, rootSelf).mode !== void 0;
    if (hasRockRidge || !joliet) return { reader: rockRidge2, root, hasRockRidge };
  } catch (error) {
    if (!joliet || !(error instanceof DiskError)) throw error;
    warnOnce(`${error.message}; the Joliet directories are read instead`, "primary");
  }
  const reader = makeReader(source, joliet, "joliet", void 0, warnOnce);
  return { reader, root: rootNode(reader, joliet.root), hasRockRidge: false };
}
function makeReader(source, { blockSize }, naming, skip, warnOnce) {
  const budget = { directoryBytes: 0, continuationBytes: 0, owners: /* @__PURE__ */ new Map() };
  return { source, blockSize, naming, skip, warnOnce, hardLinks: /* @__PURE__ */ new Map(), budget };
}
function describe3(source, { primary, joliet, elTorito, udfBridge }, naming, hasRockRidge) {
  const { root, blocks, ...fields7 } = primary;
  return {
    ...fields7,
    naming,
    extensions: [...hasRockRidge ? ["rock-ridge"] : [], ...joliet ? ["joliet"] : []],
    elTorito,
    udfBridge,
    hybrid: hybridParts(source)
  };
}
function summary(iso) {
  return {
    type: "iso9660",
    label: iso.volumeId,
    uuid: uuid(iso.modified ?? iso.created),
    blockSize: iso.blockSize,
    size: iso.size,
    free: 0,
    features: [
      ...iso.extensions,
      ...iso.elTorito ? ["el-torito"] : [],
      ...iso.udfBridge ? ["udf"] : [],
      ...iso.hybrid.map((table4) => `isohybrid-${table4}`)
    ],
    notes: [`read by its ${iso.naming} names`, ...iso.sessions > 1 ? [`the last of ${iso.sessions} sessions`] : []]
  };
}
function uuid(time) {
  if (!time) return "";
  const text3 = new Date(time.seconds * 1e3).toISOString().slice(0, 19);
  return `${text3.replace(/[T:]/g, "-")}-${String(Math.floor(time.nanoseconds / 1e7)).padStart(2, "0")}`;
}

// src/disk/held.ts
function holder() {
  const things = [];
  const finish = () => {
    for (const thing of things) thing.finish?.();
  };
  return {
    add(thing) {
      things.push(thing);
      return thing;
    },
    finish,
    causeOf(error) {
      if (!(error instanceof DiskError)) return error;
      try {
        finish();
        return error;
      } catch (cause) {
        return cause;
      }
    },
    close() {
      for (const thing of things.splice(0).reverse()) thing.close();
    }
  };
}

// src/disk/other-iso.ts
var depth = 3;
function otherIso(tree) {
  const names = /* @__PURE__ */ new Set();
  try {
    for (const { name } of tree.entries(tree.root)) names.add(pathText(name).toLowerCase());
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
  }
  if (names.has("install.img") || names.has("packages.main")) return "XenServer's installer";
  if (names.has("xs-repository") || names.has("xs-packages")) return "a supplemental pack";
  if (names.has("update.xml")) return "an update or a supplemental pack";
  for (const { path } of walk(tree, () => {
  }, depth)) if (/\.src\.rpm$/i.test(pathText(path))) return "an ISO with sources";
  return void 0;
}

// src/bytes/tar-header.ts
var tarBlockSize = 512;
function tarPadding(size) {
  return (tarBlockSize - size % tarBlockSize) % tarBlockSize;
}
var field = { start: 148, end: 156 };
function tarChecksum(header4) {
  return sumOf(header4, 0, field.start) + (field.end - field.start) * 32 + sumOf(header4, field.end, header4.length);
}
function sumOf(bytes, start, end) {
  let sum = 0;
  for (let index = start; index < end; index++) sum += bytes[index];
  return sum;
}
function hasTarChecksum(header4) {
  const stored = /^[\0 ]*([0-7]+)(?:[\0 ]|$)/.exec(header4.toString("latin1", field.start, field.end))?.[1];
  return stored !== void 0 && Number.parseInt(stored, 8) === tarChecksum(header4);
}
function readTarHeader(header4) {
  const name = text(header4, 0, 100);
  const prefix2 = header4.toString("latin1", 257, 263) === "ustar\0" ? text(header4, 345, 500) : "";
  return { path: prefix2 === "" ? name : `${prefix2}/${name}`, size: sizeField(header4), typeflag: header4.toString("latin1", 156, 157) };
}
function sizeField(header4) {
  if ((header4[124] & 128) !== 0) {
    return header4.readUInt32BE(124) === 2147483648 ? header4.readUInt32BE(128) * 2 ** 32 + header4.readUInt32BE(132) : Number.NaN;
  }
  const digits = text(header4, 124, 136).trim();
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
}
function text(header4, start, end) {
  return header4.toString("latin1", start, end).replace(/\0.*$/s, "");
}

// src/disk/filesystem/ext/inode/layout.ts
var inodeFlags = { encrypt: 2048, index: 4096, extents: 524288, eaInode: 2097152, inlineData: 268435456 };
var originalSize = 128;
var blockFieldRange = { start: 40, end: 100 };
function blockField({ raw }) {
  return raw.subarray(blockFieldRange.start, blockFieldRange.end);
}
function generation(raw) {
  return raw.readUInt32LE(100);
}
var extentMagic = 62218;
var extentEntrySize = 12;
var maxWrittenExtent = 32768;

// src/disk/filesystem/block-number.ts
function fileBlock(number2) {
  return number2;
}
function fsBlock(number2) {
  return number2;
}

// src/bytes/crc32c.ts
function crc32c(seed2, bytes) {
  let crc = seed2 | 0;
  const length3 = bytes.length;
  let at = 0;
  for (const last = length3 - 8; at <= last; at += 8) {
    crc ^= bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 | bytes[at + 3] << 24;
    crc = table2[1792 | crc & 255] ^ table2[1536 | crc >>> 8 & 255] ^ table2[1280 | crc >>> 16 & 255] ^ table2[1024 | crc >>> 24] ^ table2[768 | bytes[at + 4]] ^ table2[512 | bytes[at + 5]] ^ table2[256 | bytes[at + 6]] ^ table2[bytes[at + 7]];
  }
  for (; at < length3; at++) crc = table2[(crc ^ bytes[at]) & 255] ^ crc >>> 8;
  return crc >>> 0;
}
function crc32cOfU32(seed2, value) {
  const crc = seed2 ^ value;
  return (table2[768 | crc & 255] ^ table2[512 | crc >>> 8 & 255] ^ table2[256 | crc >>> 16 & 255] ^ table2[crc >>> 24]) >>> 0;
}
var table2 = makeTable();
function makeTable() {
  const made = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit2 = 0; bit2 < 8; bit2++) crc = crc >>> 1 ^ (crc & 1 ? 2197175160 : 0);
    made[byte] = crc;
  }
  for (let index = 256; index < made.length; index++) {
    const before = made[index - 256];
    made[index] = made[before & 255] ^ before >>> 8;
  }
  return made;
}

// src/disk/filesystem/ext/superblock/features.ts
var compat = { hasJournal: 4, sparseSuper2: 512 };
var incompat = {
  fileType: 2,
  recover: 4,
  journalDev: 8,
  metaBg: 16,
  extents: 64,
  is64bit: 128,
  mmp: 256,
  flexBg: 512,
  eaInode: 1024,
  csumSeed: 8192,
  largeDir: 16384,
  inlineData: 32768,
  encrypt: 65536,
  casefold: 131072
};
var roCompat = {
  sparseSuper: 1,
  largeFile: 2,
  btreeDir: 4,
  gdtCsum: 16,
  hasSnapshot: 128,
  bigalloc: 512,
  metadataCsum: 1024
};
var compatNames = [
  "dir_prealloc",
  "imagic_inodes",
  "has_journal",
  "ext_attr",
  "resize_inode",
  "dir_index",
  "lazy_bg",
  void 0,
  "snapshot_bitmap",
  "sparse_super2",
  "fast_commit",
  "stable_inodes",
  "orphan_file"
];
var incompatNames = [
  "compression",
  "filetype",
  "needs_recovery",
  "journal_dev",
  "meta_bg",
  void 0,
  "extent",
  "64bit",
  "mmp",
  "flex_bg",
  "ea_inode",
  void 0,
  "dirdata",
  "metadata_csum_seed",
  "large_dir",
  "inline_data",
  "encrypt",
  "casefold"
];
var roCompatNames = [
  "sparse_super",
  "large_file",
  void 0,
  "huge_file",
  "uninit_bg",
  "dir_nlink",
  "extra_isize",
  void 0,
  "quota",
  "bigalloc",
  "metadata_csum",
  "replica",
  "read-only",
  "project",
  "shared_blocks",
  "verity",
  "orphan_present"
];
var readable = Object.values(incompat).reduce((all, bit2) => all | bit2, 0) & ~incompat.journalDev;
var ext3Incompat = incompat.fileType | incompat.recover | incompat.metaBg;
var ext3RoCompat = roCompat.sparseSuper | roCompat.largeFile | roCompat.btreeDir;
function featureNames(features) {
  return [
    ...namesOf(features.compat, compatNames, "C"),
    ...namesOf(features.incompat, incompatNames, "I"),
    ...namesOf(features.roCompat, roCompatNames, "R")
  ];
}
function namesOf(word2, names, kind) {
  const found = [];
  for (let bit2 = 0; bit2 < 32; bit2++) if (word2 >>> bit2 & 1) found.push(names[bit2] ?? `FEATURE_${kind}${bit2}`);
  return found;
}
function typeName(features) {
  if (features.incompat & ~ext3Incompat || features.roCompat & ~ext3RoCompat) return "ext4";
  return features.compat & compat.hasJournal ? "ext3" : "ext2";
}
function checkReadable(features, name) {
  if (features.incompat & incompat.journalDev) {
    throw new DiskError(name, "it is the external journal of an ext filesystem, not a filesystem (feature journal_dev)", "unsupported");
  }
  const unreadable = namesOf(features.incompat & ~readable, incompatNames, "I");
  if (features.roCompat & roCompat.hasSnapshot) unreadable.push("has_snapshot");
  if (unreadable.length > 0) {
    throw new DiskError(name, `the ext filesystem uses a feature that can't be read: ${unreadable.join(", ")}`, "unsupported");
  }
}

// src/disk/filesystem/ext/inode/inode.ts
var checksumLow = 124;
var checksumHigh = 130;
var twoZeros = Buffer.alloc(2);
function loadInode(reader, number2) {
  const { superblock } = reader;
  const onDevice = reader.rawInode(number2);
  const raw = reader.fastCommits?.inode(number2, onDevice) ?? onDevice;
  const extraSize = superblock.inodeSize > originalSize ? raw.readUInt16LE(128) : 0;
  const at = `inode ${number2}`;
  if (extraSize > superblock.inodeSize - originalSize || extraSize % 4 !== 0) {
    throw damage(reader, at, `its extra size of ${extraSize} bytes is impossible`);
  }
  const checksumSeed = superblock.hasChecksums ? crc32cOfU32(crc32cOfU32(superblock.checksumSeed, number2), raw.readUInt32LE(100)) : 0;
  const isVerified = superblock.hasChecksums && superblock.madeByLinux && raw === onDevice;
  if (isVerified && !checksumHolds(raw, extraSize, checksumSeed)) throw damage(reader, at, "its checksum is wrong");
  const mode = raw.readUInt16LE(0);
  const hasHighSize = fileTypeOf(mode) === "file" || (superblock.features.incompat & incompat.largeDir) !== 0;
  const size = raw.readUInt32LE(4) + (hasHighSize ? raw.readUInt32LE(108) * 2 ** 32 : 0);
  if (size > 2 ** 32 * superblock.blockSize) throw damage(reader, at, `its size of ${size} bytes is impossible`);
  return { number: number2, raw, mode, flags: raw.readUInt32LE(32), size, linksCount: raw.readUInt16LE(26), extraSize, checksumSeed };
}
function checksumHolds(raw, extraSize, seed2) {
  const hasHigh = extraSize >= checksumHigh + 2 - originalSize;
  let crc = crc32c(crc32c(seed2, raw.subarray(0, checksumLow)), twoZeros);
  if (hasHigh) {
    crc = crc32c(crc32c(crc, raw.subarray(checksumLow + 2, checksumHigh)), twoZeros);
    crc = crc32c(crc, raw.subarray(checksumHigh + 2));
  } else {
    crc = crc32c(crc, raw.subarray(checksumLow + 2));
  }
  const stored = raw.readUInt16LE(checksumLow) + (hasHigh ? raw.readUInt16LE(checksumHigh) * 65536 : 0);
  return stored === (hasHigh ? crc : crc & 65535);
}
function modificationTime2({ raw, extraSize }) {
  const base2 = raw.readInt32LE(16);
  if (extraSize < 136 + 4 - originalSize) return { seconds: base2, nanoseconds: 0 };
  const extra = raw.readUInt32LE(136);
  const nanoseconds = extra >>> 2;
  const carry = nanoseconds >= 1e9 ? 1 : 0;
  return { seconds: base2 + (extra & 3) * 2 ** 32 + carry, nanoseconds: nanoseconds - carry * 1e9 };
}
function inodePlace(reader, number2) {
  return `inode ${number2} of ${reader.name}`;
}

// src/disk/filesystem/ext/xattr/acl.ts
var tagsWithId = [2, 8];
var tagsWithoutId = [1, 4, 16, 32];
var noId = 4294967295;
function userSpaceAcl(stored, source, at) {
  const damaged2 = () => damage(source, at, "its access control list is invalid");
  if (stored.length < 4 || stored.readUInt32LE(0) !== 1) throw damaged2();
  const version2 = Buffer.alloc(4);
  version2.writeUInt32LE(2);
  const parts = [version2];
  for (let at2 = 4; at2 < stored.length; ) {
    if (at2 + 4 > stored.length) throw damaged2();
    const tag2 = stored.readUInt16LE(at2);
    const hasId = tagsWithId.includes(tag2);
    if (!(hasId || tagsWithoutId.includes(tag2)) || hasId && at2 + 8 > stored.length) throw damaged2();
    const entry2 = Buffer.alloc(8);
    stored.copy(entry2, 0, at2, at2 + 4);
    entry2.writeUInt32LE(hasId ? stored.readUInt32LE(at2 + 4) : noId, 4);
    parts.push(entry2);
    at2 += hasId ? 8 : 4;
  }
  return Buffer.concat(parts);
}

// src/disk/filesystem/ext/xattr/attribute.ts
var attributeMagic = 3925999616;
var entryHeader = 16;
var blockHeader = 32;
var maxValueSize = 65536;
function readAttributeBlock(device, superblock, block) {
  const { blockSize, blocksCount, firstDataBlock } = superblock;
  const place2 = `attribute block ${block}`;
  if (block <= firstDataBlock || block >= blocksCount) throw damage(device, place2, "it is outside the filesystem");
  const raw = bytesAt(device, block * blockSize, blockSize);
  if (raw.readUInt32LE(0) !== attributeMagic || raw.readUInt32LE(8) !== 1) {
    throw damage(device, place2, "it has no attribute header");
  }
  if (superblock.hasChecksums) {
    const stored = raw.readUInt32LE(16);
    raw.writeUInt32LE(0, 16);
    const seed2 = crc32cOfU32(crc32cOfU32(superblock.checksumSeed, block % 2 ** 32), Math.floor(block / 2 ** 32));
    if (crc32c(seed2, raw) !== stored) throw damage(device, place2, "its checksum is wrong");
  }
  return readEntries(raw, blockHeader, device, place2);
}
function readEntries(area, first, source, place2) {
  const found = [];
  const damaged2 = () => damage(source, place2, `the entry at byte ${at} is invalid`);
  let at = first;
  for (; ; at += entryHeader + area.readUInt8(at) + 3 & ~3) {
    if (at + 4 > area.length) throw damaged2();
    if (area.readUInt32LE(at) === 0) break;
    const nameEnd = at + entryHeader + area.readUInt8(at);
    if (nameEnd > area.length) throw damaged2();
    const name = area.subarray(at + entryHeader, nameEnd);
    const offset = area.readUInt16LE(at + 2);
    const valueInode = area.readUInt32LE(at + 4);
    const valueSize = area.readUInt32LE(at + 8);
    const stored = valueInode === 0 ? valueSize : 0;
    if (name.includes(0) || valueSize > maxValueSize || stored > 0 && offset + stored > area.length) throw damaged2();
    found.push({
      index: area.readUInt8(at + 1),
      name: pathText(name),
      value: stored === 0 ? Buffer.alloc(0) : Buffer.from(area.subarray(offset, offset + stored)),
      valueInode,
      valueSize
    });
  }
  return found;
}

// src/disk/filesystem/run-reader.ts
function runReader(device, blockSize, runs) {
  const { fileBlocks, fsBlocks, counts } = runs;
  const startOf3 = (index) => index < fileBlocks.length ? fileBlocks[index] * blockSize : Number.POSITIVE_INFINITY;
  const endOf3 = (index) => (fileBlocks[index] + counts[index]) * blockSize;
  let next2 = 0;
  return (into, offset) => {
    if (next2 > 0 && endOf3(next2 - 1) > offset) next2 = 0;
    if (next2 < counts.length && endOf3(next2) <= offset) next2 = firstEndingBehind(offset, next2, counts.length, endOf3);
    for (let done = 0; done < into.length; ) {
      const at = offset + done;
      const start = startOf3(next2);
      if (at < start) {
        const length4 = Math.min(into.length - done, start - at);
        into.fill(0, done, done + length4);
        done += length4;
        continue;
      }
      const length3 = Math.min(into.length - done, endOf3(next2) - at);
      device.read(length3 === into.length ? into : into.subarray(done, done + length3), fsBlocks[next2] * blockSize + at - start);
      done += length3;
      if (at + length3 === endOf3(next2)) next2++;
    }
  };
}
function firstEndingBehind(offset, from, to, endOf3) {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = low + high >>> 1;
    if (endOf3(middle) > offset) high = middle;
    else low = middle + 1;
  }
  return low;
}

// src/disk/filesystem/ext/journal/fast-commit/ranges.ts
function merged(changes) {
  if (changes.length <= 1) return changes.filter(({ count }) => count > 0);
  const middle = changes.length >>> 1;
  return laidOver(merged(changes.slice(0, middle)), merged(changes.slice(middle)));
}
function laidOver(below, above) {
  const result = [];
  let index = 0;
  let rest = below[0];
  for (const range of above) {
    const end = endOf(range);
    for (; rest && rest.first < end; ) {
      if (rest.first < range.first) result.push(cut(rest, rest.first, fileBlock(Math.min(endOf(rest), range.first))));
      rest = endOf(rest) > end ? cut(rest, end, endOf(rest)) : below[++index];
    }
    result.push(range);
  }
  for (; rest; rest = below[++index]) result.push(rest);
  return result;
}
function endOf(range) {
  return fileBlock(range.first + range.count);
}
function cut(range, from, to) {
  const part = { first: from, count: to - from };
  return range.start === void 0 ? part : { ...part, start: fsBlock(range.start + from - range.first) };
}

// src/disk/filesystem/ext/mapping/block-map.ts
var directPointers = 12;
var depths = [1, 2, 3];
function blockMapRuns(reader, inode, blocks, runs) {
  const perBlock = reader.superblock.blockSize / 4;
  const field3 = blockField(inode);
  const buffers = [];
  const add = (pointers, count, from, depth3, span) => {
    for (let index = 0; index < count; index++) {
      const first = fileBlock(from + index * span);
      if (first >= blocks) return;
      const block = fsBlock(pointers.readUInt32LE(4 * index));
      if (block === 0) continue;
      if (depth3 === 0) {
        runs.add(first, block, 1);
        continue;
      }
      buffers[depth3] ??= Buffer.allocUnsafeSlow(4 * perBlock);
      runs.readMapBlock(buffers[depth3], block);
      add(buffers[depth3], perBlock, first, depth3 - 1, span / perBlock);
    }
  };
  add(field3, directPointers, fileBlock(0), 0, 1);
  let next2 = directPointers;
  for (const depth3 of depths) {
    const span = perBlock ** depth3;
    add(field3.subarray(4 * (directPointers + depth3 - 1)), 1, fileBlock(next2), depth3, span);
    next2 += span;
  }
  if (next2 < blocks) throw runs.damage(`its size of ${inode.size} bytes is more than its block map can hold`);
}

// src/disk/filesystem/ext/mapping/extents.ts
var maxLevels = 5;
var endOfFile = 2 ** 32;
function extentRuns(reader, inode, blocks, runs) {
  const root = blockField(inode);
  const depth3 = checkHeader(root, runs);
  if (depth3 > maxLevels) throw runs.damage(`its extent tree is ${depth3} levels deep`);
  const add = (node, nodeDepth, from, to) => {
    const count = node.readUInt16LE(2);
    let free = from;
    for (let index = 0; index < count; index++) {
      const at = extentEntrySize * (index + 1);
      const first = fileBlock(node.readUInt32LE(at));
      if (first < free || first >= to) throw runs.damage(`its extent tree is out of order at block ${first} of the file`);
      free = nodeDepth === 0 ? addExtent(node, at, to) : addChild(node, at, nodeDepth, index + 1 < count ? node.readUInt32LE(at + extentEntrySize) : to);
    }
  };
  const addExtent = (node, at, to) => {
    const first = fileBlock(node.readUInt32LE(at));
    const length3 = node.readUInt16LE(at + 4);
    const count = length3 > maxWrittenExtent ? length3 - maxWrittenExtent : length3;
    if (count === 0 || first + count > to) {
      throw runs.damage(`its extent at block ${first} of the file has the impossible length ${count}`);
    }
    const start = fsBlock(node.readUInt16LE(at + 6) * 2 ** 32 + node.readUInt32LE(at + 8));
    const used = Math.min(count, blocks - first);
    if (length3 <= maxWrittenExtent && used > 0) runs.add(first, start, used);
    return first + count;
  };
  const addChild = (node, at, nodeDepth, to) => {
    const first = fileBlock(node.readUInt32LE(at));
    if (first >= blocks) return first + 1;
    const block = fsBlock(node.readUInt32LE(at + 4) + node.readUInt16LE(at + 8) * 2 ** 32);
    const child = Buffer.allocUnsafeSlow(reader.superblock.blockSize);
    runs.readMapBlock(child, block);
    if (checkHeader(child, runs) !== nodeDepth - 1) throw runs.damage(`block ${block} is at the wrong depth of its extent tree`);
    if (reader.superblock.hasChecksums) verifyChecksum(child, inode, block, runs);
    add(child, nodeDepth - 1, first, to);
    return first + 1;
  };
  add(root, depth3, 0, endOfFile);
}
function checkHeader(node, runs) {
  if (node.readUInt16LE(0) !== extentMagic) throw runs.damage("its extent tree has a node without the magic number");
  const entries4 = node.readUInt16LE(2);
  const max = node.readUInt16LE(4);
  const depth3 = node.readUInt16LE(6);
  if (entries4 > max || (max + 1) * extentEntrySize > node.length || entries4 === 0 && depth3 > 0) {
    throw runs.damage(`its extent tree has a node of ${entries4} entries with room for ${max}`);
  }
  return depth3;
}
function verifyChecksum(node, inode, block, runs) {
  const end = (node.readUInt16LE(4) + 1) * extentEntrySize;
  if (end + 4 > node.length || crc32c(inode.checksumSeed, node.subarray(0, end)) !== node.readUInt32LE(end)) {
    throw runs.damage(`the checksum of block ${block} of its extent tree is wrong`);
  }
}

// src/disk/filesystem/ext/mapping/runs.ts
var maxRuns = 4e6;
var Runs = class {
  /** For the run at each index: its first block in the file, the position of that block in the filesystem, and the length in blocks. */
  fileBlocks = [];
  fsBlocks = [];
  counts = [];
  #reader;
  #inode;
  #seen = /* @__PURE__ */ new Set();
  constructor(reader, inode) {
    this.#reader = reader;
    this.#inode = inode;
  }
  /**
   * Adds blocks that come after all blocks added before.
   * @throws DiskError if they aren't blocks of the filesystem
   */
  add(fileBlock2, fsBlock2, count) {
    this.#checkBlocks(fsBlock2, count);
    const last = this.counts.length - 1;
    if (last >= 0 && this.fileBlocks[last] + this.counts[last] === fileBlock2 && this.fsBlocks[last] + this.counts[last] === fsBlock2) {
      this.counts[last] += count;
      return;
    }
    if (this.counts.length === maxRuns) {
      const place2 = inodePlace(this.#reader, this.#inode.number);
      throw new DiskError(place2, `it is fragmented into more than ${maxRuns} pieces, which is the limit`, "unsupported");
    }
    this.fileBlocks.push(fileBlock2);
    this.fsBlocks.push(fsBlock2);
    this.counts.push(count);
  }
  /**
   * Reads a block of the map itself.
   * @throws DiskError if the map leads to a block twice, which would never end
   */
  readMapBlock(into, block) {
    this.#checkBlocks(block, 1);
    if (this.#seen.has(block)) throw this.damage(`the map of its blocks leads to block ${block} twice`);
    this.#seen.add(block);
    this.#reader.device.read(into, block * this.#reader.superblock.blockSize);
  }
  /** An error for a file whose map is damaged; `what` as for `damage` in bytes/errors.ts. */
  damage(what) {
    return damage(this.#reader, `inode ${this.#inode.number}`, what);
  }
  #checkBlocks(block, count) {
    const { firstDataBlock, blocksCount } = this.#reader.superblock;
    if (block > firstDataBlock && block + count <= blocksCount) return;
    throw this.damage(`it uses blocks ${block} to ${block + count - 1}, which can't belong to a file`);
  }
};

// src/disk/filesystem/ext/mapping/file-runs.ts
function fileRuns(reader, inode) {
  const runs = new Runs(reader, inode);
  const blocks = Math.ceil(inode.size / reader.superblock.blockSize);
  if (inode.flags & inodeFlags.extents) extentRuns(reader, inode, blocks, runs);
  else blockMapRuns(reader, inode, blocks, runs);
  const changes = reader.fastCommits?.ranges(inode.number);
  return changes ? changedRuns(reader, inode, blocks, runs, changes) : runs;
}
function changedRuns(reader, inode, blocks, runs, changes) {
  const onDevice = runs.counts.map((count, index) => ({ first: runs.fileBlocks[index], count, start: runs.fsBlocks[index] }));
  const changed = new Runs(reader, inode);
  for (const { first, count, start } of laidOver(onDevice, changes)) {
    const used = Math.min(count, blocks - first);
    if (start !== void 0 && used > 0) changed.add(first, start, used);
  }
  return changed;
}

// src/disk/filesystem/ext/mapping/mapped-content.ts
function mappedContent(reader, inode) {
  let readRuns;
  const content2 = {
    name: inodePlace(reader, inode.number),
    size: inode.size,
    read(into, offset) {
      checkRange(content2, offset, into.length);
      readRuns ??= runReader(reader.device, reader.superblock.blockSize, fileRuns(reader, inode));
      readRuns(into, offset);
    }
  };
  return content2;
}

// src/disk/filesystem/ext/xattr/ea-inode.ts
function attributeInodeValue(reader, owner, { valueInode, valueSize }) {
  const inode = loadInode(reader, valueInode);
  const at = `inode ${valueInode}`;
  if (!(inode.flags & inodeFlags.eaInode) || inode.flags & inodeFlags.inlineData || inode.size !== valueSize) {
    throw damage(reader, at, `it should hold the ${valueSize} bytes of an attribute of inode ${owner.number}, but doesn't`);
  }
  const value = bytesAt(mappedContent(reader, inode), 0, valueSize);
  const hash = inode.raw.readUInt32LE(8);
  const ofLustre = modificationTime2(inode).seconds === owner.number;
  if (!ofLustre && crc32c(reader.superblock.checksumSeed, value) !== hash) {
    throw damage(reader, at, "the hash of the attribute in it is wrong");
  }
  return value;
}

// src/disk/filesystem/ext/xattr/xattr.ts
var maxValueBytes = 2 ** 20;
var aclIndexes = [2, 3];
var prefixes = {
  1: "user.",
  2: "system.posix_acl_access",
  3: "system.posix_acl_default",
  4: "trusted.",
  6: "security.",
  10: "gnu."
};
function readAttributes(reader, inode) {
  const block = attributeBlockNumber(inode, reader.superblock);
  const stored = [...block === 0 ? [] : reader.attributeBlock(block), ...inodeAttributes(reader, inode)];
  const found = /* @__PURE__ */ new Map();
  for (const attribute of stored) {
    const prefix2 = prefixes[attribute.index];
    if (prefix2 !== void 0) found.set(prefix2 + attribute.name, attribute);
  }
  const names = [...found.keys()].sort();
  let total = 0;
  for (const { valueSize } of found.values()) total += valueSize;
  if (total > maxValueBytes)
    throw new DiskError(
      inodePlace(reader, inode.number),
      `it has ${total} bytes of attributes; the limit is ${maxValueBytes}`,
      "unsupported"
    );
  return new Map(names.map((name) => [name, attributeValue(reader, inode, found.get(name))]));
}
function attributeValue(reader, inode, attribute) {
  const value = attribute.valueInode === 0 ? attribute.value : attributeInodeValue(reader, inode, attribute);
  return aclIndexes.includes(attribute.index) ? userSpaceAcl(value, reader, `inode ${inode.number}`) : value;
}
function inodeAttributes(reader, inode) {
  const start = originalSize + inode.extraSize;
  if (inode.extraSize === 0 || start + 4 > inode.raw.length || inode.raw.readUInt32LE(start) !== attributeMagic) return [];
  const area = inode.raw.subarray(start + 4);
  return readEntries(area, 0, reader, `the attributes of inode ${inode.number}`);
}
function attributeBlockNumber({ raw }, { descriptorSize }) {
  return fsBlock(raw.readUInt32LE(104) + (descriptorSize >= 64 ? raw.readUInt16LE(118) * 2 ** 32 : 0));
}

// src/disk/filesystem/ext/inline-data.ts
function inlineData(reader, inode) {
  const first = blockField(inode);
  if (inode.size <= first.length) return [first.subarray(0, inode.size), Buffer.alloc(0)];
  const attribute = inodeAttributes(reader, inode).find(({ index, name }) => index === 7 && name === "data");
  const rest = inode.size - first.length;
  if (attribute?.valueInode !== 0 || attribute.value.length < rest) {
    throw damage(reader, `inode ${inode.number}`, `${rest} bytes of its inline data are missing`);
  }
  return [first, attribute.value.subarray(0, rest)];
}

// src/disk/filesystem/ext/content.ts
function fileContent(reader, inode) {
  checkNotEncrypted(reader, inode);
  if (!(inode.flags & inodeFlags.inlineData)) return mappedContent(reader, inode);
  return memorySource(Buffer.concat(inlineData(reader, inode)), inodePlace(reader, inode.number));
}
function checkNotEncrypted(reader, inode) {
  if (inode.flags & inodeFlags.encrypt) {
    throw new DiskError(inodePlace(reader, inode.number), "it is encrypted and can't be read without its key", "encrypted");
  }
}

// src/disk/filesystem/ext/directory/checksum.ts
var tailSize = 12;
var tailType = 222;
var dotSize = 12;
var fourZeros = Buffer.alloc(4);
function directoryBlockHolds(block, inode, isFirstBlock) {
  const tree = treeNode(block, isFirstBlock && (inode.flags & inodeFlags.index) !== 0);
  return tree === void 0 ? tailHolds(block, inode.checksumSeed) : treeHolds(block, inode.checksumSeed, tree);
}
function treeNode(block, mayBeRoot2) {
  if (mayBeRoot2 && block.readUInt16LE(dotSize + 4) === block.length - dotSize && block.readUInt8(29) === 8) return 32;
  const length3 = block.readUInt16LE(4);
  const coversBlock = length3 === block.length || block.length === 65536 && (length3 === 0 || length3 === 65535);
  return block.readUInt32LE(0) === 0 && coversBlock ? 8 : void 0;
}
function tailHolds(block, seed2) {
  const at = block.length - tailSize;
  const isTail = block.readUInt32LE(at) === 0 && block.readUInt16LE(at + 4) === tailSize && block.readUInt16LE(at + 6) === tailType << 8;
  return isTail && crc32c(seed2, block.subarray(0, at)) === block.readUInt32LE(at + 8);
}
function treeHolds(block, seed2, pointers) {
  const limit = block.readUInt16LE(pointers);
  const count = block.readUInt16LE(pointers + 2);
  const tail = pointers + limit * 8;
  if (count > limit || tail + 8 > block.length) return false;
  let crc = crc32c(seed2, block.subarray(0, pointers + count * 8));
  crc = crc32c(crc, block.subarray(tail, tail + 4));
  return crc32c(crc, fourZeros) === block.readUInt32LE(tail + 4);
}

// src/disk/filesystem/ext/directory/directory.ts
var header = 8;
var piece = 64 * 1024;
var maxBytes = 2 ** 30;
function directoryRecords2(reader, inode) {
  const onDevice = recordsOnDevice(reader, inode);
  return reader.fastCommits?.names(inode.number, onDevice) ?? onDevice;
}
function* recordsOnDevice(reader, inode) {
  checkNotEncrypted(reader, inode);
  if (inode.flags & inodeFlags.inlineData) yield* inlineRecords(reader, inode);
  else yield* blockRecords(reader, inode);
}
function* inlineRecords(reader, inode) {
  const [first, rest] = inlineData(reader, inode);
  yield* records(reader, inode, first.subarray(4), "the inline data");
  yield* records(reader, inode, rest, "the inline data in attributes");
}
function* blockRecords(reader, inode) {
  const { device, superblock } = reader;
  const { blockSize } = superblock;
  const place2 = inodePlace(reader, inode.number);
  if (inode.size > maxBytes) throw new DiskError(place2, `it is a directory of ${inode.size} bytes; the limit is ${maxBytes}`, "unsupported");
  const runs = fileRuns(reader, inode);
  if (runs.fileBlocks[0] !== 0) throw damage(reader, `inode ${inode.number}`, "the first block of the directory is missing");
  const blocks = Math.ceil(inode.size / blockSize);
  const buffer = Buffer.allocUnsafeSlow(Math.max(blockSize, Math.min(piece, blocks * blockSize)));
  const perPiece = buffer.length / blockSize;
  const holes = { first: 0, count: 0 };
  let expected = 0;
  const skipTo = (fileBlock2) => {
    if (fileBlock2 > expected && holes.count === 0) holes.first = expected;
    holes.count += fileBlock2 - expected;
  };
  for (const [index, count] of runs.counts.entries()) {
    const fileBlock2 = runs.fileBlocks[index];
    const fsBlock2 = runs.fsBlocks[index];
    skipTo(fileBlock2);
    for (let done = 0; done < count; done += perPiece) {
      const read = buffer.subarray(0, Math.min(perPiece, count - done) * blockSize);
      reader.directoryBytesLeft -= read.length;
      if (reader.directoryBytesLeft < 0)
        throw damage(reader, `inode ${inode.number}`, "the directories have more bytes than any valid filesystem");
      device.read(read, (fsBlock2 + done) * blockSize);
      for (let at = 0; at < read.length; at += blockSize) {
        const block = read.subarray(at, at + blockSize);
        const number2 = fileBlock2 + done + at / blockSize;
        const what = `block ${number2} of the directory (block ${fsBlock2 + done + at / blockSize} of the filesystem)`;
        if (superblock.hasChecksums && !directoryBlockHolds(block, inode, number2 === 0)) {
          throw damage(reader, `${what}, inode ${inode.number}`, "its checksum is missing or wrong");
        }
        yield* records(reader, inode, block, what, number2 === 0);
      }
    }
    expected = fileBlock2 + count;
  }
  skipTo(blocks);
  if (holes.count > 0) {
    reader.warn(
      `${place2}: ${holes.count} blocks of the directory are missing, starting with block ${holes.first}; the names in them are lost`
    );
  }
}
function* records(reader, inode, area, what, isFirstBlock = false) {
  const damaged2 = (at, problem) => damage(reader, `inode ${inode.number}`, `the entry at byte ${at} of ${what} ${problem}`);
  let length3;
  for (let at = 0, index = 0; at < area.length; at += length3, index++) {
    if (at + header > area.length) throw damaged2(at, "is cut short");
    length3 = recordLength(area.readUInt16LE(at + 4), area.length);
    const nameLength2 = area.readUInt8(at + 6);
    if (length3 % 4 !== 0 || length3 < header + nameLength2 || length3 < header + 4 || at + length3 > area.length) {
      throw damaged2(at, `has the impossible length ${length3}`);
    }
    const number2 = area.readUInt32LE(at);
    if (number2 === 0) continue;
    const name = area.subarray(at + header, at + header + nameLength2);
    if (isFirstBlock && index < 2 && name.equals(index === 0 ? dot : dotDot)) continue;
    yield { name: Buffer.from(name), inode: number2 };
  }
}
var dot = Buffer.from(".");
var dotDot = Buffer.from("..");
function recordLength(stored, areaLength) {
  return areaLength === 65536 && (stored === 65535 || stored === 0) ? 65536 : stored;
}

// src/disk/filesystem/ext/node.ts
var rootInode = 2;
function openNode(reader, number2) {
  const inode = loadInode(reader, number2);
  const at = `inode ${number2}`;
  if (number2 < reader.superblock.firstInode && number2 !== rootInode || inode.flags & inodeFlags.eaInode) {
    throw damage(reader, at, "a name refers to it, but it is reserved for the filesystem itself");
  }
  if (inode.linksCount === 0) throw damage(reader, at, "a name refers to it, but it is deleted");
  const type2 = fileTypeOf(inode.mode);
  if (type2 === void 0) throw damage(reader, at, `its mode ${inode.mode.toString(8)} has no known type`);
  return new ExtNode(reader, inode, type2);
}
var ExtNode = class {
  type;
  ino;
  mode;
  uid;
  gid;
  nlink;
  mtime;
  size;
  #reader;
  constructor(reader, inode, type2) {
    const { raw } = inode;
    this.#reader = reader;
    this.type = type2;
    this.ino = inode.number;
    this.mode = inode.mode & 4095;
    this.uid = raw.readUInt16LE(2) + raw.readUInt16LE(120) * 65536;
    this.gid = raw.readUInt16LE(24) + raw.readUInt16LE(122) * 65536;
    this.nlink = inode.linksCount;
    this.mtime = modificationTime2(inode);
    this.size = inode.size;
    if (type2 === "char" || type2 === "block") this.rdev = storedDevice(inode);
  }
  content() {
    return fileContent(this.#reader, this.#inode());
  }
  target() {
    return symlinkTarget(this.#reader, this.#inode());
  }
  xattrs() {
    return readAttributes(this.#reader, this.#inode());
  }
  #inode() {
    return loadInode(this.#reader, this.ino);
  }
};
function storedDevice(inode) {
  const field3 = blockField(inode);
  const old = field3.readUInt32LE(0);
  if (old !== 0) return { major: old >>> 8 & 255, minor: old & 255 };
  return deviceNumber(field3.readUInt32LE(4));
}
function symlinkTarget(reader, inode) {
  checkNotEncrypted(reader, inode);
  const at = `inode ${inode.number}`;
  const { size } = inode;
  const field3 = blockField(inode);
  if (size > reader.superblock.blockSize) throw damage(reader, at, `the symlink's target has ${size} bytes`);
  const target = size < field3.length ? Buffer.from(field3.subarray(0, size)) : bytesAt(fileContent(reader, inode), 0, size);
  return checkedTarget(target, reader, at);
}

// src/bytes/recent.ts
function recent(limit, make) {
  const made = /* @__PURE__ */ new Map();
  let lastKey = Number.NaN;
  let last;
  return (key) => {
    if (key === lastKey) return last;
    let value = made.get(key);
    if (value !== void 0) made.delete(key);
    else {
      value = make(key);
      if (made.size >= limit) made.delete(made.keys().next().value);
    }
    made.set(key, value);
    lastKey = key;
    last = value;
    return value;
  };
}

// src/disk/filesystem/ext/inode/crc16.ts
function crc16(seed2, bytes) {
  let crc = seed2;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit2 = 0; bit2 < 8; bit2++) crc = crc >>> 1 ^ (crc & 1 ? 40961 : 0);
  }
  return crc;
}

// src/disk/filesystem/ext/inode/block-group.ts
var checksumPosition = 30;
function groupDescriptors(device, superblock, warn) {
  const { blockSize, descriptorSize, inodesPerGroup, inodeSize, firstDataBlock, blocksCount } = superblock;
  const perBlock = blockSize / descriptorSize;
  const tableBlocks = Math.ceil(inodesPerGroup * inodeSize / blockSize);
  return (group) => {
    const block = descriptorBlock(superblock, Math.floor(group / perBlock), perBlock);
    const raw = bytesAt(device, block * blockSize + group % perBlock * descriptorSize, descriptorSize);
    const expected = checksum(superblock, group, raw);
    if (expected !== void 0 && expected !== raw.readUInt16LE(checksumPosition)) {
      warn(`${device.name}: the checksum of a block group's descriptor is wrong; the filesystem may be damaged; check it with e2fsck`);
    }
    const table4 = raw.readUInt32LE(8) + (descriptorSize >= 64 ? raw.readUInt32LE(40) * 2 ** 32 : 0);
    if (table4 <= firstDataBlock || table4 + tableBlocks > blocksCount) {
      throw damage(device, `the descriptor of block group ${group}`, `its inode table at block ${table4} is outside the filesystem`);
    }
    return fsBlock(table4);
  };
}
function descriptorBlock(superblock, index, perBlock) {
  const { blockSize, firstMetaBg, blocksPerGroup, firstDataBlock } = superblock;
  if (index < firstMetaBg) return (blockSize === 1024 ? 1 : 0) + 1 + index;
  const group = index * perBlock;
  const bootBlock = blockSize === 1024 && index === 0 && firstDataBlock === 0 ? 1 : 0;
  return firstDataBlock + group * blocksPerGroup + (hasSuperblock(superblock, group) ? 1 : 0) + bootBlock;
}
function hasSuperblock({ features, backupGroups }, group) {
  if (group === 0) return true;
  if (backupGroups.length > 0) return backupGroups.includes(group);
  if (group === 1 || !(features.roCompat & roCompat.sparseSuper)) return true;
  return [3, 5, 7].some((base2) => isPowerOf(base2, group));
}
function isPowerOf(base2, value) {
  let power = base2;
  while (power < value) power *= base2;
  return power === value;
}
function checksum({ features, uuid: uuid2, checksumSeed }, group, raw) {
  if (features.roCompat & roCompat.metadataCsum) {
    const cleared = Buffer.from(raw);
    cleared.writeUInt16LE(0, checksumPosition);
    return crc32c(crc32cOfU32(checksumSeed, group), cleared) & 65535;
  }
  if (features.roCompat & roCompat.gdtCsum) {
    const number2 = Buffer.alloc(4);
    number2.writeUInt32LE(group);
    let crc = crc16(crc16(65535, uuid2), number2);
    crc = crc16(crc, raw.subarray(0, checksumPosition));
    return crc16(crc, raw.subarray(checksumPosition + 2));
  }
  return void 0;
}

// src/disk/filesystem/ext/inode/inode-table.ts
var windowSize = 32 * 1024;
function inodeTable(device, superblock, inodeTableBlock, windowsKept3) {
  const { inodesCount, inodesPerGroup, inodeSize, blockSize } = superblock;
  const perWindow = Math.min(inodesPerGroup, Math.max(1, windowSize / inodeSize));
  const windowsPerGroup = Math.ceil(inodesPerGroup / perWindow);
  const window2 = recent(windowsKept3, (key) => {
    const group = Math.floor(key / windowsPerGroup);
    const first = key % windowsPerGroup * perWindow;
    const count = Math.min(perWindow, inodesPerGroup - first);
    return bytesAt(device, inodeTableBlock(group) * blockSize + first * inodeSize, count * inodeSize);
  });
  return (number2) => {
    if (!(number2 >= 1 && number2 <= inodesCount)) {
      throw damage(device, `inode ${number2}`, `it doesn't exist, because the last inode is ${inodesCount}`);
    }
    const group = Math.floor((number2 - 1) / inodesPerGroup);
    const index = (number2 - 1) % inodesPerGroup;
    const at = index % perWindow * inodeSize;
    return window2(group * windowsPerGroup + Math.floor(index / perWindow)).subarray(at, at + inodeSize);
  };
}

// src/disk/filesystem/ext/open-reader.ts
var maxDirectoryBytes = 4 * 2 ** 30;
var windowsKept = 64;
var attributeBlocksKept = 64;
function openReader(device, superblock, warn, fastCommits2) {
  const inodeTableBlock = recent(256, groupDescriptors(device, superblock, warn));
  return {
    name: device.name,
    device,
    superblock,
    warn,
    directoryBytesLeft: maxDirectoryBytes,
    inodeTableBlock,
    rawInode: inodeTable(device, superblock, inodeTableBlock, windowsKept),
    attributeBlock: recent(attributeBlocksKept, (block) => readAttributeBlock(device, superblock, block)),
    ...fastCommits2 && { fastCommits: fastCommits2 }
  };
}

// src/disk/filesystem/ext/journal/block.ts
var journalMagic = 3225106840;
var blockType = { descriptor: 1, commit: 2, superblockV1: 3, superblockV2: 4, revoke: 5 };
var headerSize = 12;
var tailSize2 = 4;

// src/disk/filesystem/ext/journal/descriptor.ts
var flag = { escape: 1, sameUuid: 2, lastTag: 8 };
var uuidSize = 16;
function* tags(raw, superblock) {
  const { checksums, has64bit } = superblock;
  const size = tagSize(superblock);
  const end = raw.length - (hasBlockChecksums(superblock) ? tailSize2 : 0);
  for (let at = headerSize; at + size <= end; ) {
    const flags = raw.readUInt16BE(at + 6);
    yield {
      block: raw.readUInt32BE(at) + (has64bit ? raw.readUInt32BE(at + 8) * 2 ** 32 : 0),
      escaped: (flags & flag.escape) !== 0,
      checksum: checksums === "v3" ? raw.readUInt32BE(at + 12) : raw.readUInt16BE(at + 4)
    };
    if (flags & flag.lastTag) return;
    at += size + (flags & flag.sameUuid ? 0 : uuidSize);
  }
}
function tagSize({ checksums, has64bit }) {
  if (checksums === "v3") return 16;
  return 8 + (checksums === "v2" ? 2 : 0) + (has64bit ? 4 : 0);
}
function dataHolds(data, tag2, sequence, { checksums, checksumSeed }) {
  const number2 = Buffer.alloc(4);
  number2.writeUInt32BE(sequence);
  const checksum3 = crc32c(crc32c(checksumSeed, number2), data);
  return tag2.checksum === (checksums === "v3" ? checksum3 : checksum3 & 65535);
}
function tailHolds2(raw, superblock) {
  if (!hasBlockChecksums(superblock)) return true;
  const tail = raw.length - tailSize2;
  const zeroed = Buffer.from(raw).fill(0, tail);
  return raw.readUInt32BE(tail) === crc32c(superblock.checksumSeed, zeroed);
}
function hasBlockChecksums({ checksums }) {
  return checksums === "v2" || checksums === "v3";
}

// src/disk/filesystem/ext/journal/fast-commit/changes.ts
function fastCommits(changes) {
  const inodes = /* @__PURE__ */ new Map();
  const dirs = /* @__PURE__ */ new Map();
  for (const change of changes) {
    if (change.kind === "inode") logInode(entry(inodes, change.inode, noInodeChanges), change.raw);
    else if (change.kind === "range") entry(inodes, change.inode, noInodeChanges).ranges.push(change.range);
    else {
      if (change.kind === "create") dirs.set(change.inode, { isNew: true, names: [] });
      const { name, inode } = change;
      entry(dirs, change.dir, noDirectoryChanges).names.push({ name, inode, isRemoved: change.kind === "unlink" });
    }
  }
  return {
    inode(number2, raw) {
      const logged = inodes.get(number2);
      return logged?.raw && patched(raw, logged.raw, logged.reused || logged.firstGeneration !== generation(raw));
    },
    ranges(number2) {
      const logged = inodes.get(number2);
      if (!logged || logged.ranges.length === 0) return void 0;
      logged.merged ??= merged(logged.ranges);
      return logged.merged;
    },
    names(dir, onDevice) {
      const logged = dirs.get(dir);
      return logged ? changedNames(logged, onDevice) : onDevice;
    }
  };
}
function noInodeChanges() {
  return { reused: false, ranges: [] };
}
function noDirectoryChanges() {
  return { isNew: false, names: [] };
}
function entry(map, key, make) {
  const found = map.get(key);
  if (found) return found;
  const made = make();
  map.set(key, made);
  return made;
}
function logInode(logged, raw) {
  logged.firstGeneration ??= generation(raw);
  if (logged.raw && generation(logged.raw) !== generation(raw)) {
    logged.reused = true;
    logged.ranges = [];
  }
  logged.raw = raw;
}
function* changedNames({ isNew, names }, onDevice) {
  const changed = new Map(names.map(({ name }) => [name.toString("latin1"), void 0]));
  if (!isNew) {
    for (const found of onDevice) {
      const key = found.name.toString("latin1");
      if (changed.has(key)) changed.set(key, found);
      else yield found;
    }
  }
  for (const { name, inode, isRemoved } of names) {
    const key = name.toString("latin1");
    const there = changed.get(key);
    if (isRemoved && there?.inode === inode) changed.set(key, void 0);
    if (!isRemoved && !there) changed.set(key, { name, inode });
  }
  for (const found of changed.values()) if (found) yield found;
}
function patched(raw, logged, isOther) {
  const result = isOther ? Buffer.alloc(raw.length) : Buffer.from(raw);
  logged.copy(result, 0, 0, blockFieldRange.start);
  logged.copy(result, blockFieldRange.end, blockFieldRange.end);
  const flags = logged.readUInt32LE(32);
  const type2 = fileTypeOf(logged.readUInt16LE(0));
  if (flags & inodeFlags.inlineData || type2 !== "file" && type2 !== "dir" && !(flags & inodeFlags.extents)) {
    logged.copy(result, blockFieldRange.start, blockFieldRange.start, blockFieldRange.end);
  } else if (flags & inodeFlags.extents && result.readUInt16LE(blockFieldRange.start) !== extentMagic) {
    result.fill(0, blockFieldRange.start, blockFieldRange.end);
    result.writeUInt16LE(extentMagic, blockFieldRange.start);
    result.writeUInt16LE((blockFieldRange.end - blockFieldRange.start) / extentEntrySize - 1, blockFieldRange.start + 4);
  }
  return result;
}

// src/disk/filesystem/ext/journal/fast-commit/log.ts
var tag = { addRange: 1, removeRange: 2, create: 3, link: 4, unlink: 5, inode: 6, pad: 7, tail: 8, head: 9 };
var nameChanges = /* @__PURE__ */ new Map([
  [tag.create, "create"],
  [tag.link, "link"],
  [tag.unlink, "unlink"]
]);
var tagHeaderSize = 4;
var maxChanges = 1e6;
function readFastCommits(log, transaction2, inodeSize, warn) {
  const { first, end } = log.superblock.fastCommits;
  const changes = [];
  let commits = 0;
  let finished2 = 0;
  let crc = 0;
  scan: for (let at = first; at < end; at++) {
    const raw = log.block(at);
    if (at === first && raw.readUInt16LE(0) !== tag.head) break;
    for (let offset = 0; offset + tagHeaderSize <= raw.length; ) {
      const kind = raw.readUInt16LE(offset);
      const value = raw.subarray(offset + tagHeaderSize, offset + tagHeaderSize + raw.readUInt16LE(offset + 2));
      if (value.length !== raw.readUInt16LE(offset + 2) || !lengthFits(kind, value.length, inodeSize)) break scan;
      if (kind === tag.head) {
        const features = value.readUInt32LE(0);
        if (features !== 0) {
          const what = `the fast commits have features that can't be read: 0x${features.toString(16)}`;
          throw new DiskError(`block ${at} of ${log.name}`, what, "unsupported");
        }
        if (value.readUInt32LE(4) !== transaction2) break scan;
      }
      const summed = kind === tag.tail ? 4 : value.length;
      crc = crc32c(crc, raw.subarray(offset, offset + tagHeaderSize + summed));
      offset += tagHeaderSize + value.length;
      if (kind === tag.tail) {
        if (value.readUInt32LE(0) !== transaction2 || value.readUInt32LE(4) !== crc) break scan;
        commits++;
        finished2 = changes.length;
        crc = 0;
        continue;
      }
      const change = readChange(kind, value);
      if (change) changes.push(change);
      if (changes.length > maxChanges) throw log.damage(at, `the fast commits hold more than ${maxChanges} changes`);
    }
  }
  if (commits === 0 && changes.length > 0) warn(`${log.name}: its only fast commit is unfinished or damaged, and is ignored`);
  return { commits, changes: changes.slice(0, finished2) };
}
function lengthFits(kind, length3, inodeSize) {
  if (kind === tag.addRange) return length3 === 16;
  if (kind === tag.removeRange) return length3 === 12;
  if (nameChanges.has(kind)) return length3 > 8 && length3 <= 8 + 255;
  if (kind === tag.inode) return length3 >= 4 + 128 && length3 <= 4 + inodeSize;
  if (kind === tag.tail) return length3 >= 8;
  return kind === tag.head ? length3 === 8 : kind === tag.pad;
}
function readChange(kind, value) {
  if (kind === tag.inode) return { kind: "inode", inode: value.readUInt32LE(0), raw: value.subarray(4) };
  if (kind === tag.addRange) return { kind: "range", inode: value.readUInt32LE(0), range: readExtent(value) };
  if (kind === tag.removeRange) {
    return { kind: "range", inode: value.readUInt32LE(0), range: { first: fileBlock(value.readUInt32LE(4)), count: value.readUInt32LE(8) } };
  }
  const name = nameChanges.get(kind);
  return name && { kind: name, dir: value.readUInt32LE(0), inode: value.readUInt32LE(4), name: value.subarray(8) };
}
function readExtent(value) {
  const first = fileBlock(value.readUInt32LE(4));
  const length3 = value.readUInt16LE(8);
  if (length3 > maxWrittenExtent) return { first, count: length3 - maxWrittenExtent };
  return { first, count: length3, start: fsBlock(value.readUInt16LE(10) * 2 ** 32 + value.readUInt32LE(12)) };
}

// src/disk/filesystem/ext/journal/log.ts
function openLog(journal, superblock) {
  const { blockSize, first, end } = superblock;
  return {
    name: journal.name,
    superblock,
    block: (at) => bytesAt(journal, at * blockSize, blockSize),
    after: (at, count) => first + (at - first + count) % (end - first),
    damage: (at, what) => damage(journal, `block ${at}`, what, "journal")
  };
}

// src/disk/filesystem/ext/journal/overlay.ts
function overlay(device, journal, blockSize, replacements) {
  const { name, size } = device;
  const replayed = {
    name,
    size,
    read(into, offset) {
      checkRange(replayed, offset, into.length);
      let pending = 0;
      const flush = (upTo) => {
        if (pending < upTo) device.read(into.subarray(pending, upTo), offset + pending);
      };
      for (let done = 0; done < into.length; ) {
        const block = Math.floor((offset + done) / blockSize);
        const within = offset + done - block * blockSize;
        const end = Math.min(into.length, done + blockSize - within);
        const replacement = replacements.get(block);
        if (replacement) {
          flush(done);
          readReplacement(into.subarray(done, end), replacement, within);
          pending = end;
        }
        done = end;
      }
      flush(into.length);
    }
  };
  const readReplacement = (into, { at, escaped: escaped2 }, within) => {
    journal.read(into, at * blockSize + within);
    if (escaped2 && within < magic.length) into.set(magic.subarray(within, Math.min(magic.length, within + into.length)));
  };
  return replacements.size > 0 ? replayed : device;
}
var magic = Buffer.alloc(4);
magic.writeUInt32BE(journalMagic);

// src/disk/filesystem/ext/journal/sequence.ts
function isLater(a, b) {
  return (a - b | 0) > 0;
}
function next(sequence) {
  return sequence + 1 >>> 0;
}

// src/disk/filesystem/ext/journal/revoke.ts
function readRevocations(log, transactions) {
  const revokedBy = /* @__PURE__ */ new Map();
  for (const { sequence, revokes } of transactions) {
    for (const at of revokes) for (const block of revokedBlocks(log, at)) revokedBy.set(block, sequence);
  }
  return (block, sequence) => {
    const last = revokedBy.get(block);
    return last !== void 0 && !isLater(sequence, last);
  };
}
function* revokedBlocks(log, at) {
  const raw = log.block(at);
  const { has64bit } = log.superblock;
  const end = raw.readUInt32BE(headerSize);
  if (end > raw.length - (hasBlockChecksums(log.superblock) ? tailSize2 : 0)) throw log.damage(at, `its revoke records have ${end} bytes`);
  const size = has64bit ? 8 : 4;
  for (let offset = headerSize + 4; offset + size <= end; offset += size) {
    yield has64bit ? raw.readUInt32BE(offset) * 2 ** 32 + raw.readUInt32BE(offset + 4) : raw.readUInt32BE(offset);
  }
}

// src/disk/filesystem/ext/journal/commit.ts
var field2 = { type: 12, size: 13, checksum: 16, seconds: 48 };
var headerEnd = 60;
var crc32Type = 1;
var crc32Size = 4;
function commitHolds(raw, transactionCrc2, { checksums, checksumSeed }) {
  const found = raw.readUInt32BE(field2.checksum);
  if (checksums === "v1") {
    const unused = raw[field2.type] === 0 && raw[field2.size] === 0 && found === 0;
    return unused || raw[field2.type] === crc32Type && raw[field2.size] === crc32Size && found === transactionCrc2;
  }
  if (checksums === "none") return true;
  return [raw, Buffer.alloc(raw.length).fill(raw.subarray(0, headerEnd), 0, headerEnd)].some((block) => {
    const zeroed = Buffer.from(block);
    zeroed.writeUInt32BE(0, field2.checksum);
    return found === crc32c(checksumSeed, zeroed);
  });
}
function commitTime(raw) {
  return raw.readBigUInt64BE(field2.seconds);
}

// src/disk/filesystem/ext/journal/crc32-be.ts
var polynomial = 79764919;
var table3 = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit2 = 0; bit2 < 8; bit2++) crc = crc & 2147483648 ? crc << 1 ^ polynomial : crc << 1;
  return crc;
});
function crc32be(seed2, bytes) {
  let crc = seed2;
  for (const byte of bytes) crc = crc << 8 ^ table3[crc >>> 24 ^ byte];
  return crc >>> 0;
}

// src/disk/filesystem/ext/journal/scan.ts
function committedTransactions(log) {
  const { superblock } = log;
  const length3 = superblock.end - superblock.first;
  const committed = [];
  let current = transaction(superblock.sequence);
  let crc = 4294967295;
  let lastTime = 0n;
  let suspect;
  let unfinished2;
  let at = superblock.start;
  for (let walked = 0; ; ) {
    const block = at;
    const raw = log.block(block);
    if (raw.readUInt32BE(0) !== journalMagic || raw.readUInt32BE(8) !== current.sequence) return committed;
    walked++;
    at = log.after(block, 1);
    const type2 = raw.readUInt32BE(4);
    if (type2 === blockType.descriptor) {
      if (!tailHolds2(raw, superblock)) suspect ??= block;
      const count = countTags(raw, log);
      if (superblock.checksums === "v1") crc = transactionCrc(crc, raw, log, at, Math.min(count, length3));
      current.descriptors.push({ at: block, data: at });
      walked += count;
      at = log.after(at, count);
    } else if (type2 === blockType.revoke) {
      if (!tailHolds2(raw, superblock)) suspect ??= block;
      current.revokes.push(block);
    } else if (type2 === blockType.commit) {
      const time = commitTime(raw);
      const holds = commitHolds(raw, crc, superblock);
      if ((suspect !== void 0 || !holds) && time < lastTime) return committed;
      if (suspect !== void 0) throw corrupt(log, suspect, current);
      if (unfinished2 !== void 0) throw corrupt(log, unfinished2.at, unfinished2.transaction);
      if (holds) committed.push(current);
      else if (superblock.asyncCommit) unfinished2 = { at: block, transaction: current };
      else throw corrupt(log, block, current);
      current = transaction(next(current.sequence));
      crc = 4294967295;
      lastTime = time;
    } else {
      return committed;
    }
    if (walked > length3) throw log.damage(block, `transaction ${current.sequence} is longer than the log`);
  }
}
function transaction(sequence) {
  return { sequence, descriptors: [], revokes: [] };
}
function countTags(descriptor, log) {
  let count = 0;
  for (const _ of tags(descriptor, log.superblock)) count++;
  return count;
}
function transactionCrc(seed2, descriptor, log, data, count) {
  let crc = crc32be(seed2, descriptor);
  for (let index = 0; index < count; index++) crc = crc32be(crc, log.block(log.after(data, index)));
  return crc;
}
function corrupt(log, at, { sequence }) {
  return log.damage(at, `transaction ${sequence} fails its checksum (e2fsck may be able to repair it)`);
}

// src/disk/filesystem/ext/journal/superblock.ts
var compatChecksum = 1;
var incompat2 = { revoke: 1, has64bit: 2, asyncCommit: 4, checksumV2: 8, checksumV3: 16, fastCommit: 32 };
var knownIncompat = Object.values(incompat2).reduce((all, bit2) => all | bit2, 0);
var crc32cType = 4;
var superblockSize = 1024;
var minLogBlocks = 1024;
function readSuperblock(journal, blockSize, warn) {
  const damaged2 = (what) => damage(journal, "the superblock", what, "journal");
  const unsupported = (what) => new DiskError(`the superblock of ${journal.name}`, what, "unsupported");
  const raw = bytesAt(journal, 0, superblockSize);
  const type2 = raw.readUInt32BE(4);
  if (raw.readUInt32BE(0) !== journalMagic || type2 !== blockType.superblockV1 && type2 !== blockType.superblockV2) {
    throw damaged2("its magic number or its type is not the one of a journal");
  }
  const word2 = (offset) => type2 === blockType.superblockV2 ? raw.readUInt32BE(offset) : 0;
  const features = word2(40);
  if (features & ~knownIncompat)
    throw unsupported(`the journal has features that can't be read: 0x${((features & ~knownIncompat) >>> 0).toString(16)}`);
  if (raw.readUInt32BE(12) !== blockSize) {
    throw damaged2(`the journal's blocks have ${raw.readUInt32BE(12)} bytes, but the filesystem's have ${blockSize}`);
  }
  const checksums = checksumKind(word2(36), features);
  if (!checksums) throw damaged2("it claims to have several kinds of checksums at once");
  if (checksums === "v2" || checksums === "v3") {
    if (raw[80] !== crc32cType) throw unsupported(`the journal's checksums are of the unknown type ${raw[80]}`);
    if (!checksumHolds2(raw)) throw damaged2("its checksum is wrong");
  }
  const total = raw.readUInt32BE(16);
  if (total * blockSize > journal.size) throw damaged2(`the journal should have ${total} blocks, but has only ${journal.size} bytes`);
  const fastCommits2 = features & incompat2.fastCommit ? fastCommitArea(total, word2(84)) : void 0;
  const superblock = {
    blockSize,
    first: raw.readUInt32BE(20),
    end: fastCommits2 ? fastCommits2.first - 1 : total,
    sequence: raw.readUInt32BE(24),
    start: raw.readUInt32BE(28),
    error: raw.readUInt32BE(32) | 0,
    has64bit: (features & incompat2.has64bit) !== 0,
    asyncCommit: (features & incompat2.asyncCommit) !== 0,
    checksums,
    checksumSeed: crc32c(4294967295, raw.subarray(48, 64)),
    ...fastCommits2 && { fastCommits: fastCommits2 }
  };
  const { first, end, start } = superblock;
  if (first === 0 || first >= end) throw damaged2(`the log begins at block ${first} of ${end}`);
  if (start !== 0 && (start < first || start >= end)) {
    throw damaged2(`the first transaction begins at block ${start}, outside of the log in blocks ${first} to ${end - 1}`);
  }
  if (superblock.error !== 0) warn(`${journal.name}: Linux stopped writing to this filesystem with error ${superblock.error}`);
  return superblock;
}
function checksumKind(compat2, features) {
  const kinds = [];
  if (compat2 & compatChecksum) kinds.push("v1");
  if (features & incompat2.checksumV2) kinds.push("v2");
  if (features & incompat2.checksumV3) kinds.push("v3");
  return kinds.length > 1 ? void 0 : kinds[0] ?? "none";
}
function checksumHolds2(raw) {
  const zeroed = Buffer.from(raw);
  zeroed.writeUInt32BE(0, 252);
  return crc32c(4294967295, zeroed) === raw.readUInt32BE(252);
}
function fastCommitArea(total, length3) {
  const blocks = length3 || 256;
  const logEnd = total - blocks >= minLogBlocks ? total - blocks : total;
  return { first: logEnd + 1, end: total };
}

// src/disk/filesystem/ext/journal/index.ts
function replayJournal(device, journal, filesystem, warn) {
  const superblock = readSuperblock(journal, filesystem.blockSize, warn);
  if (superblock.start === 0) return { device, transactions: 0 };
  const log = openLog(journal, superblock);
  const transactions = committedTransactions(log);
  const isRevoked = readRevocations(log, transactions);
  const replacements = replay(log, transactions, isRevoked, Math.floor(device.size / superblock.blockSize));
  const replayed = { device: overlay(device, journal, superblock.blockSize, replacements), transactions: transactions.length };
  if (!superblock.fastCommits) return replayed;
  const last = transactions.at(-1);
  const { commits, changes } = readFastCommits(log, last ? next(last.sequence) : superblock.sequence, filesystem.inodeSize, warn);
  return commits === 0 ? replayed : { ...replayed, fastCommits: fastCommits(changes) };
}
function replay(log, transactions, isRevoked, deviceBlocks) {
  const replacements = /* @__PURE__ */ new Map();
  for (const { sequence, descriptors } of transactions) {
    for (const descriptor of descriptors) {
      let at = descriptor.data;
      for (const tag2 of tags(log.block(descriptor.at), log.superblock)) {
        if (!isRevoked(tag2.block, sequence)) {
          if (tag2.block >= deviceBlocks) {
            throw log.damage(descriptor.at, `it describes block ${tag2.block}, but the filesystem's device has only ${deviceBlocks}`);
          }
          if (hasBlockChecksums(log.superblock) && !dataHolds(log.block(at), tag2, sequence, log.superblock)) {
            throw log.damage(at, `the copy of block ${tag2.block} fails its checksum`);
          }
          replacements.set(tag2.block, { at, escaped: tag2.escaped });
        }
        at = log.after(at, 1);
      }
    }
  }
  return replacements;
}

// src/disk/filesystem/ext/superblock/superblock.ts
var position = 1024;
var length = 1024;
var checksumPosition2 = 1020;
var magic2 = 61267;
function hasMagic(device) {
  return peek(device, position, length)?.readUInt16LE(56) === magic2;
}
function readSuperblock2(device) {
  const raw = bytesAt(device, position, length);
  const u16 = (at) => raw.readUInt16LE(at);
  const u32 = (at) => raw.readUInt32LE(at);
  const demand = (isSound, what) => {
    if (!isSound) throw damage(device, "the superblock", `it says that the filesystem has ${what}, which is impossible`);
  };
  if (u16(56) !== magic2) throw damage(device, "the superblock", "its magic number is wrong");
  const features = { compat: u32(92), incompat: u32(96), roCompat: u32(100) };
  const has64bit = (features.incompat & incompat.is64bit) !== 0;
  const u48 = (low, high) => u32(low) + (has64bit ? u32(high) : 0) * 2 ** 32;
  verifyChecksum2(raw, features, device);
  checkReadable(features, device.name);
  const revision0 = u32(76) === 0;
  const blockSize = 1024 << u32(24);
  demand(u32(24) <= 6, `a block size of 2^${10 + u32(24)}`);
  const inodeSize = revision0 ? 128 : u16(88);
  demand(isPowerOf2(inodeSize) && inodeSize >= 128 && inodeSize <= blockSize, `an inode size of ${inodeSize}`);
  const firstInode = revision0 ? 11 : u32(84);
  demand(firstInode >= 11, `${firstInode} as its first inode`);
  const descriptorSize = has64bit ? u16(254) : 32;
  demand(
    !has64bit || isPowerOf2(descriptorSize) && descriptorSize >= 64 && descriptorSize <= 1024,
    `group descriptors of ${descriptorSize} bytes`
  );
  const blocksCount = u48(4, 336);
  const firstDataBlock = u32(20);
  const bigalloc = (features.roCompat & roCompat.bigalloc) !== 0;
  demand(
    firstDataBlock === (blockSize === 1024 && !(bigalloc && firstDataBlock === 0) ? 1 : 0),
    `${firstDataBlock} as its first data block`
  );
  demand(blocksCount > firstDataBlock && blocksCount * blockSize <= Number.MAX_SAFE_INTEGER, `${blocksCount} blocks`);
  const blocksPerGroup = u32(32);
  const clusterRatio = bigalloc ? 2 ** (u32(28) - u32(24)) : 1;
  demand(clusterRatio >= 1 && clusterRatio <= 2 ** 20, `clusters of ${clusterRatio} blocks`);
  demand(blocksPerGroup > 0 && blocksPerGroup <= 8 * blockSize * clusterRatio, `${blocksPerGroup} blocks in a group`);
  const inodesPerGroup = u32(40);
  demand(inodesPerGroup > 0 && inodesPerGroup <= 8 * blockSize, `${inodesPerGroup} inodes in a group`);
  const groupsCount = Math.ceil((blocksCount - firstDataBlock) / blocksPerGroup);
  const inodesCount = u32(0);
  demand(inodesCount === groupsCount * inodesPerGroup, `${inodesCount} inodes in ${groupsCount} groups of ${inodesPerGroup}`);
  const firstMetaBg = features.incompat & incompat.metaBg ? u32(260) : Number.POSITIVE_INFINITY;
  const uuid2 = raw.subarray(104, 120);
  const label = raw.subarray(120, 136);
  const end = label.indexOf(0);
  return {
    features,
    blockSize,
    blocksCount,
    freeBlocksCount: u48(12, 344),
    firstDataBlock,
    blocksPerGroup,
    groupsCount,
    inodesCount,
    inodesPerGroup,
    inodeSize,
    firstInode,
    descriptorSize,
    firstMetaBg,
    backupGroups: features.compat & compat.sparseSuper2 ? [u32(588), u32(592)] : [],
    uuid: uuid2,
    label: end < 0 ? label : label.subarray(0, end),
    checksumSeed: features.incompat & incompat.csumSeed ? u32(624) : crc32c(4294967295, uuid2),
    hasChecksums: (features.roCompat & roCompat.metadataCsum) !== 0,
    madeByLinux: u32(72) === 0,
    cleanlyUnmounted: (u16(58) & 1) !== 0,
    hasErrors: (u16(58) & 2) !== 0,
    journalInode: features.compat & compat.hasJournal ? u32(224) : 0,
    mmpBlock: features.incompat & incompat.mmp ? Number(raw.readBigUInt64LE(360)) : 0
  };
}
function verifyChecksum2(raw, features, device) {
  if (!(features.roCompat & roCompat.metadataCsum)) return;
  const type2 = raw.readUInt8(373);
  if (type2 !== 1) throw new DiskError(device.name, `the ext superblock names the unknown checksum type ${type2}`, "unsupported");
  if (crc32c(4294967295, raw.subarray(0, checksumPosition2)) !== raw.readUInt32LE(checksumPosition2)) {
    throw damage(device, "the superblock", "its checksum is wrong");
  }
}
function isPowerOf2(value) {
  return value > 0 && (value & value - 1) === 0;
}

// src/disk/filesystem/ext/recover.ts
function recover(reader) {
  const { superblock, name, warn } = reader;
  if (!(superblock.features.incompat & incompat.recover)) return { reader, notes: [] };
  if (!(superblock.features.compat & compat.hasJournal)) {
    warn(`${name}: the ext filesystem needs its journal replayed, but has none`);
    return { reader, notes: [] };
  }
  if (superblock.journalInode === 0) {
    throw new DiskError(
      name,
      "the ext filesystem needs its journal replayed, but the journal is on another device; mount and unmount the filesystem with that device first",
      "unsupported"
    );
  }
  const inode = loadInode(reader, superblock.journalInode);
  if (fileTypeOf(inode.mode) !== "file" || inode.linksCount === 0) {
    throw damage(reader, `inode ${inode.number}`, "it should be the journal, but isn't a regular file");
  }
  const { device, transactions, fastCommits: fastCommits2 } = replayJournal(reader.device, mappedContent(reader, inode), superblock, warn);
  return {
    reader: openReader(device, readSuperblock2(device), warn, fastCommits2),
    notes: [`journal replayed: ${transactions} transaction${transactions === 1 ? "" : "s"}`]
  };
}

// src/disk/filesystem/ext/superblock/mmp.ts
var magic3 = 5066064;
var clean = 4283256144;
function warnIfInUse(device, { mmpBlock, blockSize }, warn) {
  if (mmpBlock === 0 || (mmpBlock + 1) * blockSize > device.size) return;
  const raw = bytesAt(device, mmpBlock * blockSize, 8);
  if (raw.readUInt32LE(0) === magic3 && raw.readUInt32LE(4) !== clean) {
    warn(`${device.name}: the ext filesystem is marked as in use by another computer, so it may have changed while it was copied`);
  }
}

// src/disk/filesystem/ext/index.ts
var ext = { name: "ext", detect: hasMagic, open };
function open(device, warnAlways) {
  const warn = onceEach(warnAlways);
  const superblock = readSuperblock2(device);
  warnAboutState(device, superblock, warn);
  const { reader, notes } = recover(openReader(device, superblock, warn));
  const root = openNode(reader, 2);
  if (root.type !== "dir") throw damage(device, "inode 2", "it should be the root directory, but is not a directory");
  return { info: describe4(reader.superblock, notes), root, entries: (dir) => entries(reader, dir) };
}
function warnAboutState(device, superblock, warn) {
  const { name } = device;
  const size = superblock.blocksCount * superblock.blockSize;
  warnIfCutShort(device, "the ext filesystem", size, warn);
  if (superblock.hasErrors) warn(`${name}: the ext filesystem is marked as having errors; check it with e2fsck`);
  const recovers = (superblock.features.incompat & incompat.recover) !== 0;
  if (!superblock.cleanlyUnmounted && !recovers) {
    warn(`${name}: the ext filesystem was not cleanly unmounted and has no journal to replay, so it may be inconsistent`);
  }
  warnIfInUse(device, superblock, warn);
}
function* entries(reader, dir) {
  for (const { name, inode } of directoryRecords2(reader, loadInode(reader, dir.ino))) yield { name, node: () => openNode(reader, inode) };
}
function describe4(superblock, notes) {
  const { features, label, uuid: uuid2, blockSize, blocksCount, freeBlocksCount } = superblock;
  return {
    type: typeName(features),
    label: pathText(label),
    uuid: uuid2.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-"),
    blockSize,
    size: blocksCount * blockSize,
    free: freeBlocksCount * blockSize,
    features: featureNames(features),
    notes
  };
}

// src/disk/filesystem/xfs/address.ts
function blockPosition(superblock, encoded, count) {
  const { groupBlockBits, blocksPerGroup, groupsCount, firstBlockOfGroup, blocksCount } = superblock;
  const group = Math.floor(encoded / 2 ** groupBlockBits);
  const within = encoded % 2 ** groupBlockBits;
  if (group >= groupsCount || within < firstBlockOfGroup || within + count > blocksPerGroup) return void 0;
  const position2 = group * blocksPerGroup + within;
  return position2 + count <= blocksCount ? fsBlock(position2) : void 0;
}
function inodePosition(reader, number2) {
  const { superblock } = reader;
  const block = blockPosition(superblock, Math.floor(number2 / superblock.inodesPerBlock), 1);
  if (block === void 0) throw damage(reader, `inode ${number2}`, "it is needed, but lies outside the filesystem");
  return block * superblock.blockSize + number2 % superblock.inodesPerBlock * superblock.inodeSize;
}
function inodePlace2(reader, number2) {
  return `inode ${number2} of ${reader.name}`;
}

// src/disk/filesystem/xfs/bytes.ts
function u64(bytes, at) {
  return bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}

// src/disk/filesystem/xfs/self-description.ts
var fourZeros2 = Buffer.alloc(4);
function verify(reader, bytes, fields7, expected, place2) {
  const wrong = (what) => damageAt(place2, what);
  const { superblock } = reader;
  const crc = crc32c(crc32c(4294967295, bytes.subarray(0, fields7.checksum)), fourZeros2);
  if (~crc32c(crc, bytes.subarray(fields7.checksum + 4)) >>> 0 !== bytes.readUInt32LE(fields7.checksum)) throw wrong("its checksum is wrong");
  if (!bytes.subarray(fields7.uuid, fields7.uuid + 16).equals(superblock.metadataUuid)) throw wrong("it belongs to another filesystem");
  const owner = u64(bytes, fields7.owner);
  if (owner !== expected.owner) throw wrong(`it belongs to inode ${owner}`);
  if (fields7.block === void 0 || expected.block === void 0) return;
  const sector = u64(bytes, fields7.block);
  if (sector * 512 !== expected.block * superblock.blockSize) throw wrong(`it was written for sector ${sector}`);
}

// src/disk/filesystem/xfs/inode/inode.ts
var inodeFlags2 = { realtime: 1 };
var inodeFlags22 = { bigTime: 8, largeExtentCounts: 16, metadata: 32 };
var magic4 = 18766;
var fields = { checksum: 100, uuid: 160, owner: 152 };
function loadInode2(reader, number2) {
  const raw = reader.rawInode(inodePosition(reader, number2));
  const place2 = inodePlace2(reader, number2);
  const damaged2 = (what) => damageAt(place2, what);
  if (raw.readUInt16BE(0) !== magic4) throw damaged2("there is no inode");
  const version2 = raw.readUInt8(4);
  const { hasChecksums } = reader.superblock;
  if (hasChecksums ? version2 !== 3 : version2 !== 1 && version2 !== 2) throw damaged2(`it has the impossible version ${version2}`);
  if (hasChecksums) verify(reader, raw, fields, { owner: number2 }, place2);
  const size = u64(raw, 56);
  if (size > Number.MAX_SAFE_INTEGER) throw damaged2(`its size of ${size} bytes is impossible`);
  return {
    number: number2,
    raw,
    version: version2,
    mode: raw.readUInt16BE(2),
    flags: raw.readUInt16BE(90),
    flags2: hasChecksums ? raw.readUInt32BE(124) : 0,
    size,
    linksCount: version2 === 1 ? raw.readUInt16BE(6) : raw.readUInt32BE(16)
  };
}

// src/disk/filesystem/xfs/inode/fork.ts
var formats = ["device", "local", "extents", "btree"];
function dataFork(reader, inode) {
  const { raw, flags2 } = inode;
  const start = coreSize(inode);
  const split = forkOffset(reader, inode);
  return {
    name: "data",
    format: format(reader, inode, raw.readUInt8(5), "data"),
    bytes: raw.subarray(start, split === 0 ? raw.length : start + split),
    extents: flags2 & inodeFlags22.largeExtentCounts ? u64(raw, 24) : raw.readUInt32BE(76)
  };
}
function attributeFork(reader, inode) {
  const { raw, flags2 } = inode;
  const split = forkOffset(reader, inode);
  if (split === 0) return void 0;
  const extents = flags2 & inodeFlags22.largeExtentCounts ? raw.readUInt32BE(76) : raw.readUInt16BE(80);
  const bytes = raw.subarray(coreSize(inode) + split);
  return { name: "attribute", format: format(reader, inode, raw.readUInt8(83), "attribute"), bytes, extents };
}
function coreSize({ version: version2 }) {
  return version2 === 3 ? 176 : 100;
}
function forkOffset(reader, inode) {
  const split = inode.raw.readUInt8(82) * 8;
  if (coreSize(inode) + split < inode.raw.length) return split;
  throw damageAt(inodePlace2(reader, inode.number), `its attributes begin ${split} bytes behind its fields`);
}
function format(reader, inode, number2, name) {
  const known = formats[number2];
  if (known !== void 0 && !(name === "attribute" && known === "device")) return known;
  throw damageAt(inodePlace2(reader, inode.number), `its ${name} fork has the unknown format ${number2}`);
}

// src/disk/filesystem/xfs/mapping/runs.ts
var maxRuns2 = 4e6;
var extentSize = 16;
var Runs2 = class {
  fileBlocks = [];
  fsBlocks = [];
  counts = [];
  /** Extents, with those that were never written. */
  extents = 0;
  /** The first block that the next extent may map. */
  #free = 0;
  #reader;
  #place;
  /** Blocks of the fork from here on don't matter, such as those that are preallocated behind the end of a file. */
  #end;
  constructor(reader, inode, fork, end) {
    this.#reader = reader;
    this.#place = `the ${fork.name} fork of ${inodePlace2(reader, inode.number)}`;
    this.#end = end;
  }
  /**
   * Adds the extent at `at`: 1 bit that says that it was never written and reads as zeros, 54 bits for its first block in the fork, 52 for
   * that in the filesystem, and 21 for its length (Linux, fs/xfs/libxfs/xfs_format.h, xfs_bmbt_rec).
   * @throws DiskError if it isn't behind the one before, or not in the filesystem
   */
  add(records2, at) {
    const high = records2.readUInt32BE(at);
    const second = records2.readUInt32BE(at + 4);
    const third = records2.readUInt32BE(at + 8);
    const low = records2.readUInt32BE(at + 12);
    const isWritten = high < 2147483648;
    const first = fileBlock((high & 2147483647) * 2 ** 23 + (second >>> 9));
    const encoded = (second & 511) * 2 ** 43 + third * 2 ** 11 + (low >>> 21);
    const count = low & 2097151;
    if (first < this.#free || count === 0) throw this.error(`has the impossible extent of ${count} blocks at its block ${first}`);
    const start = blockPosition(this.#reader.superblock, encoded, count);
    if (start === void 0) throw this.error(`uses ${count} blocks from number ${encoded} on, which can't belong to a file`);
    this.#free = first + count;
    this.extents++;
    const used = Math.min(count, this.#end - first);
    if (isWritten && used > 0) this.#push(first, start, used);
  }
  #push(first, start, count) {
    const last = this.counts.length - 1;
    if (last >= 0 && this.fileBlocks[last] + this.counts[last] === first && this.fsBlocks[last] + this.counts[last] === start) {
      this.counts[last] += count;
      return;
    }
    if (this.counts.length === maxRuns2) throw new DiskError(this.#place, `it is fragmented into more than ${maxRuns2} pieces`);
    this.fileBlocks.push(first);
    this.fsBlocks.push(start);
    this.counts.push(count);
  }
  error(what) {
    return damageAt(this.#place, `it ${what}`);
  }
  /** The number of the inode's or a node's pointer, as a block of the filesystem. */
  blockAt(pointers, at) {
    const encoded = u64(pointers, at);
    const block = blockPosition(this.#reader.superblock, encoded, 1);
    if (block === void 0) throw this.error(`has a map that leads to block number ${encoded}, which can't belong to a file`);
    return block;
  }
};

// src/disk/filesystem/xfs/mapping/btree.ts
var maxLevels2 = 9;
var rootHeader = 4;
var keySize = 8;
var pointerSize = 8;
var magics = { version4: "BMAP", version5: "BMA3" };
var headers = { version4: 24, version5: 72 };
var fields2 = { checksum: 64, block: 24, uuid: 40, owner: 56 };
function btreeRuns(reader, inode, fork, runs) {
  const { blockSize, hasChecksums } = reader.superblock;
  const header4 = hasChecksums ? headers.version5 : headers.version4;
  const magic10 = hasChecksums ? magics.version5 : magics.version4;
  const seen = /* @__PURE__ */ new Set();
  const addChildren = (node, start, room2, count, level2) => {
    if (count === 0 || count > room2) throw runs.error(`has a map with a node of ${count} entries, where ${room2} have room`);
    for (let index = 0; index < count; index++) {
      addNode(runs.blockAt(node, start + room2 * keySize + index * pointerSize), level2 - 1);
    }
  };
  const addNode = (block, level2) => {
    if (seen.has(block)) throw runs.error(`has a map that leads to block ${block} twice`);
    seen.add(block);
    reader.metadata.spend(blockSize);
    const node = Buffer.allocUnsafeSlow(blockSize);
    reader.device.read(node, block * blockSize);
    const place2 = `block ${block} of ${reader.name}, in the map of inode ${inode.number}`;
    if (node.toString("latin1", 0, 4) !== magic10) throw runs.error(`has a map with block ${block}, which has no magic number`);
    if (hasChecksums) verify(reader, node, fields2, { block, owner: inode.number }, place2);
    if (node.readUInt16BE(4) !== level2) throw runs.error(`has a map with block ${block} on the wrong level`);
    const count = node.readUInt16BE(6);
    if (level2 > 0) {
      addChildren(node, header4, Math.floor((blockSize - header4) / (keySize + pointerSize)), count, level2);
      return;
    }
    if (header4 + count * extentSize > blockSize) throw runs.error(`has a map with block ${block} of ${count} extents`);
    for (let index = 0; index < count; index++) runs.add(node, header4 + index * extentSize);
  };
  const level = fork.bytes.length < rootHeader ? 0 : fork.bytes.readUInt16BE(0);
  if (level === 0 || level > maxLevels2) throw runs.error(`has a map of ${level} levels`);
  const room = Math.floor((fork.bytes.length - rootHeader) / (keySize + pointerSize));
  addChildren(fork.bytes, rootHeader, room, fork.bytes.readUInt16BE(2), level);
}

// src/disk/filesystem/xfs/mapping/fork-runs.ts
function forkRuns(reader, inode, fork, end = Number.POSITIVE_INFINITY) {
  const runs = new Runs2(reader, inode, fork, end);
  if (fork.format === "btree") btreeRuns(reader, inode, fork, runs);
  else if (fork.format === "extents") extentRuns2(fork, runs);
  else throw runs.error("should be mapped to blocks");
  if (runs.extents !== fork.extents) throw runs.error(`has ${runs.extents} extents, where the inode counts ${fork.extents}`);
  return runs;
}
function extentRuns2({ bytes, extents }, runs) {
  if (extents * extentSize > bytes.length) throw runs.error(`has ${extents} extents, for which the inode has no room`);
  for (let index = 0; index < extents; index++) runs.add(bytes, index * extentSize);
}

// src/disk/filesystem/xfs/directory/blocks.ts
var dataEnd = 32 * 2 ** 30;
var maxBytes2 = 2 ** 30;
function* directoryBlocks(reader, inode, fork) {
  const { device, superblock } = reader;
  const { blockSize, blocksPerDirectoryBlock: perBlock } = superblock;
  const damaged2 = (what) => damage(reader, `inode ${inode.number}`, what);
  const runs = forkRuns(reader, inode, fork, dataEnd / blockSize);
  const bytes = Buffer.allocUnsafeSlow(perBlock * blockSize);
  let read = 0;
  let start = { index: -1, fsBlock: 0 };
  let filled = 0;
  for (const [run, count] of runs.counts.entries()) {
    for (let done = 0; done < count; ) {
      const fileBlock2 = runs.fileBlocks[run] + done;
      const fsBlock2 = runs.fsBlocks[run] + done;
      const [index, within] = [Math.floor(fileBlock2 / perBlock), fileBlock2 % perBlock];
      if (within !== filled || filled > 0 && index !== start.index)
        throw damaged2(`a part of block ${start.index} of the directory is missing`);
      if (filled === 0) start = { index, fsBlock: fsBlock2 };
      const length3 = Math.min(perBlock - within, count - done);
      read += length3 * blockSize;
      if (read > maxBytes2) throw damaged2(`it is a directory of more than ${maxBytes2} bytes`);
      reader.metadata.spend(length3 * blockSize);
      device.read(bytes.subarray(within * blockSize, (within + length3) * blockSize), fsBlock2 * blockSize);
      done += length3;
      filled = (filled + length3) % perBlock;
      if (filled === 0) yield { bytes, ...start };
    }
  }
  if (filled > 0) throw damaged2(`a part of block ${start.index} of the directory is missing`);
}

// src/disk/filesystem/xfs/directory/data-block.ts
var version4 = { single: "XD2B", data: "XD2D", header: 16 };
var version5 = { single: "XDB3", data: "XDD3", header: 64 };
var fields3 = { checksum: 4, block: 8, uuid: 24, owner: 40 };
var unusedTag = 65535;
var singleTail = 8;
var smallestEntry = 16;
var leafEntry = 8;
var dot2 = Buffer.from(".");
var dotDot2 = Buffer.from("..");
function* dataRecords(reader, inode, block) {
  const { hasChecksums, hasFileTypes: hasFileTypes2 } = reader.superblock;
  const { bytes, index, fsBlock: fsBlock2 } = block;
  const place2 = `block ${index} of the directory (block ${fsBlock2} of the filesystem), inode ${inode.number} of ${reader.name}`;
  const damaged2 = (what) => damageAt(place2, what);
  const form = hasChecksums ? version5 : version4;
  const magic10 = bytes.toString("latin1", 0, 4);
  const isSingle = magic10 === form.single;
  if (!isSingle && magic10 !== form.data) throw damaged2("it has no magic number of a directory");
  if (isSingle && index !== 0) throw damaged2("it should be the only block of the directory");
  if (hasChecksums) verify(reader, bytes, fields3, { block: fsBlock2, owner: inode.number }, place2);
  const end = isSingle ? bytes.length - singleTail - bytes.readUInt32BE(bytes.length - singleTail) * leafEntry : bytes.length;
  if (end < form.header) throw damaged2("it has more hashes than it has room for");
  const typeSize = hasFileTypes2 ? 1 : 0;
  let length3;
  for (let at = form.header, number2 = 0; at < end; at += length3) {
    if (bytes.readUInt16BE(at) === unusedTag) {
      length3 = bytes.readUInt16BE(at + 2);
      if (length3 === 0 || length3 % 8 !== 0 || at + length3 > end)
        throw damaged2(`the unused space at byte ${at} has the impossible length ${length3}`);
      continue;
    }
    const nameLength2 = at + smallestEntry > end ? 0 : bytes.readUInt8(at + 8);
    length3 = 8 + 1 + nameLength2 + typeSize + 2 + 7 & ~7;
    if (nameLength2 === 0 || at + length3 > end) throw damaged2(`the entry at byte ${at} has a name of the impossible length ${nameLength2}`);
    if (bytes.readUInt16BE(at + length3 - 2) !== at) throw damaged2(`the entry at byte ${at} doesn't end where its name does`);
    const name = bytes.subarray(at + 9, at + 9 + nameLength2);
    if (index === 0 && number2 < 2 && name.equals(number2 === 0 ? dot2 : dotDot2)) {
      number2++;
      continue;
    }
    number2 = 2;
    yield { name: Buffer.from(name), inode: u64(bytes, at) };
  }
}

// src/disk/filesystem/xfs/directory/short-form.ts
var countsSize = 2;
var entryHeader2 = 3;
function* shortFormRecords(reader, inode, fork) {
  const damaged2 = (what) => damage(reader, `inode ${inode.number}`, what);
  const { size } = inode;
  if (size > fork.bytes.length || size < countsSize + 4) throw damaged2(`the directory in it has the impossible size of ${size} bytes`);
  const area = fork.bytes.subarray(0, size);
  const numberSize = area.readUInt8(1) > 0 ? 8 : 4;
  const count = Math.max(area.readUInt8(0), area.readUInt8(1));
  const typeSize = reader.superblock.hasFileTypes ? 1 : 0;
  let at = countsSize + numberSize;
  for (let index = 0; index < count; index++) {
    const nameEnd = at >= size ? size : at + entryHeader2 + area.readUInt8(at);
    const end = nameEnd + typeSize + numberSize;
    if (end > size || nameEnd === at + entryHeader2) throw damaged2(`the entry at byte ${at} of the directory in it has an impossible length`);
    const numberAt = nameEnd + typeSize;
    yield {
      name: Buffer.from(area.subarray(at + entryHeader2, nameEnd)),
      inode: numberSize === 8 ? u64(area, numberAt) : area.readUInt32BE(numberAt)
    };
    at = end;
  }
  if (at !== size) throw damaged2(`the directory in it has ${count} entries, but ${size - at} bytes more`);
}

// src/disk/filesystem/xfs/directory/directory.ts
function* directoryRecords3(reader, inode) {
  const fork = dataFork(reader, inode);
  if (fork.format === "local") {
    yield* shortFormRecords(reader, inode, fork);
    return;
  }
  let isEmpty = true;
  for (const block of directoryBlocks(reader, inode, fork)) {
    if (isEmpty && block.index !== 0) break;
    isEmpty = false;
    yield* dataRecords(reader, inode, block);
  }
  if (isEmpty) throw damage(reader, `inode ${inode.number}`, "the first block of the directory is missing");
}

// src/disk/filesystem/xfs/log/log.ts
var logBlockSize = 512;
var recordMagic = 4276992702;
function openLog2(device, superblock) {
  const { logStart, logBlocks, blockSize } = superblock;
  const start = blockPosition(superblock, logStart, logBlocks);
  if (start === void 0 || logBlocks === 0) {
    throw damageAt(device.name, `the XFS superblock has a log of ${logBlocks} blocks at number ${logStart}`);
  }
  const blocks = logBlocks * blockSize / logBlockSize;
  const at = (block) => start * blockSize + block * logBlockSize;
  return {
    name: device.name,
    blocks,
    read(block, count) {
      const whole2 = Math.min(count, blocks);
      const first = Math.min(whole2, blocks - block);
      const bytes = bytesAt(device, at(block), first * logBlockSize);
      return first === whole2 ? bytes : Buffer.concat([bytes, bytesAt(device, at(0), (whole2 - first) * logBlockSize)]);
    }
  };
}
function cycleOf(block, at = 0) {
  const first = block.readUInt32BE(at);
  return first === recordMagic ? block.readUInt32BE(at + 4) : first;
}

// src/disk/filesystem/xfs/log/record.ts
var maxRecordBlocks = 512 + 8;
var bytesPerHeader = 32 * 1024;
var unmountFlag = 32;
function recordBefore(log, end, limit = log.blocks) {
  const most = Math.min(limit, log.blocks);
  for (let distance = 1; distance <= most; distance += maxRecordBlocks) {
    const count = Math.min(maxRecordBlocks, most - distance + 1);
    const first = (end - distance - count + 1 + 2 * log.blocks) % log.blocks;
    const bytes = log.read(first, count);
    for (let index = count - 1; index >= 0; index--) {
      if (bytes.readUInt32BE(index * logBlockSize) === recordMagic) return header2(log, (first + index) % log.blocks);
    }
  }
  return void 0;
}
function header2(log, block) {
  const bytes = log.read(block, 1);
  const version2 = bytes.readUInt32BE(8);
  const length3 = bytes.readUInt32BE(12);
  const size = bytes.readUInt32BE(320);
  if (length3 > 2 * 256 * 1024) throw damageAt(log.name, `a record of the XFS log has the impossible length ${length3}`);
  return {
    block,
    headerBlocks: version2 & 2 ? Math.min(8, Math.max(1, Math.ceil(size / bytesPerHeader))) : 1,
    dataBlocks: Math.ceil(length3 / logBlockSize),
    operations: bytes.readUInt32BE(40)
  };
}
function endOf2(log, { block, headerBlocks, dataBlocks }) {
  return (block + headerBlocks + dataBlocks) % log.blocks;
}
function isUnmount(log, record) {
  const data = log.read((record.block + record.headerBlocks) % log.blocks, 1);
  return record.operations === 1 && (data.readUInt8(9) & unmountFlag) !== 0;
}

// src/disk/filesystem/xfs/log/head.ts
var maxBlocksInFlight = 8 * 256 * 1024 / logBlockSize;
function findHead(log) {
  const cycle = (block) => cycleOf(log.read(block, 1));
  const first = cycle(0);
  const last = cycle(log.blocks - 1);
  if (first === 0) return void 0;
  const before = last === 0 ? 0 : first === last ? last - 1 : last;
  const turn = first === last ? log.blocks : firstOfCycle(cycle, 0, log.blocks - 1, last);
  const head = backBeforeGaps(log, turn, before, last);
  return backBeforeTornRecord(log, head);
}
function firstOfCycle(cycle, from, to, wanted) {
  let [low, high] = [from, to];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (cycle(middle) === wanted) high = middle;
    else low = middle;
  }
  return high;
}
function backBeforeGaps(log, turn, before, last) {
  const count = Math.min(maxBlocksInFlight, log.blocks);
  const atEnd = Math.max(0, count - turn);
  const gapAtEnd = last === 0 ? void 0 : firstWith(log, log.blocks - atEnd, atEnd, before - 1);
  return gapAtEnd ?? firstWith(log, Math.max(0, turn - count), Math.min(turn, count), before) ?? turn;
}
function firstWith(log, from, count, cycle) {
  if (count === 0) return void 0;
  const bytes = log.read(from, count);
  for (let index = 0; index < count; index++) if (cycleOf(bytes, index * logBlockSize) === cycle) return from + index;
  return void 0;
}
function backBeforeTornRecord(log, head) {
  const last = recordBefore(log, head, maxRecordBlocks);
  return !last || endOf2(log, last) === head % log.blocks ? head % log.blocks : last.block;
}

// src/disk/filesystem/xfs/log/check.ts
function checkLog(device, superblock) {
  const { name } = device;
  const refuse2 = (what) => new DiskError(name, what, "unsupported");
  if (superblock.logStart === 0) {
    throw refuse2(
      "the log of the XFS filesystem is on another device, so it is unknown whether it was unmounted cleanly; copy its files elsewhere"
    );
  }
  const log = openLog2(device, superblock);
  const head = findHead(log);
  if (head === void 0) return;
  const last = recordBefore(log, head);
  if (last && endOf2(log, last) === head && isUnmount(log, last)) return;
  throw refuse2(
    "the XFS filesystem was not unmounted cleanly, so its last changes are only in its log, which is not replayed; mount it once with Linux and unmount it, which replays the log, or run xfs_repair"
  );
}

// src/disk/filesystem/xfs/attributes/acl.ts
var storedHeader = 4;
var storedEntry = 12;
var namedUserOrGroup = [2, 8];
var knownTags = [1, 2, 4, 8, 16, 32];
var noId2 = 4294967295;
function userSpaceAcl2(stored, place2) {
  const damaged2 = () => new DiskError(place2, "its access control list is damaged");
  if (stored.length < storedHeader) throw damaged2();
  const count = stored.readUInt32BE(0);
  if (storedHeader + count * storedEntry > stored.length) throw damaged2();
  const acl = Buffer.alloc(4 + count * 8);
  acl.writeUInt32LE(2);
  for (let index = 0; index < count; index++) {
    const from = storedHeader + index * storedEntry;
    const to = 4 + index * 8;
    const tag2 = stored.readUInt32BE(from);
    if (!knownTags.includes(tag2)) throw damaged2();
    acl.writeUInt16LE(tag2, to);
    acl.writeUInt16LE(stored.readUInt16BE(from + 8), to + 2);
    acl.writeUInt32LE(namedUserOrGroup.includes(tag2) ? stored.readUInt32BE(from + 4) : noId2, to + 4);
  }
  return acl;
}

// src/disk/filesystem/xfs/attributes/attribute.ts
var attributeFlags = { local: 1, trusted: 2, secure: 4, parent: 8, incomplete: 128 };

// src/disk/filesystem/xfs/attributes/fork-blocks.ts
function forkBlocks(reader, inode, runs) {
  const { blockSize } = reader.superblock;
  return (block) => {
    const index = runs.fileBlocks.findIndex((first, run) => block >= first && block < first + runs.counts[run]);
    if (index < 0) throw damage(reader, `inode ${inode.number}`, `block ${block} of its attributes is missing`);
    const position2 = fsBlock(runs.fsBlocks[index] + block - runs.fileBlocks[index]);
    reader.attributes.spend(blockSize);
    return {
      bytes: bytesAt(reader.device, position2 * blockSize, blockSize),
      fsBlock: position2,
      place: `block ${block} of the attributes (block ${position2} of the filesystem), inode ${inode.number} of ${reader.name}`
    };
  };
}

// src/disk/filesystem/xfs/attributes/leaves.ts
var version42 = { node: 65214, leaf: 64494, header: 12, leafHeader: 32, nodeHeader: 16 };
var version52 = { node: 16062, leaf: 15342, header: 56, leafHeader: 80, nodeHeader: 64 };
var fields4 = { checksum: 12, block: 16, uuid: 32, owner: 48 };
var entrySize = 8;
var maxLevels3 = 5;
function* leafAttributes(reader, inode, readBlock) {
  const form = reader.superblock.hasChecksums ? version52 : version42;
  const seen = /* @__PURE__ */ new Set();
  const load = (number2) => {
    const block2 = readBlock(number2);
    if (seen.has(number2)) throw damaged(block2, "another block leads to it twice");
    seen.add(number2);
    if (reader.superblock.hasChecksums) verify(reader, block2.bytes, fields4, { block: block2.fsBlock, owner: inode.number }, block2.place);
    return block2;
  };
  let block = load(0);
  for (let depth3 = 0; block.bytes.readUInt16BE(8) === form.node; depth3++) {
    if (depth3 === maxLevels3) throw damaged(block, `the tree of hashes has more than ${maxLevels3} levels`);
    if (block.bytes.readUInt16BE(form.header) === 0) throw damaged(block, "it has no entries");
    block = load(block.bytes.readUInt32BE(form.nodeHeader + 4));
  }
  while (true) {
    if (block.bytes.readUInt16BE(8) !== form.leaf) throw damaged(block, "it has no magic number of attributes");
    yield* entries2(block, form.header, form.leafHeader);
    const next2 = block.bytes.readUInt32BE(0);
    if (next2 === 0) return;
    block = load(next2);
  }
}
function* entries2(block, header4, entriesStart) {
  const { bytes } = block;
  const count = bytes.readUInt16BE(header4);
  if (entriesStart + count * entrySize > bytes.length) throw damaged(block, `it has ${count} attributes, for which it has no room`);
  for (let index = 0; index < count; index++) {
    const entry2 = entriesStart + index * entrySize;
    const flags = bytes.readUInt8(entry2 + 6);
    const at = bytes.readUInt16BE(entry2 + 4);
    const isLocal = (flags & attributeFlags.local) !== 0;
    const nameStart = at + (isLocal ? 3 : 9);
    if (nameStart > bytes.length) throw damaged(block, `the attribute at byte ${at} lies outside of it`);
    const nameEnd = nameStart + bytes.readUInt8(nameStart - 1);
    const valueSize = isLocal ? bytes.readUInt16BE(at) : bytes.readUInt32BE(at + 4);
    if (nameEnd + (isLocal ? valueSize : 0) > bytes.length) throw damaged(block, `the attribute at byte ${at} doesn't end in it`);
    const value = isLocal ? bytes.subarray(nameEnd, nameEnd + valueSize) : { forkBlock: bytes.readUInt32BE(at) };
    yield { flags, name: bytes.subarray(nameStart, nameEnd), valueSize, value };
  }
}
function damaged({ place: place2 }, what) {
  return damageAt(place2, what);
}

// src/disk/filesystem/xfs/attributes/remote-value.ts
var magic5 = "XARM";
var headerSize2 = 56;
var fields5 = { checksum: 12, uuid: 16, owner: 32, block: 40 };
function remoteValue(reader, inode, first, size, readBlock) {
  const { hasChecksums } = reader.superblock;
  const parts = [];
  for (let done = 0, number2 = first; done < size; number2++) {
    const { bytes, fsBlock: fsBlock2, place: place2 } = readBlock(number2);
    const start = hasChecksums ? headerSize2 : 0;
    const length3 = Math.min(size - done, bytes.length - start);
    if (hasChecksums) {
      verify(reader, bytes, fields5, { block: fsBlock2, owner: inode.number }, place2);
      if (bytes.toString("latin1", 0, 4) !== magic5 || bytes.readUInt32BE(4) !== done || bytes.readUInt32BE(8) !== length3) {
        throw damageAt(place2, "it isn't the part of an attribute's value that should be there");
      }
    }
    parts.push(bytes.subarray(start, start + length3));
    done += length3;
  }
  return Buffer.concat(parts);
}

// src/disk/filesystem/xfs/attributes/short-form.ts
var header3 = 4;
var entryHeader3 = 3;
function shortFormAttributes(reader, inode, { bytes }) {
  const damaged2 = (at2) => damage(reader, `inode ${inode.number}`, `the attribute at byte ${at2} of those in it has an impossible length`);
  const size = bytes.length < header3 ? 0 : bytes.readUInt16BE(0);
  if (size < header3 || size > bytes.length)
    throw damage(reader, `inode ${inode.number}`, `the attributes in it have the impossible size of ${size} bytes`);
  const found = [];
  let at = header3;
  for (let count = bytes.readUInt8(2); count > 0; count--) {
    if (at + entryHeader3 > size) throw damaged2(at);
    const nameEnd = at + entryHeader3 + bytes.readUInt8(at);
    const valueSize = bytes.readUInt8(at + 1);
    if (nameEnd + valueSize > size) throw damaged2(at);
    found.push({
      flags: bytes.readUInt8(at + 2),
      name: bytes.subarray(at + entryHeader3, nameEnd),
      valueSize,
      value: bytes.subarray(nameEnd, nameEnd + valueSize)
    });
    at = nameEnd + valueSize;
  }
  return found;
}

// src/disk/filesystem/xfs/attributes/attributes.ts
var maxBytes3 = 2 ** 20;
var maxValueSize2 = 65536;
var aclNames = {
  "trusted.SGI_ACL_FILE": "system.posix_acl_access",
  "trusted.SGI_ACL_DEFAULT": "system.posix_acl_default"
};
function readAttributes2(reader, inode) {
  const fork = attributeFork(reader, inode);
  if (!fork) return /* @__PURE__ */ new Map();
  const place2 = inodePlace2(reader, inode.number);
  const found = [];
  let total = 0;
  const { attributes, readBlock } = storedAttributes(reader, inode, fork);
  for (const attribute of attributes) {
    if (attribute.flags & (attributeFlags.parent | attributeFlags.incomplete)) continue;
    const { name, valueSize, value } = attribute;
    const fullName = prefix(attribute) + pathText(name);
    total += name.length + valueSize;
    if (valueSize > maxValueSize2 || name.length === 0 || name.includes(0)) {
      throw damageAt(place2, `it has an attribute with an impossible name or a value of ${valueSize} bytes`);
    }
    if (total > maxBytes3) throw new DiskError(place2, `it has more than ${maxBytes3} bytes of attributes`);
    const bytes = Buffer.isBuffer(value) ? Buffer.from(value) : remoteValue(reader, inode, value.forkBlock, valueSize, readBlock);
    found.push([fullName, bytes]);
    const aclName = aclNames[fullName];
    if (aclName !== void 0) found.push([aclName, userSpaceAcl2(bytes, place2)]);
  }
  return new Map(found.sort(([a], [b]) => a < b ? -1 : 1));
}
function prefix({ flags }) {
  if (flags & attributeFlags.secure) return "security.";
  return flags & attributeFlags.trusted ? "trusted." : "user.";
}
function storedAttributes(reader, inode, fork) {
  const noBlocks = () => {
    throw damageAt(inodePlace2(reader, inode.number), "its attributes are in it, and yet in blocks");
  };
  if (fork.format === "local") return { attributes: shortFormAttributes(reader, inode, fork), readBlock: noBlocks };
  const runs = forkRuns(reader, inode, fork);
  if (runs.counts.length === 0) return { attributes: [], readBlock: noBlocks };
  const readBlock = forkBlocks(reader, inode, runs);
  return { attributes: leafAttributes(reader, inode, readBlock), readBlock };
}

// src/disk/filesystem/xfs/content.ts
function fileContent2(reader, inode) {
  const place2 = inodePlace2(reader, inode.number);
  const fork = dataFork(reader, inode);
  if (inode.flags & inodeFlags2.realtime && fork.extents > 0) {
    throw new DiskError(place2, "its content is on the filesystem's realtime device, which can't be read", "unsupported");
  }
  const { device, superblock } = reader;
  let readRuns;
  const content2 = {
    name: place2,
    size: inode.size,
    read(into, offset) {
      checkRange(content2, offset, into.length);
      readRuns ??= runReader(device, superblock.blockSize, forkRuns(reader, inode, fork, Math.ceil(inode.size / superblock.blockSize)));
      readRuns(into, offset);
    }
  };
  return content2;
}

// src/disk/filesystem/xfs/inode/time.ts
var modification = 40;
var bigTimeEpoch = -(2 ** 31);
function modificationTime3({ raw, flags2 }) {
  if (!(flags2 & inodeFlags22.bigTime)) {
    return normalized(raw.readInt32BE(modification), raw.readUInt32BE(modification + 4));
  }
  const nanoseconds = raw.readBigUInt64BE(modification);
  return { seconds: Number(nanoseconds / 1000000000n) + bigTimeEpoch, nanoseconds: Number(nanoseconds % 1000000000n) };
}
function normalized(seconds, nanoseconds) {
  return { seconds: seconds + Math.floor(nanoseconds / 1e9), nanoseconds: nanoseconds % 1e9 };
}

// src/disk/filesystem/xfs/symlink.ts
var maxTargetLength2 = 1024;
var magic6 = "XSLM";
var headerSize3 = 56;
var fields6 = { checksum: 12, uuid: 16, owner: 32, block: 40 };
function symlinkTarget2(reader, inode) {
  const at = `inode ${inode.number}`;
  const { size } = inode;
  if (size > maxTargetLength2) throw damage(reader, at, `the symlink's target has ${size} bytes`);
  const fork = dataFork(reader, inode);
  if (fork.format !== "local") return checkedTarget(remoteTarget(reader, inode), reader, at);
  if (size > fork.bytes.length) throw damage(reader, at, `the symlink's target has ${size} bytes, for which the inode has no room`);
  return checkedTarget(Buffer.from(fork.bytes.subarray(0, size)), reader, at);
}
function remoteTarget(reader, inode) {
  const { device, superblock } = reader;
  const { blockSize, hasChecksums } = superblock;
  const runs = forkRuns(reader, inode, dataFork(reader, inode), Math.ceil(2 * maxTargetLength2 / blockSize) + 1);
  const parts = [];
  let done = 0;
  let next2 = 0;
  for (const [index, count] of runs.counts.entries()) {
    if (done >= inode.size) break;
    const block = runs.fsBlocks[index];
    if (runs.fileBlocks[index] !== next2) break;
    next2 += count;
    const bytes = bytesAt(device, block * blockSize, count * blockSize);
    const length3 = Math.min(inode.size - done, bytes.length - (hasChecksums ? headerSize3 : 0));
    if (hasChecksums) {
      const place2 = `block ${block} of ${reader.name}, in the symlink with inode ${inode.number}`;
      verify(reader, bytes, fields6, { block, owner: inode.number }, place2);
      if (bytes.toString("latin1", 0, 4) !== magic6 || bytes.readUInt32BE(4) !== done || bytes.readUInt32BE(8) !== length3) {
        throw damage(reader, `inode ${inode.number}`, `block ${block} isn't the part of the symlink's target that should be there`);
      }
    }
    const from = hasChecksums ? headerSize3 : 0;
    parts.push(bytes.subarray(from, from + length3));
    done += length3;
  }
  if (done < inode.size) throw damage(reader, `inode ${inode.number}`, `the symlink's target ends after ${done} of ${inode.size} bytes`);
  return Buffer.concat(parts);
}

// src/disk/filesystem/xfs/node.ts
function openNode2(reader, number2) {
  const at = `inode ${number2}`;
  if (reader.superblock.reservedInodes.includes(number2))
    throw damage(reader, at, "a name refers to it, but it is reserved for the filesystem itself");
  const inode = loadInode2(reader, number2);
  if (inode.flags2 & inodeFlags22.metadata) throw damage(reader, at, "a name refers to it, but it is reserved for the filesystem itself");
  if (inode.mode === 0 || inode.linksCount === 0) throw damage(reader, at, "a name refers to it, but it is deleted");
  const type2 = fileTypeOf(inode.mode);
  if (type2 === void 0) throw damage(reader, at, `its mode ${inode.mode.toString(8)} has no known type`);
  const { format: format2 } = dataFork(reader, inode);
  if (!allowedFormats(type2).includes(format2)) throw damage(reader, at, `it is of the type ${type2}, but its data has the format ${format2}`);
  return new XfsNode(reader, inode, type2);
}
function allowedFormats(type2) {
  if (type2 === "file") return ["extents", "btree"];
  if (type2 === "dir") return ["local", "extents", "btree"];
  return type2 === "symlink" ? ["local", "extents"] : ["device"];
}
var XfsNode = class {
  type;
  ino;
  mode;
  uid;
  gid;
  nlink;
  mtime;
  size;
  #reader;
  constructor(reader, inode, type2) {
    const { raw } = inode;
    this.#reader = reader;
    this.type = type2;
    this.ino = inode.number;
    this.mode = inode.mode & 4095;
    this.uid = raw.readUInt32BE(8);
    this.gid = raw.readUInt32BE(12);
    this.nlink = inode.linksCount;
    this.mtime = modificationTime3(inode);
    this.size = inode.size;
    if (type2 === "char" || type2 === "block") this.rdev = storedDevice2(dataFork(reader, inode).bytes);
  }
  content() {
    return fileContent2(this.#reader, this.#inode());
  }
  target() {
    return symlinkTarget2(this.#reader, this.#inode());
  }
  xattrs() {
    return readAttributes2(this.#reader, this.#inode());
  }
  #inode() {
    return loadInode2(this.#reader, this.ino);
  }
};
function storedDevice2(bytes) {
  const encoded = bytes.readUInt32BE(0);
  return { major: encoded >>> 18, minor: encoded & 262143 };
}

// src/disk/filesystem/xfs/budget.ts
var Budget = class {
  #place;
  #what;
  #limit;
  #left;
  constructor(place2, what, limit) {
    this.#place = place2;
    this.#what = what;
    this.#limit = limit;
    this.#left = limit;
  }
  /** @throws DiskError if more bytes than the limit have been read */
  spend(bytes) {
    this.#left -= bytes;
    if (this.#left < 0) throw damageAt(this.#place, `${this.#what} have more than ${this.#limit} bytes`);
  }
};

// src/disk/filesystem/xfs/inode/inode-windows.ts
var windowSize2 = 32 * 1024;
var windowsKept2 = 64;
function inodeWindows(device, { inodeSize, blockSize, blocksCount }) {
  const size = Math.max(windowSize2, blockSize);
  const end = blocksCount * blockSize;
  const window2 = recent(windowsKept2, (index) => {
    const start = index * size;
    const whole2 = Math.min(size, end - start);
    return device.reaches || start + whole2 <= device.size ? bytesAt(device, start, whole2) : void 0;
  });
  return (position2) => {
    const at = position2 % size;
    return window2(Math.floor(position2 / size))?.subarray(at, at + inodeSize) ?? bytesAt(device, position2, inodeSize);
  };
}

// src/disk/filesystem/xfs/open-reader.ts
var maxMetadata = 4 * 2 ** 30;
var maxAttributes = 16 * 2 ** 30;
function openReader2(device, superblock, warn) {
  return {
    name: device.name,
    device,
    superblock,
    warn,
    metadata: new Budget(device.name, "the XFS filesystem's directories and maps of blocks", maxMetadata),
    attributes: new Budget(device.name, "the XFS filesystem's extended attributes", maxAttributes),
    rawInode: inodeWindows(device, superblock)
  };
}

// src/disk/filesystem/xfs/superblock/features.ts
var base = { shared: 512, logV2: 1024, dirV2: 8192, moreBits: 32768 };
var more = { ftype: 512 };
var incompat3 = { ftype: 1, metaUuid: 4, needsRepair: 16, nrext64: 32, metadir: 256 };
var baseNames = [
  ["NLINK", 32],
  ["DIRV2", base.dirV2],
  ["ATTR", 16],
  ["QUOTA", 64],
  ["ALIGN", 128],
  ["DALIGN", 256],
  ["SHARED", base.shared],
  ["LOGV2", base.logV2],
  ["EXTFLG", 4096],
  ["SECTOR", 2048],
  ["ASCII_CI", 16384],
  ["MOREBITS", base.moreBits]
];
var moreNames = [
  ["ATTR2", 8],
  ["LAZYSBCOUNT", 2],
  ["PROJID32BIT", 128],
  ["CRC", 256]
];
var roCompatNames2 = [
  ["RMAPBT", 2],
  ["REFLINK", 4],
  ["INOBTCNT", 8]
];
var incompatNames2 = [
  ["BIGTIME", 8],
  ["NEEDSREPAIR", incompat3.needsRepair],
  ["NREXT64", incompat3.nrext64],
  ["EXCHANGE", 64],
  ["PARENT", 128],
  ["METADIR", incompat3.metadir],
  ["ZONED", 512],
  ["ZONE_GAPS", 1024]
];
var unreadableIncompat = 1536;
var knownIncompat2 = 2047;
var knownMore = 2 | 8 | 128 | 256 | 512;
function hasFileTypes(features) {
  return features.version === 5 ? (features.incompat & incompat3.ftype) !== 0 : (features.more & more.ftype) !== 0;
}
function featureNames2(features) {
  const named = (word2, names) => names.filter(([, bit2]) => word2 & bit2).map(([name]) => name);
  return [
    `V${features.version}`,
    ...named(features.base, baseNames),
    ...named(features.more, moreNames),
    ...hasFileTypes(features) ? ["FTYPE"] : [],
    ...named(features.roCompat, [["FINOBT", 1]]),
    ...named(features.incompat, [
      ["SPARSE_INODES", 2],
      ["META_UUID", incompat3.metaUuid]
    ]),
    ...named(features.roCompat, roCompatNames2),
    ...named(features.incompat, incompatNames2),
    ...bits(features.roCompat & ~15, "ro_compat"),
    ...bits(features.incompat & ~knownIncompat2, "incompat")
  ];
}
function bits(word2, what) {
  const found = [];
  for (let bit2 = 0; bit2 < 32; bit2++) if (word2 >>> bit2 & 1) found.push(`${what} bit ${bit2}`);
  return found;
}
function checkReadable2(features, name) {
  const refuse2 = (what) => new DiskError(name, `the XFS filesystem ${what}`, "unsupported");
  const { version: version2 } = features;
  if (version2 !== 4 && version2 !== 5) throw refuse2(`has version ${version2}; only versions 4 and 5 can be read`);
  if (version2 === 4 && !(features.base & base.dirV2)) throw refuse2("has directories of version 1 (no feature DIRV2), which can't be read");
  const unreadable = [
    ...features.base & base.shared ? ["SHARED"] : [],
    ...version2 === 4 ? bits(features.more & ~knownMore, "features2") : [],
    ...features.incompat & unreadableIncompat ? ["ZONED"] : [],
    ...bits(features.incompat & ~knownIncompat2, "incompat")
  ];
  if (unreadable.length > 0) throw refuse2(`uses a feature that can't be read: ${unreadable.join(", ")}`);
}

// src/disk/filesystem/xfs/superblock/superblock.ts
var magic7 = "XFSB";
var length2 = 512;
var checksumPosition3 = 224;
var nullInode = 2 ** 64;
var fourZeros3 = Buffer.alloc(4);
function hasMagic2(device) {
  return hasText(device, 0, magic7);
}
function readSuperblock3(device) {
  const raw = bytesAt(device, 0, length2);
  const u16 = (at) => raw.readUInt16BE(at);
  const u32 = (at) => raw.readUInt32BE(at);
  const name = device.name;
  const demand = (sound, what) => {
    if (!sound) throw damageAt(name, `the XFS superblock has ${what}, which is impossible`);
  };
  if (raw.toString("latin1", 0, 4) !== magic7) throw new DiskError(name, "it has no XFS superblock");
  const sectorSize5 = u16(102);
  demand(isPowerOf22(sectorSize5) && sectorSize5 >= 512 && sectorSize5 <= 32768, `sectors of ${sectorSize5} bytes`);
  const features = readFeatures(raw);
  const hasChecksums = features.version === 5;
  if (hasChecksums) verifyChecksum3(device, sectorSize5);
  checkReadable2(features, name);
  demand(raw.readUInt8(126) === 0, "the mark of an unfinished mkfs.xfs");
  const blockSize = u32(4);
  demand(isPowerOf22(blockSize) && blockSize >= (hasChecksums ? 1024 : 512) && blockSize <= 65536, `a block size of ${blockSize}`);
  demand(sectorSize5 <= blockSize, `sectors of ${sectorSize5} bytes in blocks of ${blockSize}`);
  const inodeSize = u16(104);
  const minInodeSize = hasChecksums ? 512 : 256;
  demand(
    isPowerOf22(inodeSize) && inodeSize >= minInodeSize && inodeSize <= Math.min(2048, blockSize / 2),
    `an inode size of ${inodeSize} with a block size of ${blockSize}`
  );
  const blocksCount = u64(raw, 8);
  demand(blocksCount > 0 && blocksCount * blockSize <= Number.MAX_SAFE_INTEGER, `${blocksCount} blocks`);
  const blocksPerGroup = u32(84);
  const groupBlockBits = raw.readUInt8(124);
  demand(
    blocksPerGroup >= 64 && groupBlockBits <= 31 && groupBlockBits === Math.ceil(Math.log2(blocksPerGroup)),
    `${blocksPerGroup} blocks in a group and ${groupBlockBits} bits for their numbers`
  );
  const groupsCount = u32(88);
  demand(
    groupsCount === Math.ceil(blocksCount / blocksPerGroup),
    `${groupsCount} groups of ${blocksPerGroup} blocks for ${blocksCount} blocks`
  );
  const directoryBits = raw.readUInt8(192);
  demand(directoryBits <= 7 && blockSize << directoryBits <= 65536, `directory blocks of 2^${directoryBits} blocks of ${blockSize} bytes`);
  const logBlocks = u32(96);
  demand(logBlocks <= blocksCount || u64(raw, 48) === 0, `a log of ${logBlocks} blocks`);
  const uuid2 = raw.subarray(32, 48);
  const label = raw.subarray(108, 120);
  const end = label.indexOf(0);
  return {
    features,
    hasChecksums,
    hasFileTypes: hasFileTypes(features),
    blockSize,
    blocksCount,
    freeBlocksCount: Math.min(u64(raw, 144), blocksCount),
    groupsCount,
    blocksPerGroup,
    groupBlockBits,
    firstBlockOfGroup: Math.floor(3 * sectorSize5 / blockSize) + 1,
    inodeSize,
    inodesPerBlock: blockSize / inodeSize,
    rootInode: u64(raw, 56),
    reservedInodes: reservedInodes(raw, features),
    blocksPerDirectoryBlock: 1 << directoryBits,
    logStart: u64(raw, 48),
    logBlocks,
    metadataUuid: features.incompat & incompat3.metaUuid ? raw.subarray(248, 264) : uuid2,
    uuid: uuid2,
    label: end < 0 ? label : label.subarray(0, end)
  };
}
function readFeatures(raw) {
  const word2 = raw.readUInt16BE(100);
  const version2 = word2 & 15;
  const inVersion5 = (at) => version2 === 5 ? raw.readUInt32BE(at) : 0;
  return {
    version: version2,
    base: word2 & ~15,
    // Some old kernels wrote the second word where the first was.
    more: word2 & 32768 ? raw.readUInt32BE(200) | raw.readUInt32BE(204) : 0,
    compat: inVersion5(208),
    roCompat: inVersion5(212),
    incompat: inVersion5(216)
  };
}
function reservedInodes(raw, { version: version2, incompat: word2 }) {
  const places2 = [64, 72, 160, 168, ...version2 === 5 ? [232] : [], ...word2 & incompat3.metadir ? [264] : []];
  return places2.map((at) => u64(raw, at)).filter((number2) => number2 !== 0 && number2 !== nullInode);
}
function verifyChecksum3(device, sectorSize5) {
  const sector = bytesAt(device, 0, sectorSize5);
  const crc = crc32c(crc32c(4294967295, sector.subarray(0, checksumPosition3)), fourZeros3);
  if (~crc32c(crc, sector.subarray(checksumPosition3 + 4)) >>> 0 !== sector.readUInt32LE(checksumPosition3)) {
    throw damageAt(device.name, "the checksum of the XFS superblock is wrong");
  }
}
function isPowerOf22(value) {
  return value > 0 && (value & value - 1) === 0;
}

// src/disk/filesystem/xfs/index.ts
var xfs = { name: "xfs", detect: hasMagic2, open: open2 };
function open2(device, warnAlways) {
  const warn = onceEach(warnAlways);
  const superblock = readSuperblock3(device);
  warnIfCutShort(device, "the XFS filesystem", superblock.blocksCount * superblock.blockSize, warn);
  if (superblock.features.incompat & incompat3.needsRepair) {
    warn(`${device.name}: the XFS filesystem is marked as needing a repair; check it with xfs_repair`);
  }
  checkLog(device, superblock);
  const reader = openReader2(device, superblock, warn);
  const root = openNode2(reader, superblock.rootInode);
  if (root.type !== "dir") {
    throw damageAt(device.name, `its root, inode ${superblock.rootInode}, is not a directory`);
  }
  return { info: describe5(superblock), root, entries: (dir) => entries3(reader, dir) };
}
function* entries3(reader, dir) {
  for (const { name, inode } of directoryRecords3(reader, loadInode2(reader, dir.ino))) yield { name, node: () => openNode2(reader, inode) };
}
function describe5({ features, label, uuid: uuid2, blockSize, blocksCount, freeBlocksCount }) {
  return {
    type: "xfs",
    label: pathText(label),
    uuid: uuid2.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-"),
    blockSize,
    size: blocksCount * blockSize,
    free: freeBlocksCount * blockSize,
    features: featureNames2(features),
    notes: []
  };
}

// src/disk/filesystem/formats.ts
var fileSystemFormats = [iso9660, ext, xfs];
function openFileSystem(source, warn) {
  return fileSystemFormats.find((format2) => format2.detect(source))?.open(source, warn);
}

// src/disk/filesystem/signatures.ts
function identifyVolume(source) {
  const found = signatures.find(({ at, magic: magic10 }) => at.some((offset) => hasText(source, offset, magic10)));
  if (found) return found;
  const name = structures.map((look2) => look2(source)).find((name2) => name2 !== void 0);
  return name === void 0 ? void 0 : { name };
}
var pageEnds = [4096, 8192, 16384, 32768, 65536].map((page) => page - 10);
var signatures = [
  { name: "LVM2 physical volume", at: [24, 536, 1048, 1560], magic: "LVM2 001" },
  { name: "LVM1 physical volume", at: [0], magic: "HM\0" },
  { name: "LVM1 physical volume", at: [0], magic: "HM\0" },
  { name: "LUKS 1 encrypted volume", at: [0], magic: "LUKS\xBA\xBE\0", isEncrypted: true },
  { name: "LUKS 2 encrypted volume", at: [0], magic: "LUKS\xBA\xBE\0", isEncrypted: true },
  { name: "swap", at: pageEnds, magic: "SWAPSPACE2" },
  { name: "swap (old format)", at: pageEnds, magic: "SWAP-SPACE" },
  { name: "suspended system in swap", at: pageEnds, magic: "S1SUSPEND" },
  { name: "btrfs filesystem", at: [65536 + 64], magic: "_BHRfS_M" },
  { name: "NTFS filesystem", at: [3], magic: "NTFS    " },
  { name: "exFAT filesystem", at: [3], magic: "EXFAT   " },
  { name: "BitLocker encrypted volume", at: [3], magic: "-FVE-FS-", isEncrypted: true },
  { name: "FAT filesystem", at: [54], magic: "FAT" },
  { name: "FAT filesystem", at: [82], magic: "FAT32   " },
  { name: "squashfs filesystem", at: [0], magic: "hsqs" },
  { name: "ReiserFS filesystem", at: [65536 + 52, 8192 + 52], magic: "ReIsEr" },
  { name: "JFS filesystem", at: [32768], magic: "JFS1" },
  { name: "F2FS filesystem", at: [1024], magic: " \xF5\xF2" },
  { name: "UFS2 filesystem", at: [65536 + 1372], magic: "T" },
  { name: "Linux RAID member", at: [0, 4096], magic: "\xFCN+\xA9" }
];
var structures = [extJournal, zfs, raidAtEnd];
function extJournal(source) {
  const superblock = peek(source, 1024, 100);
  if (superblock?.readUInt16LE(56) !== 61267) return void 0;
  return (superblock.readUInt32LE(96) & 8) !== 0 ? "external journal of an ext filesystem (JBD)" : void 0;
}
function zfs(source) {
  for (let offset = 128 << 10; offset < 256 << 10; offset += 1024) {
    const magic10 = peek(source, offset, 8);
    if (!magic10) return void 0;
    if (magic10.readBigUInt64LE() === 0x00bab10cn || magic10.readBigUInt64BE() === 0x00bab10cn) return "ZFS pool member";
  }
  return void 0;
}
function raidAtEnd(source) {
  const sectors2 = Math.floor(source.size / 512);
  const places2 = [Math.floor(source.size / 65536) * 65536 - 65536, (Math.floor(sectors2 / 8) * 8 - 16) * 512];
  return places2.some((offset) => offset >= 0 && hasText(source, offset, "\xFCN+\xA9")) ? "Linux RAID member" : void 0;
}

// src/disk/lvm/checksum.ts
var import_node_zlib = require("node:zlib");
var seed = 4120356559;
function lvmChecksum(bytes) {
  return ~(0, import_node_zlib.crc32)(bytes, ~seed >>> 0) >>> 0;
}

// src/disk/lvm/label.ts
var sectorSize2 = 512;
var labelSectors = 4;
var id = "LABELONE";
var type = "LVM2 001";
var checkedFrom = 20;
var maxAreas = 8;
function readLabel(source) {
  let wrong;
  for (let sector = 0; sector < labelSectors; sector++) {
    const bytes = peek(source, sector * sectorSize2, sectorSize2);
    if (!bytes || bytes.toString("latin1", 0, 8) !== id || bytes.toString("latin1", 24, 32) !== type) continue;
    const what = problemOf(bytes, sector);
    if (what === void 0) return parseLabel(source, bytes, sector);
    wrong ??= { sector, what };
  }
  if (wrong) throw damage(source, wrong.sector * sectorSize2, `the LVM label ${wrong.what}`, "physical volume");
  return void 0;
}
function problemOf(bytes, sector) {
  if (bytes.readUInt32LE(16) !== lvmChecksum(bytes.subarray(checkedFrom))) return "has a wrong checksum";
  if (bytes.readBigUInt64LE(8) !== BigInt(sector)) return `says that it is in sector ${bytes.readBigUInt64LE(8)}`;
  return void 0;
}
function parseLabel(source, bytes, sector) {
  const fail = (what) => damage(source, sector * sectorSize2, `the LVM label ${what}`, "physical volume");
  const header4 = bytes.readUInt32LE(20);
  if (header4 < 32 || header4 + 40 > sectorSize2) throw fail(`has its header at byte ${header4}`);
  const uuid2 = bytes.toString("latin1", header4, header4 + 32);
  if (!/^[A-Za-z0-9!#]{32}$/.test(uuid2)) throw fail("has no valid UUID");
  let at = header4 + 40;
  const regions = () => {
    const found = [];
    for (; at + 16 <= sectorSize2; at += 16) {
      const offset = Number(bytes.readBigUInt64LE(at));
      const size = Number(bytes.readBigUInt64LE(at + 8));
      if (offset === 0) {
        at += 16;
        return found;
      }
      if (!Number.isSafeInteger(offset + size)) throw fail(`has an area at byte ${offset}, beyond any possible disk`);
      found.push({ offset, size });
    }
    throw fail("has a list of areas that doesn't end");
  };
  regions();
  const metadataAreas = regions();
  if (metadataAreas.length > maxAreas) throw fail(`lists ${metadataAreas.length} metadata areas`);
  return { uuid: uuid2, metadataAreas };
}

// src/disk/lvm/logical-volume.ts
var typeNames = {
  thin: "a thin volume",
  "thin-pool": "a thin pool",
  cache: "a cached volume",
  "cache-pool": "a cache pool",
  writecache: "a volume with a write cache",
  mirror: "a mirror",
  snapshot: "a snapshot",
  vdo: "a VDO volume",
  "vdo-pool": "a VDO pool",
  error: "a volume without data (error)",
  zero: "a volume without data (zero)"
};
function logicalVolumeSource(volume, group, pvs, name) {
  const snapshot2 = snapshotProblem(volume, group);
  if (snapshot2) throw new DiskError(name, snapshot2, "unsupported");
  for (const { type: type2 } of volume.segments)
    if (!isReadable(type2)) throw new DiskError(name, `it is ${typeName2(type2)}${supported}`, "unsupported");
  let end = 0;
  const parts = volume.segments.toSorted((a, b) => a.start - b.start).map((segment, index) => {
    const fail = (what) => new DiskError(name, `its segment ${index + 1} ${what}; the metadata of the volume group is damaged`);
    if (segment.start !== end) throw fail(`begins at extent ${segment.start} instead of ${end}`);
    end += segment.extents;
    if (!Number.isSafeInteger(end * group.extentSize)) throw fail("ends beyond any possible disk");
    return segmentSource(segment, group, pvs, name, fail);
  });
  if (end === 0) throw new DiskError(name, "it has no segments; the metadata of the volume group is damaged");
  return concat(parts, name);
}
var supported = ", and only linear and striped volumes can be read";
function isReadable(type2) {
  return type2 === "striped" || type2 === "linear";
}
function typeName2(type2) {
  const [plain2] = type2.split("+");
  if (plain2?.startsWith("raid")) return `a RAID volume (${type2})`;
  return typeNames[plain2] ?? `a volume of the type ${JSON.stringify(type2.slice(0, 40))}`;
}
function snapshotProblem({ name }, group) {
  for (const { segments } of group.logicalVolumes) {
    for (const { type: type2, values } of segments) {
      if (type2 !== "snapshot") continue;
      if (values.get("cow_store") === name) return `it is a snapshot of ${String(values.get("origin"))}${supported}`;
      if (!values.has("merging_store")) continue;
      if (values.get("merging_store") === name) return `it is a snapshot that is being merged into ${String(values.get("origin"))}`;
      if (values.get("origin") === name) return "a snapshot is being merged into it; activate it once with LVM, so that it can finish";
    }
  }
  return void 0;
}
function segmentSource(segment, group, pvs, name, fail) {
  const { extents, stripes, stripeSize } = segment;
  if (extents === 0 || extents % stripes.length !== 0) throw fail(`has ${extents} extents on ${stripes.length} stripes`);
  const size = extents / stripes.length * group.extentSize;
  const areas = stripes.map(({ on, start }) => {
    const description = group.physicalVolumes.get(on);
    const pv = pvs.get(on);
    if (!description || pv === void 0) {
      const part = group.logicalVolumes.find((other) => other.name === on);
      if (!part) throw fail(`lies on ${JSON.stringify(on)}, which doesn't exist`);
      const type2 = part.segments[0]?.type ?? "";
      throw new DiskError(
        name,
        `a part of it lies on ${group.name}/${on}, which is ${isReadable(type2) ? "a volume itself" : typeName2(type2)}${supported}`,
        "unsupported"
      );
    }
    if (typeof pv === "string") throw new DiskError(name, `it needs the physical volume ${description.uuid}, ${pv}`, "unsupported");
    if (start + extents / stripes.length > description.extents) {
      throw fail(
        `ends at extent ${start + extents / stripes.length} of physical volume ${description.uuid}, which has ${description.extents}`
      );
    }
    const offset = description.start + start * group.extentSize;
    if (!Number.isSafeInteger(offset + size)) throw fail("ends beyond any possible disk");
    return window(pv, offset, size, name);
  });
  if (areas.length === 1) return areas[0];
  if (stripeSize === 0 || size % stripeSize !== 0) throw fail(`has stripes of ${stripeSize} bytes in areas of ${size} bytes`);
  return striped(areas, stripeSize, name);
}
function striped(areas, stripeSize, name) {
  const whole2 = {
    name,
    size: areas.reduce((sum, { size }) => sum + size, 0),
    read(into, offset) {
      checkRange(whole2, offset, into.length);
      for (let done = 0; done < into.length; ) {
        const at = offset + done;
        const stripe = Math.floor(at / stripeSize);
        const within = at % stripeSize;
        const length3 = Math.min(stripeSize - within, into.length - done);
        areas[stripe % areas.length].read(into.subarray(done, done + length3), Math.floor(stripe / areas.length) * stripeSize + within);
        done += length3;
      }
    }
  };
  return whole2;
}

// src/disk/lvm/metadata-area.ts
var headerSize4 = 512;
var magic8 = " LVM2 x[5A%r0N*>";
var version = 1;
var ignoredFlag = 1;
var maxTextSize = 16 << 20;
function readMetadataText(source, area) {
  const header4 = peek(source, area.offset, headerSize4);
  if (!header4) return `it lies past the end`;
  if (header4.readUInt32LE(0) !== lvmChecksum(header4.subarray(4))) return "the checksum of its header is wrong";
  if (header4.toString("latin1", 4, 20) !== magic8) return "its header has no signature";
  if (header4.readUInt32LE(20) !== version) return `its version is ${header4.readUInt32LE(20)}`;
  if (Number(header4.readBigUInt64LE(24)) !== area.offset) return `its header belongs to byte ${header4.readBigUInt64LE(24)}`;
  const areaSize = Number(header4.readBigUInt64LE(32));
  const offset = Number(header4.readBigUInt64LE(40));
  const size = Number(header4.readBigUInt64LE(48));
  const flags = header4.readUInt32LE(60);
  if (offset === 0 || size === 0 || (flags & ignoredFlag) !== 0) return void 0;
  if (!(offset >= headerSize4 && offset < areaSize && size <= areaSize - headerSize4 && Number.isSafeInteger(area.offset + areaSize))) {
    return `its text of ${size} bytes at byte ${offset} doesn't fit into its ${areaSize} bytes`;
  }
  if (size > maxTextSize) return `its text has ${size} bytes; the limit is ${maxTextSize}`;
  const untilEnd = Math.min(size, areaSize - offset);
  const first = peek(source, area.offset + offset, untilEnd);
  const rest = peek(source, area.offset + headerSize4, size - untilEnd);
  if (!first || !rest) return "its text lies past the end";
  const text3 = Buffer.concat([first, rest]);
  return header4.readUInt32LE(56) === lvmChecksum(text3) ? text3 : "the checksum of its text is wrong";
}
function hasLabel(source) {
  return [0, 512, 1024, 1536].some((offset) => hasText(source, offset, "LABELONE") && hasText(source, offset + 24, "LVM2 001"));
}

// src/disk/lvm/overlaps.ts
function findOverlaps(group) {
  const areas = group.logicalVolumes.flatMap(
    ({ name: volume, segments }) => segments.flatMap(
      ({ extents, stripes }) => stripes.map(({ on: pv, start }) => ({ volume, pv, start, end: start + extents / stripes.length }))
    )
  ).filter(({ pv }) => group.physicalVolumes.has(pv)).sort((a, b) => a.pv === b.pv ? a.start - b.start : a.pv < b.pv ? -1 : 1);
  const found = /* @__PURE__ */ new Map();
  let before;
  for (const area of areas) {
    if (before?.pv === area.pv && area.start < before.end) {
      const extent = `extent ${area.start} of physical volume ${group.physicalVolumes.get(area.pv).uuid}`;
      const other = (volume) => before.volume === area.volume ? "itself" : `${group.name}/${volume}`;
      found.set(area.volume, `it shares ${extent} with ${other(before.volume)}`);
      found.set(before.volume, `it shares ${extent} with ${other(area.volume)}`);
    }
    if (before?.pv !== area.pv || area.end > before.end) before = area;
  }
  return found;
}

// src/disk/lvm/config-text.ts
var limits4 = { depth: 16, values: 1e6 };
function parseConfigText(text3) {
  const tokens = tokenizer(text3);
  let count = 0;
  const addTo = (map, name, value2) => {
    if (++count > limits4.values) throw new Error(`has more than ${limits4.values} values`);
    map.set(name, value2);
  };
  const section = (depth3) => {
    if (depth3 > limits4.depth) throw new Error(`has more than ${limits4.depth} levels of sections`);
    const values = /* @__PURE__ */ new Map();
    const sections = /* @__PURE__ */ new Map();
    for (; ; ) {
      const token = tokens.next();
      if (isSign(token, depth3 === 0 ? "" : "}")) return { values, sections };
      if (token.kind === "sign") throw tokens.unexpected(token);
      const name = token.text;
      if (values.has(name) || sections.has(name)) throw new Error(`has ${JSON.stringify(name)} twice (line ${token.line})`);
      const after = tokens.next();
      if (isSign(after, "{")) addTo(sections, name, section(depth3 + 1));
      else if (isSign(after, "=")) addTo(values, name, value());
      else throw tokens.unexpected(after);
    }
  };
  const value = () => {
    const token = tokens.next();
    return isSign(token, "[") ? list() : scalar(token);
  };
  const list = () => {
    const found = [];
    for (let token = tokens.next(); ; token = tokens.next()) {
      if (isSign(token, "]")) return found;
      if (++count > limits4.values) throw new Error(`has more than ${limits4.values} values`);
      found.push(scalar(token));
      const after = tokens.next();
      if (isSign(after, "]")) return found;
      if (!isSign(after, ",")) throw tokens.unexpected(after);
    }
  };
  const scalar = (token) => {
    if (token.kind === "sign") throw tokens.unexpected(token);
    return token.kind === "word" && /^[+-]?\d+(\.\d*)?$/.test(token.text) ? Number(token.text) : token.text;
  };
  return section(0);
}
function isSign(token, text3) {
  return token.kind === "sign" && token.text === text3;
}
var space = " 	\r\n\v\f";
var signs = "{}[]=,";
function tokenizer(text3) {
  const nul = text3.indexOf("\0");
  const end = nul === -1 ? text3.length : nul;
  let at = 0;
  let line = 1;
  const skipSpace = () => {
    for (; at < end; at++) {
      if (text3[at] === "#") while (at < end && text3[at] !== "\n") at++;
      if (at < end && !space.includes(text3[at])) return;
      if (text3[at] === "\n") line++;
    }
  };
  const string2 = () => {
    const start = line;
    let value = "";
    let from = ++at;
    for (; text3[at] !== '"'; at++) {
      if (text3[at] === "\\") {
        value += text3.slice(from, at);
        from = ++at;
      }
      if (at >= end) throw new Error(`has a string that doesn't end (line ${start})`);
      if (text3[at] === "\n") line++;
    }
    return { kind: "string", text: value + text3.slice(from, at++), line: start };
  };
  const next2 = () => {
    skipSpace();
    if (at >= end) return { kind: "sign", text: "", line };
    if (text3[at] === '"') return string2();
    if (signs.includes(text3[at])) return { kind: "sign", text: text3[at++], line };
    const start = at;
    while (at < end && !space.includes(text3[at]) && !signs.includes(text3[at]) && text3[at] !== "#" && text3[at] !== '"') at++;
    return { kind: "word", text: text3.slice(start, at), line };
  };
  const unexpected = ({ text: found, line: where }) => new Error(found === "" ? "ends in the middle" : `has ${JSON.stringify(found.slice(0, 40))} where it isn't allowed (line ${where})`);
  return { next: next2, unexpected };
}

// src/disk/lvm/volume-group.ts
var sectorSize3 = 512;
var limits5 = { physicalVolumes: 1024, logicalVolumes: 1e4, segments: 1e5, stripes: 128 };
function parseVolumeGroup(text3) {
  const top = parseConfigText(text3);
  const contents = top.values.get("contents");
  if (contents !== "Text Format Volume Group") throw new Error(`has the contents ${JSON.stringify(contents ?? "")}`);
  if (top.values.get("version") !== 1) throw new Error(`has the version ${JSON.stringify(top.values.get("version") ?? "")}`);
  const [[name, group] = [void 0, void 0], ...others] = top.sections;
  if (!group || others.length > 0) throw new Error(`describes ${top.sections.size} volume groups`);
  checkName2(name);
  const format2 = group.values.get("format");
  if (format2 !== void 0 && format2 !== "lvm2") throw new Error(`has the format ${JSON.stringify(format2)}`);
  const pvs = [...subsections(group, "physical_volumes", limits5.physicalVolumes)];
  const lvs = [...subsections(group, "logical_volumes", limits5.logicalVolumes)];
  const budget = { segments: limits5.segments };
  return {
    name,
    uuid: string(group, "id"),
    seqno: whole(group, "seqno"),
    extentSize: sectors(group, "extent_size", 1),
    physicalVolumes: new Map(pvs.map(([key, pv]) => [key, parsePhysicalVolume(pv)])),
    logicalVolumes: lvs.map(([key, lv]) => parseLogicalVolume(key, lv, budget))
  };
}
function checkName2(name) {
  if (!/^[A-Za-z0-9_+.][A-Za-z0-9_+.-]{0,127}$/.test(name) || name === "." || name === "..") {
    throw new Error(`has the impossible name ${JSON.stringify(name.slice(0, 140))}`);
  }
}
function subsections(section, name, most) {
  const found = section.sections.get(name)?.sections ?? /* @__PURE__ */ new Map();
  if (found.size > most) throw new Error(`has ${found.size} ${name}; the limit is ${most}`);
  return found;
}
function parsePhysicalVolume(section) {
  const device = section.values.get("device");
  return {
    uuid: string(section, "id"),
    device: typeof device === "string" ? device : "",
    start: sectors(section, "pe_start"),
    extents: whole(section, "pe_count")
  };
}
function parseLogicalVolume(name, section, budget) {
  checkName2(name);
  const count = whole(section, "segment_count");
  budget.segments -= count;
  if (budget.segments < 0) throw new Error(`has more than ${limits5.segments} segments`);
  const segments = [];
  for (let number2 = 1; number2 <= count; number2++) {
    const segment = section.sections.get(`segment${number2}`);
    if (!segment) throw new Error(`lacks segment ${number2} of ${name}`);
    segments.push(parseSegment(segment, `segment ${number2} of ${name}`));
  }
  const status = section.values.get("status");
  const isVisible = Array.isArray(status) && status.includes("VISIBLE");
  return { name, uuid: string(section, "id"), isVisible, segments };
}
function parseSegment(section, where) {
  const type2 = string(section, "type");
  const hasStripes = type2 === "striped" || type2 === "linear";
  return {
    start: whole(section, "start_extent"),
    extents: whole(section, "extent_count"),
    type: type2,
    stripes: hasStripes ? parseStripes(section, where) : [],
    stripeSize: section.values.has("stripe_size") ? sectors(section, "stripe_size") : 0,
    values: section.values
  };
}
function parseStripes(section, where) {
  const list = section.values.get("stripes");
  const count = whole(section, "stripe_count");
  if (!Array.isArray(list) || count < 1 || list.length !== 2 * count) throw new Error(`has no list of ${count} stripes in ${where}`);
  if (count > limits5.stripes) throw new Error(`has ${count} stripes in ${where}; the limit is ${limits5.stripes}`);
  return Array.from({ length: count }, (_, index) => {
    const [on, start] = [list[2 * index], list[2 * index + 1]];
    if (typeof on !== "string" || !isWhole(start)) throw new Error(`has a stripe without a place in ${where}`);
    return { on, start };
  });
}
function string(section, key) {
  const value = section.values.get(key);
  if (typeof value !== "string" || value === "") throw new Error(`lacks the value "${key}"`);
  return value;
}
function isWhole(value) {
  return Number.isSafeInteger(value) && value >= 0;
}
function whole(section, key) {
  const value = section.values.get(key);
  if (!isWhole(value)) throw new Error(`has ${JSON.stringify(value ?? "nothing")} as "${key}"`);
  return value;
}
function sectors(section, key, least = 0) {
  const value = whole(section, key);
  if (value < least || !Number.isSafeInteger(value * sectorSize3)) throw new Error(`has ${value} as "${key}"`);
  return value * sectorSize3;
}

// src/disk/lvm/index.ts
function readLvm(sources, disk, warn) {
  const problems = [];
  const found = sources.flatMap((source) => readPhysicalVolume(source, problems) ?? []);
  const latest = /* @__PURE__ */ new Map();
  for (const { copies } of found) {
    for (const { description } of copies) {
      const known = latest.get(description.uuid);
      if (!known || known.seqno < description.seqno) latest.set(description.uuid, description);
    }
  }
  const groups = [...latest.values()].map((description) => makeGroup(description, found, disk));
  warnOfCopies(found, latest, warn);
  for (const [index, { name }] of groups.entries()) {
    if (groups.findIndex((other) => other.name === name) < index) warn(`${disk}: there are several volume groups with the name ${name}`);
  }
  const members = new Set(groups.flatMap(({ physicalVolumes }) => physicalVolumes.map(({ uuid: uuid2 }) => plain(uuid2))));
  for (const { source, label, damages } of found) {
    if (members.has(label.uuid)) continue;
    const error = damages[0] ? new DiskError(source.name, `its LVM metadata can't be read: ${damages.join("; ")}`) : new DiskError(source.name, "it is an LVM2 physical volume that belongs to no volume group", "not-a-ddk");
    problems.push({ place: source.name, error });
  }
  return { groups, problems };
}
function readPhysicalVolume(source, problems) {
  try {
    const label = readLabel(source);
    if (!label) return void 0;
    const copies = [];
    const damages = [];
    for (const area of label.metadataAreas) {
      const text3 = readMetadataText(source, area);
      if (text3 === void 0) continue;
      const copy = typeof text3 === "string" ? text3 : parseCopy(text3);
      if (typeof copy === "string") damages.push(`the metadata area at byte ${area.offset} is damaged (${copy})`);
      else copies.push({ at: area.offset, ...copy });
    }
    return { source, label, copies, damages };
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
    problems.push({ place: source.name, error });
    return void 0;
  }
}
function parseCopy(bytes) {
  const text3 = bytes.toString();
  try {
    return { text: text3, description: parseVolumeGroup(text3) };
  } catch (error) {
    return `the metadata ${error.message}`;
  }
}
function warnOfCopies(found, latest, warn) {
  const texts = /* @__PURE__ */ new Map();
  for (const { copies } of found) for (const { text: text3, description } of copies) texts.set(description, text3);
  for (const { source, copies, damages } of found) {
    if (copies.length > 0) for (const damage2 of damages) warn(`${source.name}: ${damage2}; another copy is used`);
    for (const { at, text: text3, description } of copies) {
      const { name, uuid: uuid2, seqno } = description;
      const used = latest.get(uuid2);
      const copy = `${source.name}, byte ${at}: the metadata of volume group ${name}`;
      if (seqno < used.seqno) warn(`${copy} is that of change ${seqno}; the newer one of change ${used.seqno} is used`);
      else if (text3 !== texts.get(used)) warn(`${copy} differs from another copy of the same change ${seqno}, which is used`);
    }
  }
}
function makeGroup(description, found, disk) {
  const { name, uuid: uuid2, seqno, extentSize: extentSize2 } = description;
  const sources = /* @__PURE__ */ new Map();
  const physicalVolumes = [...description.physicalVolumes].map(([key, pv]) => {
    const places2 = found.filter(({ label }) => label.uuid === plain(pv.uuid)).map(({ source }) => source);
    const [place2] = places2;
    const problem = problemOfPlaces(places2, pv.device);
    sources.set(key, problem ?? place2);
    return { uuid: pv.uuid, size: pv.extents * extentSize2, ...place2 && { place: place2.name }, ...problem && { problem } };
  });
  const overlaps = findOverlaps(description);
  const logicalVolumes = description.logicalVolumes.map((volume) => {
    const place2 = `logical volume ${name}/${volume.name} of ${disk}`;
    const { segments, isVisible } = volume;
    const overlap = overlaps.get(volume.name);
    return {
      place: place2,
      group: name,
      name: volume.name,
      uuid: volume.uuid,
      size: segments.reduce((sum, { extents }) => sum + extents, 0) * extentSize2,
      types: [...new Set(segments.map(({ type: type2, stripes }) => type2 === "striped" && stripes.length === 1 ? "linear" : type2))],
      isVisible,
      source: overlap ? new DiskError(place2, `${overlap}; the metadata of the volume group is damaged`) : attempt3(() => logicalVolumeSource(volume, description, sources, place2))
    };
  });
  return { name, uuid: uuid2, seqno, extentSize: extentSize2, physicalVolumes, logicalVolumes };
}
function problemOfPlaces(places2, device) {
  if (places2.length === 1) return void 0;
  if (places2.length > 1) return `of which there are several: ${places2.map(({ name }) => name).join(" and ")}`;
  return `which is missing${device && ` (it was ${device} before)`}`;
}
function attempt3(make) {
  try {
    return make();
  } catch (error) {
    if (error instanceof DiskError) return error;
    throw error;
  }
}
function plain(uuid2) {
  return uuid2.replaceAll("-", "");
}

// src/disk/partitions/gpt-header.ts
var import_node_zlib2 = require("node:zlib");
var gptSectorSizes = [512, 4096];
var signature = "EFI PART";
var maxEntries = 1024;
function hasGptSignature(disk, sectorSize5) {
  return hasText(disk, sectorSize5, signature);
}
function readGptAt(disk, sectorSize5, sector) {
  if (!Number.isSafeInteger(sector * sectorSize5)) return void 0;
  const header4 = peek(disk, sector * sectorSize5, sectorSize5);
  if (!header4 || header4.toString("latin1", 0, 8) !== signature) return void 0;
  const size = header4.readUInt32LE(12);
  if (size < 92 || size > sectorSize5) return `its size is ${size}`;
  if (header4.readUInt32LE(16) !== headerChecksum(header4.subarray(0, size))) return "its checksum is wrong";
  if (Number(header4.readBigUInt64LE(24)) !== sector) return "it belongs to another sector";
  const arraySector = Number(header4.readBigUInt64LE(72));
  const count = header4.readUInt32LE(80);
  const entrySize3 = header4.readUInt32LE(84);
  if (count > maxEntries || entrySize3 < 128 || entrySize3 > 4096 || (entrySize3 & entrySize3 - 1) !== 0) {
    return `it has ${count} entries of ${entrySize3} bytes`;
  }
  if (!Number.isSafeInteger(arraySector * sectorSize5)) return `its entries are in sector ${arraySector}`;
  const array = peek(disk, arraySector * sectorSize5, count * entrySize3);
  if (!array) return "its entries lie past the end of the disk";
  if (header4.readUInt32LE(88) !== (0, import_node_zlib2.crc32)(array)) return "the checksum of its entries is wrong";
  return { sectorSize: sectorSize5, alternate: Number(header4.readBigUInt64LE(32)), diskGuid: guid(header4, 56), entrySize: entrySize3, array };
}
function headerChecksum(header4) {
  const zeroed = Buffer.from(header4);
  zeroed.writeUInt32LE(0, 16);
  return (0, import_node_zlib2.crc32)(zeroed);
}
function guid(bytes, at) {
  const hex = (from, to) => bytes.toString("hex", at + from, at + to);
  const little = (from, length3) => bytes.readUIntLE(at + from, length3).toString(16).padStart(length3 * 2, "0");
  return [little(0, 4), little(4, 2), little(6, 2), hex(8, 10), hex(10, 16)].join("-").toUpperCase();
}

// src/disk/partitions/types.ts
function mbrTypeName(type2) {
  return mbrTypes[type2] ?? "";
}
function gptTypeName(type2) {
  return gptTypes[type2] ?? "";
}
var mbrTypes = {
  1: "FAT12",
  4: "FAT16",
  5: "extended",
  6: "FAT16",
  7: "NTFS or exFAT",
  11: "FAT32",
  12: "FAT32",
  14: "FAT16",
  15: "extended",
  130: "Linux swap",
  131: "Linux",
  133: "extended",
  142: "Linux LVM",
  165: "FreeBSD, with slices of its own inside",
  166: "OpenBSD, with slices of its own inside",
  169: "NetBSD, with slices of its own inside",
  191: "Solaris",
  218: "data without a filesystem",
  222: "Dell utility",
  238: "GPT protective",
  239: "EFI system",
  253: "Linux RAID"
};
var gptTypes = {
  "0657FD6D-A4AB-43C4-84E5-0933C84B4F4F": "Linux swap",
  "0FC63DAF-8483-4772-8E79-3D69D8477DE4": "Linux",
  "21686148-6449-6E6F-744E-656564454649": "BIOS boot",
  "44479540-F297-41B2-9AF7-D131D5F0458A": "Linux root (x86)",
  "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709": "Linux root (x86-64)",
  "A19D880F-05FC-4D3B-A006-743F0F84911E": "Linux RAID",
  "C12A7328-F81F-11D2-BA4B-00A0C93EC93B": "EFI system",
  "CA7D7CCB-63ED-4C53-861C-1742536059CC": "Linux LUKS",
  "E3C9E316-0B5C-4DB8-817D-F92DF00215AE": "Microsoft reserved",
  "E6D6D379-F507-44C2-A23C-238F2A3DF928": "Linux LVM",
  "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7": "Microsoft basic data"
};

// src/disk/partitions/mbr.ts
var sectorSize4 = 512;
var maxRecords = 128;
var extendedTypes = [5, 15, 133];
var protectiveType = 238;
var bootFlag = 128;
function parseMbr(sector) {
  const entries4 = parseBootRecord(sector);
  return entries4?.some(isUsed) && entries4.every(({ flag: flag2 }) => flag2 === 0 || flag2 === bootFlag) ? entries4 : void 0;
}
function hasProtectiveEntry(entries4) {
  return entries4.some((entry2) => isUsed(entry2) && entry2.type === protectiveType);
}
function readMbrPartitions(disk, entries4, warn) {
  const partitions = [];
  const signature2 = peek(disk, 440, 4).readUInt32LE();
  for (const [slot, entry2] of entries4.entries()) if (isUsed(entry2)) partitions.push(describe6(entry2, slot + 1, entry2.start, signature2));
  let number2 = 5;
  for (const extended of entries4.filter((entry2) => isUsed(entry2) && isExtended(entry2))) {
    for (const { entry: entry2, start } of logicalPartitions(disk, extended, warn)) {
      partitions.push(describe6(entry2, number2++, start, signature2));
    }
  }
  return { scheme: "mbr", sectorSize: sectorSize4, partitions, check() {
  } };
}
function* logicalPartitions(disk, extended, warn) {
  const seen = /* @__PURE__ */ new Set();
  let record = extended.start;
  for (; ; ) {
    const entries4 = readExtendedRecord(disk, record, seen);
    if (typeof entries4 === "string") {
      warn(`${disk.name}, byte ${record * sectorSize4}: ${entries4}; the logical partitions after it are ignored`);
      return;
    }
    seen.add(record);
    for (const [slot, entry2] of entries4.entries()) {
      if (!isUsed(entry2) || isExtended(entry2)) continue;
      const start = record + entry2.start;
      if (slot < 2 || start + entry2.size <= extended.start + extended.size) yield { entry: entry2, start };
    }
    const link = entries4.find((entry2) => isUsed(entry2) && isExtended(entry2));
    if (!link) return;
    record = extended.start + link.start;
  }
}
function readExtendedRecord(disk, record, seen) {
  if (seen.has(record)) return "the chain of extended boot records forms a loop";
  if (seen.size >= maxRecords) return `the extended partition has more than ${maxRecords} boot records`;
  return parseBootRecord(peek(disk, record * sectorSize4, sectorSize4)) ?? "an extended boot record is missing here";
}
function parseBootRecord(sector) {
  if (sector?.readUInt16BE(510) !== 21930) return void 0;
  return [446, 462, 478, 494].map((at) => ({
    flag: sector.readUInt8(at),
    type: sector.readUInt8(at + 4),
    start: sector.readUInt32LE(at + 8),
    size: sector.readUInt32LE(at + 12)
  }));
}
function isUsed({ type: type2, size }) {
  return type2 !== 0 && size !== 0;
}
function isExtended({ type: type2 }) {
  return extendedTypes.includes(type2);
}
function describe6(entry2, number2, start, signature2) {
  const hex = (value, digits) => value.toString(16).padStart(digits, "0");
  return {
    number: number2,
    start: start * sectorSize4,
    size: entry2.size * sectorSize4,
    type: hex(entry2.type, 2),
    typeName: mbrTypeName(entry2.type),
    extended: isExtended(entry2),
    name: "",
    uuid: signature2 === 0 ? "" : `${hex(signature2, 8)}-${hex(number2, 2)}`,
    bootable: entry2.flag === bootFlag
  };
}

// src/disk/vhd/checksum.ts
function checksumWithout(bytes, field3) {
  let sum = 0;
  for (const byte of bytes) sum += byte;
  for (const byte of bytes.subarray(field3, field3 + 4)) sum -= byte;
  return ~sum >>> 0;
}

// src/disk/vhd/footer.ts
var footerSize = 512;
var footerCookie = "conectix";
var maxDiskSize = 4278190080 * 512;
var diskTypes = { 2: "fixed", 3: "dynamic", 4: "differencing" };
function hasFooterCookie(bytes) {
  return bytes.toString("latin1", 0, footerCookie.length) === footerCookie;
}
function parseFooter(bytes, place2, warn) {
  if (bytes.readUInt32BE(64) !== checksumWithout(bytes, 64))
    warn(`${place2}: the checksum of the VHD footer is wrong; its fields are used anyway`);
  const typeCode = bytes.readUInt32BE(60);
  const type2 = diskTypes[typeCode];
  if (!type2)
    throw new DiskError(
      place2,
      `the VHD footer has the disk type ${typeCode}; 2 (fixed), 3 (dynamic) and 4 (differencing) are known`,
      "unsupported"
    );
  const currentSize = Number(bytes.readBigUInt64BE(48));
  if (currentSize > maxDiskSize)
    throw new DiskError(place2, `the VHD footer says that the disk has ${currentSize} bytes; the limit is ${maxDiskSize}`, "unsupported");
  return {
    type: type2,
    creator: bytes.toString("latin1", 28, 32).replace(/[\0 ]+$/, ""),
    creatorVersion: { major: bytes.readUInt16BE(32), minor: bytes.readUInt16BE(34) },
    dataOffset: Number(bytes.readBigUInt64BE(16)),
    originalSize: Number(bytes.readBigUInt64BE(40)),
    currentSize,
    geometrySize: bytes.readUInt16BE(56) * bytes.readUInt8(58) * bytes.readUInt8(59) * 512,
    uuid: bytes.toString("hex", 68, 84).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")
  };
}
function endFooter(source) {
  for (const length3 of [512, 511]) {
    const offset = source.size - length3;
    const bytes = offset >= 0 ? peek(source, offset, length3) : void 0;
    if (bytes && hasFooterCookie(bytes)) return { bytes: Buffer.concat([bytes], footerSize), offset };
  }
  return void 0;
}
function endsAsFixedVhd(source) {
  const bytes = endFooter(source)?.bytes;
  return bytes !== void 0 && diskTypes[bytes.readUInt32BE(60)] === "fixed" && bytes.readUInt32BE(64) === checksumWithout(bytes, 64);
}

// src/disk/sniff.ts
function sniff(source) {
  const start = peek(source, 0, 512) ?? peek(source, 0, Math.min(source.size, 512));
  if (start.length === 0) return refuse("empty", "an empty file", "download it again");
  const sniffed = bySignature(source) ?? byStructure(source, start) ?? byText(start) ?? byEnd(source) ?? unknown(start);
  return withFileName(sniffed, source.name);
}
var unpack2 = (command) => `unpack it first: ${command} FILE`;
var convert = "convert it first, e.g. with qemu-img convert -O raw";
var magics2 = [
  { at: 0, text: "conectix", sniffed: { format: "vhd", description: "a dynamic VHD" } },
  // Must come before the signatures at byte 0: a hybrid ISO may begin with a boot sector, or with the first bytes of any file.
  { at: 32769, text: "CD001", sniffed: { format: "iso9660", description: "an ISO 9660 image" } },
  { at: 32769, text: "BEA01", sniffed: refuse("udf", "a UDF image", "an ISO 9660 image is expected") },
  { at: 0, text: "\x8B\b", sniffed: { format: "gzip", description: "a gzip file" } },
  { at: 0, text: "(\xB5/\xFD", sniffed: { format: "zstd", description: "a zstd file" } },
  // A skippable frame, which pzstd writes first.
  { at: 0, text: "P*M", sniffed: { format: "zstd", description: "a zstd file" } },
  { at: 0, text: "PK", sniffed: { format: "zip", description: "a zip file" } },
  { at: 0, text: "PK", sniffed: refuse("empty", "an empty zip file", "download it again") },
  { at: 0, text: "PK\x07\b", sniffed: refuse("7z", "a part of a split zip file", unpack2("7z x")) },
  { at: 0, text: "\xFD7zXZ\0", sniffed: refuse("xz", "an xz file", unpack2("xz -d")) },
  { at: 0, text: "BZh", sniffed: refuse("bzip2", "a bzip2 file", unpack2("bzip2 -d")) },
  { at: 0, text: "LZIP", sniffed: refuse("lzip", "an lzip file", unpack2("lzip -d")) },
  { at: 0, text: '"M', sniffed: refuse("lz4", "an lz4 file", unpack2("lz4 -d")) },
  { at: 0, text: "\x9D", sniffed: refuse("compress", "a file of compress", unpack2("gzip -d")) },
  { at: 0, text: "7z\xBC\xAF'", sniffed: refuse("7z", "a 7z file", unpack2("7z x")) },
  { at: 0, text: "Rar!\x07", sniffed: refuse("rar", "a RAR file", unpack2("7z x")) },
  { at: 0, text: "MSCF\0\0\0\0", sniffed: refuse("cab", "a cabinet file", unpack2("7z x")) },
  { at: 0, text: "vhdxfile", sniffed: refuse("vhdx", "a VHDX disk", convert) },
  { at: 0, text: "KDMV", sniffed: refuse("vmdk", "a VMDK disk", convert) },
  { at: 0, text: "# Disk DescriptorFile", sniffed: refuse("vmdk", "the description of a VMDK disk", convert) },
  { at: 0, text: "QFI\xFB", sniffed: refuse("qcow2", "a QCOW2 disk", convert) },
  { at: 64, text: "\x7F\xDA\xBE", sniffed: refuse("vdi", "a VDI disk", convert) }
];
function bySignature(source) {
  return magics2.find(({ at, text: text3 }) => hasText(source, at, text3))?.sniffed;
}
function byStructure(source, start) {
  if (start.length < 512) return void 0;
  if (hasTarChecksum(start)) return { format: "tar", description: "a tar archive" };
  if (parseMbr(start)) return { format: "disk", description: "a raw disk with a partition table" };
  if (gptSectorSizes.some((size) => hasGptSignature(source, size))) return { format: "disk", description: "a raw disk with a GPT" };
  if (hasLabel(source)) return { format: "disk", description: "an unpartitioned LVM2 physical volume" };
  const fileSystem = fileSystemFormats.find((format2) => format2.detect(source));
  if (fileSystem) return { format: "disk", description: `an unpartitioned ${fileSystem.name} filesystem` };
  return void 0;
}
function byText(start) {
  const text3 = start.toString("latin1").replace(/^(\xef\xbb\xbf)?\s*/, "");
  if (/^(<!doctype html|<html|<head|<body)/i.test(text3)) {
    return refuse("html", "an HTML page", "a server may have sent an error page instead of the file; download it again");
  }
  if (/^<\?xml|^<[a-z]+[\s>]/i.test(text3)) {
    return /<appliance[\s>]/.test(text3) ? refuse("xml", "an ova.xml without its chunks", "give the folder that contains both") : refuse("xml", "an XML document", "a server may have sent an error message instead of the file; download it again");
  }
  if (start.every((byte) => byte >= 32 || byte >= 9 && byte <= 13)) {
    return refuse("text", `text, beginning with ${JSON.stringify(text3.slice(0, 40).replace(/\s+/g, " "))}`, "a disk or an ISO is expected");
  }
  return void 0;
}
function byEnd(source) {
  if (endFooter(source)) return { format: "vhd", description: "a VHD whose footer is at its end" };
  const name = identifyVolume(source)?.name;
  return name ? { format: "disk", description: `an unpartitioned ${name}` } : void 0;
}
function unknown(start) {
  if (start.every((byte) => byte === 0)) {
    const wayOut2 = "if it was downloaded, the download isn't complete: compare its size and its SHA-256 with those of the original";
    return refuse("unknown", "a file of an unknown format (it begins with zeros)", wayOut2);
  }
  const bytes = start.toString("hex", 0, 8).replace(/..(?=.)/g, "$& ");
  return refuse("unknown", `a file of an unknown format (it begins with ${bytes})`, "an ISO, an .xva, a VHD or a raw disk is expected");
}
function withFileName(sniffed, name) {
  const { refusal } = sniffed;
  if (!refusal?.why.endsWith(" FILE")) return sniffed;
  const word2 = /^[\w./:@%+,-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
  return { ...sniffed, refusal: { ...refusal, why: `${refusal.why.slice(0, -"FILE".length)}${word2}` } };
}
function refuse(format2, description, wayOut2) {
  const kind = ["empty", "udf", "html", "xml", "text", "unknown"].includes(format2) ? "not-a-ddk" : "unsupported";
  return { format: format2, description, refusal: { why: `it is ${description}; ${wayOut2}`, kind } };
}

// src/disk/spool/decode.ts
var import_node_stream2 = require("node:stream");
var import_node_zlib4 = require("node:zlib");

// src/disk/spool/zstd.ts
var import_node_stream = require("node:stream");
var import_node_zlib3 = require("node:zlib");
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
    const decoder = (0, import_node_zlib3.createZstdDecompress)({ chunkSize });
    (0, import_node_stream.pipeline)(import_node_stream.Readable.from(frame, { highWaterMark: 1 }), decoder, () => {
    });
    for await (const piece2 of decoder) yield piece2;
  }
}
var Input = class {
  #pieces;
  #rest = Buffer.alloc(0);
  constructor(pieces2) {
    this.#pieces = pieces2[Symbol.asyncIterator]();
  }
  /** Makes at least `length` bytes ready for `peek`; returns whether there are that many. */
  async fill(length3) {
    while (this.#rest.length < length3) {
      const { value, done } = await this.#pieces.next();
      if (done) return false;
      this.#rest = this.#rest.length === 0 ? value : Buffer.concat([this.#rest, value]);
    }
    return true;
  }
  /** @throws ZstdError if there are fewer than `length` bytes */
  async peek(length3) {
    if (!await this.fill(length3)) throw new ZstdError("ZSTD_cut_short");
    return this.#rest.subarray(0, length3);
  }
  /** @throws ZstdError if there are fewer than `length` bytes */
  async take(length3) {
    const taken = await this.peek(length3);
    this.#rest = this.#rest.subarray(length3);
    return taken;
  }
  /** Between 1 and `limit` bytes. */
  async takeSome(limit) {
    await this.peek(1);
    return this.take(Math.min(limit, this.#rest.length));
  }
};
var magic9 = 4247762216;
var zeros = Buffer.alloc(4);
async function framePieces(input) {
  while (await input.fill(1)) {
    if (!await input.fill(4)) {
      while (await input.fill(1)) if ((await input.take(1))[0] !== 0) throw new ZstdError("ZSTD_no_frame");
      return void 0;
    }
    const start = (await input.peek(4)).readUInt32LE();
    if (start === magic9) return standardFrame(input);
    if (start >>> 4 === 25481893) {
      let left = (await input.take(8)).readUInt32LE(4);
      while (left > 0) left -= (await input.takeSome(left)).length;
    } else if ((await input.take(4)).equals(zeros)) continue;
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
    const header4 = bytes.readUIntLE(0, 3);
    isLast = (header4 & 1) === 1;
    yield bytes;
    for (let left = (header4 >> 1 & 3) === 1 ? 1 : header4 >> 3; left > 0; ) {
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
      for await (const piece2 of stored) {
        bytes += piece2.length;
        yield piece2;
      }
    })();
    return { output: compression === "zstd" ? decodeZstd(counted, pieceSize) : import_node_stream2.Readable.from(counted), consumed: () => bytes };
  }
  const stream = compression === "gzip" ? (0, import_node_zlib4.createGunzip)({ chunkSize: pieceSize }) : (0, import_node_zlib4.createInflateRaw)({ chunkSize: pieceSize });
  (0, import_node_stream2.pipeline)(import_node_stream2.Readable.from(stored, { highWaterMark: 1 }), stream, () => {
  });
  return { output: stream, consumed: () => stream.bytesWritten };
}
async function peekDecoded(compression, source, length3) {
  const found = [];
  let size = 0;
  try {
    for await (const piece2 of decode(compression, startOf(source)).output) {
      found.push(piece2);
      size += piece2.length;
      if (size >= length3) break;
    }
  } catch {
  }
  return Buffer.concat(found).subarray(0, length3);
}
function* startOf(source) {
  for (let at = 0; at < source.size; at += 4096) yield bytesAt(source, at, Math.min(4096, source.size - at));
}

// src/disk/xva/tar.ts
var maxFiles = 5e6;
var maxExtension = 64 << 10;
function* tarMembers(source) {
  let next2 = {};
  let files2 = 0;
  for (let at = 0; ; ) {
    const place2 = `${source.name}, byte ${at}`;
    const header4 = peek(source, at, tarBlockSize);
    if (!header4) throw new DiskError(place2, "the end of the archive is missing; it is cut short");
    if (header4.every((byte) => byte === 0)) return;
    if (!hasTarChecksum(header4))
      throw new DiskError(place2, "a tar header should be here, but its checksum is wrong; the archive is damaged");
    const { path, typeflag, size: sizeField2 } = readTarHeader(header4);
    const size = next2.size ?? sizeField2;
    const name = (next2.name ?? path).replace(/^(?:\.\/+)+/, "");
    const offset = at + tarBlockSize;
    if (!Number.isSafeInteger(size) || !source.reaches && offset + size > source.size) {
      throw new DiskError(place2, `${name} should have ${size} bytes, but the archive ends at byte ${source.size}; it is cut short`);
    }
    if (typeflag === "x" || typeflag === "L") {
      if (size > maxExtension) throw new DiskError(place2, `the header of the next file has ${size} bytes; the limit is ${maxExtension}`);
      const bytes = bytesAt(source, offset, size).toString("latin1");
      next2 = { ...next2, ...typeflag === "L" ? { name: bytes.replace(/\0.*$/s, "") } : paxFields(bytes) };
    } else if (typeflag !== "g") {
      next2 = {};
      const isFile = typeflag === "0" || typeflag === "7" || typeflag === "\0" && !name.endsWith("/");
      if (isFile && ++files2 > maxFiles) throw new DiskError(place2, `the archive has more than ${maxFiles} files`, "unsupported");
      if (isFile) yield { name, header: at, offset, size };
    }
    at = offset + size + tarPadding(size);
  }
}
function paxFields(records2) {
  const found = {};
  for (let at = 0; at < records2.length; ) {
    const [, length3, key, value] = /^(\d{1,6}) ([^=]+)=(.*)\n$/s.exec(records2.slice(at, at + Number.parseInt(records2.slice(at), 10))) ?? [];
    if (length3 === void 0) break;
    if (key === "path") found.name = value;
    if (key === "size") found.size = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    at += Number(length3);
  }
  return found;
}

// src/disk/xva/blocks.ts
function indexOf(source) {
  const members = tarMembers(source);
  const disks = /* @__PURE__ */ new Map();
  let ova;
  let blockLength;
  let pending;
  let ended = false;
  let failure;
  const settle = () => {
    if (!pending) return;
    const { disk, block } = pending;
    disk.blocks.push(block);
    disk.end = block.start + block.size;
    pending = void 0;
  };
  const addBlock = (member, ref, digits) => {
    settle();
    const disk = disks.get(ref) ?? { blocks: [], end: 0, last: -1 };
    disks.set(ref, disk);
    const number2 = Number(digits);
    const place2 = `${source.name}, byte ${member.header}`;
    if (!Number.isSafeInteger(number2)) throw new DiskError(place2, `${member.name} has an impossible number; the archive is damaged`);
    if (number2 === disk.last) throw new DiskError(place2, `${member.name} is a block that the archive has twice; it is damaged`);
    if (number2 < disk.last) {
      throw new DiskError(
        place2,
        `${member.name} comes after block ${disk.last}, but the numbers of blocks must increase; the archive is damaged`
      );
    }
    blockLength ??= member.size;
    const start = disk.end + (number2 - disk.last - 1) * blockLength;
    if (!Number.isSafeInteger(start)) throw new DiskError(place2, `${member.name} has an impossible number; the archive is damaged`);
    disk.last = number2;
    pending = { disk, block: { ...member, start } };
  };
  const addChecksum = (member, blockName, extension) => {
    if (pending?.block.name !== blockName || pending.block.checksum) {
      throw new DiskError(
        `${source.name}, byte ${member.header}`,
        `${member.name} doesn't follow ${blockName}, whose checksum it is; the archive is damaged`
      );
    }
    pending.block = { ...pending.block, checksum: { ...member, algorithm: extension === ".xxhash" ? "XXH64" : "SHA-1" } };
  };
  const readNext = () => {
    const { value: member, done } = members.next();
    if (done) {
      ended = true;
      settle();
      return;
    }
    const [, blockName, ref, digits, extension] = /^((Ref:[^/]+)\/(\d{1,20}))(\.checksum|\.xxhash)?$/.exec(member.name) ?? [];
    if (blockName === void 0) {
      settle();
      if (member.name !== "ova.xml") return;
      if (ova)
        throw new DiskError(`${source.name}, byte ${member.header}`, `the archive has a second ova.xml; the first is at byte ${ova.header}`);
      ova = member;
    } else if (extension === void 0) addBlock(member, ref, digits);
    else addChecksum(member, blockName, extension);
  };
  return {
    get ova() {
      return ova;
    },
    get refs() {
      return disks.keys();
    },
    disk: (ref) => disks.get(ref),
    readUntil(isFound) {
      while (!isFound()) {
        if (failure !== void 0) throw failure;
        if (ended) return false;
        try {
          readNext();
        } catch (error) {
          failure = error;
        }
      }
      return true;
    }
  };
}

// src/disk/xva/checksum.ts
var import_node_crypto2 = require("node:crypto");

// node_modules/xxhash-wasm/esm/xxhash-wasm.js
var t = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 48, 8, 96, 3, 127, 127, 127, 1, 127, 96, 3, 127, 127, 127, 0, 96, 2, 127, 127, 0, 96, 1, 127, 1, 127, 96, 3, 127, 127, 126, 1, 126, 96, 3, 126, 127, 127, 1, 126, 96, 2, 127, 126, 0, 96, 1, 127, 1, 126, 3, 11, 10, 0, 0, 2, 1, 3, 4, 5, 6, 1, 7, 5, 3, 1, 0, 1, 7, 85, 9, 3, 109, 101, 109, 2, 0, 5, 120, 120, 104, 51, 50, 0, 0, 6, 105, 110, 105, 116, 51, 50, 0, 2, 8, 117, 112, 100, 97, 116, 101, 51, 50, 0, 3, 8, 100, 105, 103, 101, 115, 116, 51, 50, 0, 4, 5, 120, 120, 104, 54, 52, 0, 5, 6, 105, 110, 105, 116, 54, 52, 0, 7, 8, 117, 112, 100, 97, 116, 101, 54, 52, 0, 8, 8, 100, 105, 103, 101, 115, 116, 54, 52, 0, 9, 10, 251, 22, 10, 242, 1, 1, 4, 127, 32, 0, 32, 1, 106, 33, 3, 32, 1, 65, 16, 79, 4, 127, 32, 3, 65, 16, 107, 33, 6, 32, 2, 65, 168, 136, 141, 161, 2, 106, 33, 3, 32, 2, 65, 137, 235, 208, 208, 7, 107, 33, 4, 32, 2, 65, 207, 140, 162, 142, 6, 106, 33, 5, 3, 64, 32, 3, 32, 0, 40, 2, 0, 65, 247, 148, 175, 175, 120, 108, 106, 65, 13, 119, 65, 177, 243, 221, 241, 121, 108, 33, 3, 32, 4, 32, 0, 65, 4, 106, 34, 0, 40, 2, 0, 65, 247, 148, 175, 175, 120, 108, 106, 65, 13, 119, 65, 177, 243, 221, 241, 121, 108, 33, 4, 32, 2, 32, 0, 65, 4, 106, 34, 0, 40, 2, 0, 65, 247, 148, 175, 175, 120, 108, 106, 65, 13, 119, 65, 177, 243, 221, 241, 121, 108, 33, 2, 32, 5, 32, 0, 65, 4, 106, 34, 0, 40, 2, 0, 65, 247, 148, 175, 175, 120, 108, 106, 65, 13, 119, 65, 177, 243, 221, 241, 121, 108, 33, 5, 32, 6, 32, 0, 65, 4, 106, 34, 0, 79, 13, 0, 11, 32, 2, 65, 12, 119, 32, 5, 65, 18, 119, 106, 32, 4, 65, 7, 119, 106, 32, 3, 65, 1, 119, 106, 5, 32, 2, 65, 177, 207, 217, 178, 1, 106, 11, 32, 1, 106, 32, 0, 32, 1, 65, 15, 113, 16, 1, 11, 146, 1, 0, 32, 1, 32, 2, 106, 33, 2, 3, 64, 32, 1, 65, 4, 106, 32, 2, 75, 69, 4, 64, 32, 0, 32, 1, 40, 2, 0, 65, 189, 220, 202, 149, 124, 108, 106, 65, 17, 119, 65, 175, 214, 211, 190, 2, 108, 33, 0, 32, 1, 65, 4, 106, 33, 1, 12, 1, 11, 11, 3, 64, 32, 1, 32, 2, 79, 69, 4, 64, 32, 0, 32, 1, 45, 0, 0, 65, 177, 207, 217, 178, 1, 108, 106, 65, 11, 119, 65, 177, 243, 221, 241, 121, 108, 33, 0, 32, 1, 65, 1, 106, 33, 1, 12, 1, 11, 11, 32, 0, 32, 0, 65, 15, 118, 115, 65, 247, 148, 175, 175, 120, 108, 34, 0, 65, 13, 118, 32, 0, 115, 65, 189, 220, 202, 149, 124, 108, 34, 0, 65, 16, 118, 32, 0, 115, 11, 63, 0, 32, 0, 65, 8, 106, 32, 1, 65, 168, 136, 141, 161, 2, 106, 54, 2, 0, 32, 0, 65, 12, 106, 32, 1, 65, 137, 235, 208, 208, 7, 107, 54, 2, 0, 32, 0, 65, 16, 106, 32, 1, 54, 2, 0, 32, 0, 65, 20, 106, 32, 1, 65, 207, 140, 162, 142, 6, 106, 54, 2, 0, 11, 195, 4, 1, 6, 127, 32, 1, 32, 2, 106, 33, 6, 32, 0, 65, 24, 106, 33, 4, 32, 0, 65, 40, 106, 40, 2, 0, 33, 3, 32, 0, 32, 0, 40, 2, 0, 32, 2, 106, 54, 2, 0, 32, 0, 65, 4, 106, 34, 5, 32, 5, 40, 2, 0, 32, 2, 65, 16, 79, 32, 0, 40, 2, 0, 65, 16, 79, 114, 114, 54, 2, 0, 32, 2, 32, 3, 106, 65, 16, 73, 4, 64, 32, 3, 32, 4, 106, 32, 1, 32, 2, 252, 10, 0, 0, 32, 0, 65, 40, 106, 32, 2, 32, 3, 106, 54, 2, 0, 15, 11, 32, 3, 4, 64, 32, 3, 32, 4, 106, 32, 1, 65, 16, 32, 3, 107, 34, 2, 252, 10, 0, 0, 32, 0, 65, 8, 106, 34, 3, 32, 3, 40, 2, 0, 32, 4, 40, 2, 0, 65, 247, 148, 175, 175, 120, 108, 106, 65, 13, 119, 65, 177, 243, 221, 241, 121, 108, 54, 2, 0, 32, 0, 65, 12, 106, 34, 3, 32, 3, 40, 2, 0, 32, 4, 65, 4, 106, 40, 2, 0, 65, 247, 148, 175, 175, 120, 108, 106, 65, 13, 119, 65, 177, 243, 221, 241, 121, 108, 54, 2, 0, 32, 0, 65, 16, 106, 34, 3, 32, 3, 40, 2, 0, 32, 4, 65, 8, 106, 40, 2, 0, 65, 247, 148, 175, 175, 120, 108, 106, 65, 13, 119, 65, 177, 243, 221, 241, 121, 108, 54, 2, 0, 32, 0, 65, 20, 106, 34, 3, 32, 3, 40, 2, 0, 32, 4, 65, 12, 106, 40, 2, 0, 65, 247, 148, 175, 175, 120, 108, 106, 65, 13, 119, 65, 177, 243, 221, 241, 121, 108, 54, 2, 0, 32, 0, 65, 40, 106, 65, 0, 54, 2, 0, 32, 1, 32, 2, 106, 33, 1, 11, 32, 1, 32, 6, 65, 16, 107, 77, 4, 64, 32, 6, 65, 16, 107, 33, 8, 32, 0, 65, 8, 106, 40, 2, 0, 33, 2, 32, 0, 65, 12, 106, 40, 2, 0, 33, 3, 32, 0, 65, 16, 106, 40, 2, 0, 33, 5, 32, 0, 65, 20, 106, 40, 2, 0, 33, 7, 3, 64, 32, 2, 32, 1, 40, 2, 0, 65, 247, 148, 175, 175, 120, 108, 106, 65, 13, 119, 65, 177, 243, 221, 241, 121, 108, 33, 2, 32, 3, 32, 1, 65, 4, 106, 34, 1, 40, 2, 0, 65, 247, 148, 175, 175, 120, 108, 106, 65, 13, 119, 65, 177, 243, 221, 241, 121, 108, 33, 3, 32, 5, 32, 1, 65, 4, 106, 34, 1, 40, 2, 0, 65, 247, 148, 175, 175, 120, 108, 106, 65, 13, 119, 65, 177, 243, 221, 241, 121, 108, 33, 5, 32, 7, 32, 1, 65, 4, 106, 34, 1, 40, 2, 0, 65, 247, 148, 175, 175, 120, 108, 106, 65, 13, 119, 65, 177, 243, 221, 241, 121, 108, 33, 7, 32, 8, 32, 1, 65, 4, 106, 34, 1, 79, 13, 0, 11, 32, 0, 65, 8, 106, 32, 2, 54, 2, 0, 32, 0, 65, 12, 106, 32, 3, 54, 2, 0, 32, 0, 65, 16, 106, 32, 5, 54, 2, 0, 32, 0, 65, 20, 106, 32, 7, 54, 2, 0, 11, 32, 1, 32, 6, 73, 4, 64, 32, 4, 32, 1, 32, 6, 32, 1, 107, 34, 1, 252, 10, 0, 0, 32, 0, 65, 40, 106, 32, 1, 54, 2, 0, 11, 11, 97, 1, 1, 127, 32, 0, 65, 16, 106, 40, 2, 0, 33, 1, 32, 0, 65, 4, 106, 40, 2, 0, 4, 127, 32, 1, 65, 12, 119, 32, 0, 65, 20, 106, 40, 2, 0, 65, 18, 119, 106, 32, 0, 65, 12, 106, 40, 2, 0, 65, 7, 119, 106, 32, 0, 65, 8, 106, 40, 2, 0, 65, 1, 119, 106, 5, 32, 1, 65, 177, 207, 217, 178, 1, 106, 11, 32, 0, 40, 2, 0, 106, 32, 0, 65, 24, 106, 32, 0, 65, 40, 106, 40, 2, 0, 16, 1, 11, 255, 3, 2, 3, 126, 1, 127, 32, 0, 32, 1, 106, 33, 6, 32, 1, 65, 32, 79, 4, 126, 32, 6, 65, 32, 107, 33, 6, 32, 2, 66, 214, 235, 130, 238, 234, 253, 137, 245, 224, 0, 124, 33, 3, 32, 2, 66, 177, 169, 172, 193, 173, 184, 212, 166, 61, 125, 33, 4, 32, 2, 66, 249, 234, 208, 208, 231, 201, 161, 228, 225, 0, 124, 33, 5, 3, 64, 32, 3, 32, 0, 41, 3, 0, 66, 207, 214, 211, 190, 210, 199, 171, 217, 66, 126, 124, 66, 31, 137, 66, 135, 149, 175, 175, 152, 182, 222, 155, 158, 127, 126, 33, 3, 32, 4, 32, 0, 65, 8, 106, 34, 0, 41, 3, 0, 66, 207, 214, 211, 190, 210, 199, 171, 217, 66, 126, 124, 66, 31, 137, 66, 135, 149, 175, 175, 152, 182, 222, 155, 158, 127, 126, 33, 4, 32, 2, 32, 0, 65, 8, 106, 34, 0, 41, 3, 0, 66, 207, 214, 211, 190, 210, 199, 171, 217, 66, 126, 124, 66, 31, 137, 66, 135, 149, 175, 175, 152, 182, 222, 155, 158, 127, 126, 33, 2, 32, 5, 32, 0, 65, 8, 106, 34, 0, 41, 3, 0, 66, 207, 214, 211, 190, 210, 199, 171, 217, 66, 126, 124, 66, 31, 137, 66, 135, 149, 175, 175, 152, 182, 222, 155, 158, 127, 126, 33, 5, 32, 6, 32, 0, 65, 8, 106, 34, 0, 79, 13, 0, 11, 32, 2, 66, 12, 137, 32, 5, 66, 18, 137, 124, 32, 4, 66, 7, 137, 124, 32, 3, 66, 1, 137, 124, 32, 3, 66, 207, 214, 211, 190, 210, 199, 171, 217, 66, 126, 66, 31, 137, 66, 135, 149, 175, 175, 152, 182, 222, 155, 158, 127, 126, 133, 66, 135, 149, 175, 175, 152, 182, 222, 155, 158, 127, 126, 66, 157, 163, 181, 234, 131, 177, 141, 138, 250, 0, 125, 32, 4, 66, 207, 214, 211, 190, 210, 199, 171, 217, 66, 126, 66, 31, 137, 66, 135, 149, 175, 175, 152, 182, 222, 155, 158, 127, 126, 133, 66, 135, 149, 175, 175, 152, 182, 222, 155, 158, 127, 126, 66, 157, 163, 181, 234, 131, 177, 141, 138, 250, 0, 125, 32, 2, 66, 207, 214, 211, 190, 210, 199, 171, 217, 66, 126, 66, 31, 137, 66, 135, 149, 175, 175, 152, 182, 222, 155, 158, 127, 126, 133, 66, 135, 149, 175, 175, 152, 182, 222, 155, 158, 127, 126, 66, 157, 163, 181, 234, 131, 177, 141, 138, 250, 0, 125, 32, 5, 66, 207, 214, 211, 190, 210, 199, 171, 217, 66, 126, 66, 31, 137, 66, 135, 149, 175, 175, 152, 182, 222, 155, 158, 127, 126, 133, 66, 135, 149, 175, 175, 152, 182, 222, 155, 158, 127, 126, 66, 157, 163, 181, 234, 131, 177, 141, 138, 250, 0, 125, 5, 32, 2, 66, 197, 207, 217, 178, 241, 229, 186, 234, 39, 124, 11, 32, 1, 173, 124, 32, 0, 32, 1, 65, 31, 113, 16, 6, 11, 134, 2, 0, 32, 1, 32, 2, 106, 33, 2, 3, 64, 32, 2, 32, 1, 65, 8, 106, 79, 4, 64, 32, 1, 41, 3, 0, 66, 207, 214, 211, 190, 210, 199, 171, 217, 66, 126, 66, 31, 137, 66, 135, 149, 175, 175, 152, 182, 222, 155, 158, 127, 126, 32, 0, 133, 66, 27, 137, 66, 135, 149, 175, 175, 152, 182, 222, 155, 158, 127, 126, 66, 157, 163, 181, 234, 131, 177, 141, 138, 250, 0, 125, 33, 0, 32, 1, 65, 8, 106, 33, 1, 12, 1, 11, 11, 32, 1, 65, 4, 106, 32, 2, 77, 4, 64, 32, 0, 32, 1, 53, 2, 0, 66, 135, 149, 175, 175, 152, 182, 222, 155, 158, 127, 126, 133, 66, 23, 137, 66, 207, 214, 211, 190, 210, 199, 171, 217, 66, 126, 66, 249, 243, 221, 241, 153, 246, 153, 171, 22, 124, 33, 0, 32, 1, 65, 4, 106, 33, 1, 11, 3, 64, 32, 1, 32, 2, 73, 4, 64, 32, 0, 32, 1, 49, 0, 0, 66, 197, 207, 217, 178, 241, 229, 186, 234, 39, 126, 133, 66, 11, 137, 66, 135, 149, 175, 175, 152, 182, 222, 155, 158, 127, 126, 33, 0, 32, 1, 65, 1, 106, 33, 1, 12, 1, 11, 11, 32, 0, 32, 0, 66, 33, 136, 133, 66, 207, 214, 211, 190, 210, 199, 171, 217, 66, 126, 34, 0, 32, 0, 66, 29, 136, 133, 66, 249, 243, 221, 241, 153, 246, 153, 171, 22, 126, 34, 0, 32, 0, 66, 32, 136, 133, 11, 77, 0, 32, 0, 65, 8, 106, 32, 1, 66, 214, 235, 130, 238, 234, 253, 137, 245, 224, 0, 124, 55, 3, 0, 32, 0, 65, 16, 106, 32, 1, 66, 177, 169, 172, 193, 173, 184, 212, 166, 61, 125, 55, 3, 0, 32, 0, 65, 24, 106, 32, 1, 55, 3, 0, 32, 0, 65, 32, 106, 32, 1, 66, 249, 234, 208, 208, 231, 201, 161, 228, 225, 0, 124, 55, 3, 0, 11, 244, 4, 2, 3, 127, 4, 126, 32, 1, 32, 2, 106, 33, 5, 32, 0, 65, 40, 106, 33, 4, 32, 0, 65, 200, 0, 106, 40, 2, 0, 33, 3, 32, 0, 32, 0, 41, 3, 0, 32, 2, 173, 124, 55, 3, 0, 32, 2, 32, 3, 106, 65, 32, 73, 4, 64, 32, 3, 32, 4, 106, 32, 1, 32, 2, 252, 10, 0, 0, 32, 0, 65, 200, 0, 106, 32, 2, 32, 3, 106, 54, 2, 0, 15, 11, 32, 3, 4, 64, 32, 3, 32, 4, 106, 32, 1, 65, 32, 32, 3, 107, 34, 2, 252, 10, 0, 0, 32, 0, 65, 8, 106, 34, 3, 32, 3, 41, 3, 0, 32, 4, 41, 3, 0, 66, 207, 214, 211, 190, 210, 199, 171, 217, 66, 126, 124, 66, 31, 137, 66, 135, 149, 175, 175, 152, 182, 222, 155, 158, 127, 126, 55, 3, 0, 32, 0, 65, 16, 106, 34, 3, 32, 3, 41, 3, 0, 32, 4, 65, 8, 106, 41, 3, 0, 66, 207, 214, 211, 190, 210, 199, 171, 217, 66, 126, 124, 66, 31, 137, 66, 135, 149, 175, 175, 152, 182, 222, 155, 158, 127, 126, 55, 3, 0, 32, 0, 65, 24, 106, 34, 3, 32, 3, 41, 3, 0, 32, 4, 65, 16, 106, 41, 3, 0, 66, 207, 214, 211, 190, 210, 199, 171, 217, 66, 126, 124, 66, 31, 137, 66, 135, 149, 175, 175, 152, 182, 222, 155, 158, 127, 126, 55, 3, 0, 32, 0, 65, 32, 106, 34, 3, 32, 3, 41, 3, 0, 32, 4, 65, 24, 106, 41, 3, 0, 66, 207, 214, 211, 190, 210, 199, 171, 217, 66, 126, 124, 66, 31, 137, 66, 135, 149, 175, 175, 152, 182, 222, 155, 158, 127, 126, 55, 3, 0, 32, 0, 65, 200, 0, 106, 65, 0, 54, 2, 0, 32, 1, 32, 2, 106, 33, 1, 11, 32, 1, 65, 32, 106, 32, 5, 77, 4, 64, 32, 5, 65, 32, 107, 33, 2, 32, 0, 65, 8, 106, 41, 3, 0, 33, 6, 32, 0, 65, 16, 106, 41, 3, 0, 33, 7, 32, 0, 65, 24, 106, 41, 3, 0, 33, 8, 32, 0, 65, 32, 106, 41, 3, 0, 33, 9, 3, 64, 32, 6, 32, 1, 41, 3, 0, 66, 207, 214, 211, 190, 210, 199, 171, 217, 66, 126, 124, 66, 31, 137, 66, 135, 149, 175, 175, 152, 182, 222, 155, 158, 127, 126, 33, 6, 32, 7, 32, 1, 65, 8, 106, 34, 1, 41, 3, 0, 66, 207, 214, 211, 190, 210, 199, 171, 217, 66, 126, 124, 66, 31, 137, 66, 135, 149, 175, 175, 152, 182, 222, 155, 158, 127, 126, 33, 7, 32, 8, 32, 1, 65, 8, 106, 34, 1, 41, 3, 0, 66, 207, 214, 211, 190, 210, 199, 171, 217, 66, 126, 124, 66, 31, 137, 66, 135, 149, 175, 175, 152, 182, 222, 155, 158, 127, 126, 33, 8, 32, 9, 32, 1, 65, 8, 106, 34, 1, 41, 3, 0, 66, 207, 214, 211, 190, 210, 199, 171, 217, 66, 126, 124, 66, 31, 137, 66, 135, 149, 175, 175, 152, 182, 222, 155, 158, 127, 126, 33, 9, 32, 2, 32, 1, 65, 8, 106, 34, 1, 79, 13, 0, 11, 32, 0, 65, 8, 106, 32, 6, 55, 3, 0, 32, 0, 65, 16, 106, 32, 7, 55, 3, 0, 32, 0, 65, 24, 106, 32, 8, 55, 3, 0, 32, 0, 65, 32, 106, 32, 9, 55, 3, 0, 11, 32, 1, 32, 5, 73, 4, 64, 32, 4, 32, 1, 32, 5, 32, 1, 107, 34, 1, 252, 10, 0, 0, 32, 0, 65, 200, 0, 106, 32, 1, 54, 2, 0, 11, 11, 188, 2, 1, 5, 126, 32, 0, 65, 24, 106, 41, 3, 0, 33, 1, 32, 0, 41, 3, 0, 34, 2, 66, 32, 90, 4, 126, 32, 0, 65, 8, 106, 41, 3, 0, 34, 3, 66, 1, 137, 32, 0, 65, 16, 106, 41, 3, 0, 34, 4, 66, 7, 137, 124, 32, 1, 66, 12, 137, 32, 0, 65, 32, 106, 41, 3, 0, 34, 5, 66, 18, 137, 124, 124, 32, 3, 66, 207, 214, 211, 190, 210, 199, 171, 217, 66, 126, 66, 31, 137, 66, 135, 149, 175, 175, 152, 182, 222, 155, 158, 127, 126, 133, 66, 135, 149, 175, 175, 152, 182, 222, 155, 158, 127, 126, 66, 157, 163, 181, 234, 131, 177, 141, 138, 250, 0, 125, 32, 4, 66, 207, 214, 211, 190, 210, 199, 171, 217, 66, 126, 66, 31, 137, 66, 135, 149, 175, 175, 152, 182, 222, 155, 158, 127, 126, 133, 66, 135, 149, 175, 175, 152, 182, 222, 155, 158, 127, 126, 66, 157, 163, 181, 234, 131, 177, 141, 138, 250, 0, 125, 32, 1, 66, 207, 214, 211, 190, 210, 199, 171, 217, 66, 126, 66, 31, 137, 66, 135, 149, 175, 175, 152, 182, 222, 155, 158, 127, 126, 133, 66, 135, 149, 175, 175, 152, 182, 222, 155, 158, 127, 126, 66, 157, 163, 181, 234, 131, 177, 141, 138, 250, 0, 125, 32, 5, 66, 207, 214, 211, 190, 210, 199, 171, 217, 66, 126, 66, 31, 137, 66, 135, 149, 175, 175, 152, 182, 222, 155, 158, 127, 126, 133, 66, 135, 149, 175, 175, 152, 182, 222, 155, 158, 127, 126, 66, 157, 163, 181, 234, 131, 177, 141, 138, 250, 0, 125, 5, 32, 1, 66, 197, 207, 217, 178, 241, 229, 186, 234, 39, 124, 11, 32, 2, 124, 32, 0, 65, 40, 106, 32, 2, 66, 31, 131, 167, 16, 6, 11]);
async function e() {
  return (function(t2) {
    const { exports: { mem: e2, xxh32: n, xxh64: r, init32: i, update32: a, digest32: o, init64: s, update64: u, digest64: c } } = t2;
    let h = new Uint8Array(e2.buffer);
    function g(t3, n2) {
      if (e2.buffer.byteLength < t3 + n2) {
        const r2 = Math.ceil((t3 + n2 - e2.buffer.byteLength) / 65536);
        e2.grow(r2), h = new Uint8Array(e2.buffer);
      }
    }
    function f(t3, e3, n2, r2, i2, a2) {
      g(t3);
      const o2 = new Uint8Array(t3);
      return h.set(o2), n2(0, e3), o2.set(h.subarray(0, t3)), { update(e4) {
        let n3;
        return h.set(o2), "string" == typeof e4 ? (g(3 * e4.length, t3), n3 = w.encodeInto(e4, h.subarray(t3)).written) : (g(e4.byteLength, t3), h.set(e4, t3), n3 = e4.byteLength), r2(0, t3, n3), o2.set(h.subarray(0, t3)), this;
      }, digest: () => (h.set(o2), a2(i2(0))) };
    }
    function y(t3) {
      return t3 >>> 0;
    }
    const b = 2n ** 64n - 1n;
    function d(t3) {
      return t3 & b;
    }
    const w = new TextEncoder(), l = 0, p = 0n;
    function x(t3, e3 = l) {
      return g(3 * t3.length, 0), y(n(0, w.encodeInto(t3, h).written, e3));
    }
    function L(t3, e3 = p) {
      return g(3 * t3.length, 0), d(r(0, w.encodeInto(t3, h).written, e3));
    }
    return { h32: x, h32ToString: (t3, e3 = l) => x(t3, e3).toString(16).padStart(8, "0"), h32Raw: (t3, e3 = l) => (g(t3.byteLength, 0), h.set(t3), y(n(0, t3.byteLength, e3))), create32: (t3 = l) => f(48, t3, i, a, o, y), h64: L, h64ToString: (t3, e3 = p) => L(t3, e3).toString(16).padStart(16, "0"), h64Raw: (t3, e3 = p) => (g(t3.byteLength, 0), h.set(t3), d(r(0, t3.byteLength, e3))), create64: (t3 = p) => f(88, t3, s, u, c, d) };
  })((await WebAssembly.instantiate(t)).instance);
}

// src/disk/xva/checksum.ts
var loaded;
async function blockVerifier() {
  loaded ??= e();
  const { create64 } = await loaded;
  return (archive, { name, header: header4, offset, size, checksum: checksum3 }) => {
    if (!checksum3) return;
    const { algorithm } = checksum3;
    const place2 = `${name} of ${archive.name}, byte ${header4}`;
    const digits = algorithm === "SHA-1" ? 40 : 16;
    if (checksum3.size < digits || checksum3.size > digits + 2)
      throw new DiskError(place2, `its checksum has ${checksum3.size} bytes; ${algorithm} has ${digits}; the archive is damaged`);
    const expected = bytesAt(archive, checksum3.offset, checksum3.size).toString("latin1").trim().toLowerCase();
    const content2 = window(archive, offset, size, name);
    const found = algorithm === "SHA-1" ? sha1(content2) : xxh64(content2, create64);
    if (found !== expected) throw new DiskError(place2, `its ${algorithm} is ${found}, but should be ${expected}; the archive is damaged`);
  };
}
function sha1(content2) {
  const hash = (0, import_node_crypto2.createHash)("sha1");
  for (const piece2 of pieces(content2)) hash.update(piece2);
  return hash.digest("hex");
}
function xxh64(content2, create64) {
  const hash = create64();
  for (const piece2 of pieces(content2)) hash.update(piece2);
  return hash.digest().toString(16).padStart(16, "0");
}

// src/disk/xva/ova.ts
var import_saxes2 = __toESM(require_saxes(), 1);
var maxDisks = 2e3;
var maxDiskSize2 = 2040 * 2 ** 30;
var maxDepth = 64;
function parseXvaOva(xml, place2) {
  const top = parseValue(xml, place2);
  const objects = struct(top).get("objects");
  if (!Array.isArray(objects))
    throw new DiskError(place2, "it has no list of objects, so it is not the description of an XVA version 2", "not-a-ddk");
  const ofClass = (name) => objects.map(struct).filter((object) => text2(object, "class") === name);
  for (const kind of ["VDI", "VBD"]) {
    const { length: length3 } = ofClass(kind);
    if (length3 > maxDisks) throw new DiskError(place2, `it describes ${length3} objects of the class ${kind}; the limit is ${maxDisks}`);
  }
  const vms = ofClass("VM");
  const machines2 = vms.filter((object) => !isTrue(snapshot(object), "is_a_snapshot"));
  if (machines2.length > 1) {
    const names = machines2.map((object) => JSON.stringify(text2(snapshot(object), "name_label"))).slice(0, 10);
    throw new DiskError(place2, `it describes ${machines2.length} virtual machines: ${names.join(", ")}; export the DDK alone`, "not-a-ddk");
  }
  const machine = machines2[0] ?? vms[0];
  if (!machine) throw new DiskError(place2, "it describes no virtual machine (an object of the class VM)", "not-a-ddk");
  const vm = snapshot(machine);
  const otherVms = vms.filter((object) => object !== machine);
  const vbds = attachments(ofClass("VBD").map(snapshot), otherVms);
  const product = struct(struct(top).get("version"));
  return {
    exportedBy: `${text2(product, "product_brand")} ${text2(product, "product_version")}`.trim(),
    label: text2(vm, "name_label"),
    bootLine: text2(vm, "PV_args") || text2(vm, "PV_legacy_args"),
    bootloader: text2(vm, "PV_bootloader"),
    disks: describeDisks(ofClass("VDI"), vbds, place2)
  };
}
function attachments(vbds, otherVms) {
  const others = new Set(otherVms.map((vm) => text2(vm, "id")));
  return vbds.filter((vbd) => !others.has(text2(vbd, "VM")) && ["", "disk"].includes(text2(vbd, "type").toLowerCase()));
}
function describeDisks(vdis, vbds, place2) {
  const disks = vdis.map((vdi) => {
    const ref = text2(vdi, "id");
    const size = text2(snapshot(vdi), "virtual_size");
    if (!/^\d{1,15}$/.test(size))
      throw new DiskError(place2, `the disk ${ref} has the size ${JSON.stringify(size)}, which is not a number of bytes`);
    if (Number(size) > maxDiskSize2)
      throw new DiskError(place2, `the disk ${ref} has ${size} bytes; the limit is ${maxDiskSize2}`, "unsupported");
    const vbd = vbds.find((candidate) => text2(candidate, "VDI") === ref);
    return {
      ref,
      virtualSize: Number(size),
      label: text2(snapshot(vdi), "name_label"),
      userdevice: vbd && text2(vbd, "userdevice"),
      bootable: vbd !== void 0 && isTrue(vbd, "bootable")
    };
  });
  return disks.sort((a, b) => positionOf(a.userdevice) - positionOf(b.userdevice));
}
function positionOf(userdevice) {
  if (userdevice === void 0) return Number.MAX_SAFE_INTEGER;
  if (/^\d{1,9}$/.test(userdevice)) return Number(userdevice);
  const letter = /^(?:xvd|sd|hd)([a-z])$/.exec(userdevice)?.[1];
  return letter === void 0 ? 1e9 : letter.charCodeAt(0) - "a".charCodeAt(0);
}
function isTrue(from, name) {
  return ["1", "true"].includes(text2(from, name).toLowerCase());
}
function snapshot(object) {
  return struct(object.get("snapshot"));
}
function struct(value) {
  return value instanceof Map ? value : /* @__PURE__ */ new Map();
}
function text2(from, name) {
  const value = from.get(name);
  return typeof value === "string" ? value.trim() : "";
}
function parseValue(xml, place2) {
  const stack = [];
  let result;
  const parser = new import_saxes2.SaxesParser();
  parser.on("error", (error) => {
    throw new DiskError(place2, `it is not well-formed XML: ${error.message}`);
  });
  parser.on("opentag", ({ name }) => {
    if (stack.length >= maxDepth) throw new DiskError(place2, `its elements are nested more than ${maxDepth} deep`);
    const open3 = { name, text: "" };
    if (name === "struct") open3.value = /* @__PURE__ */ new Map();
    if (name === "data") open3.value = [];
    stack.push(open3);
  });
  const characters = (piece2) => {
    const open3 = stack.at(-1);
    if (open3) open3.text += piece2;
  };
  parser.on("text", characters);
  parser.on("cdata", characters);
  parser.on("closetag", () => {
    const closed = stack.pop();
    const parent = stack.at(-1);
    if (parent) give(parent, closed);
    else if (closed.name === "value") result = finished(closed);
  });
  parser.write(xml).close();
  if (result === void 0)
    throw new DiskError(place2, "its outermost element is not a <value>, so it is not the description of an XVA version 2", "not-a-ddk");
  return result;
}
function give(parent, child) {
  if (child.name === "name" && parent.name === "member") parent.key = child.text;
  else if (child.name === "member" && parent.value instanceof Map) parent.value.set(child.key ?? "", child.value ?? "");
  else if (child.name === "value" && Array.isArray(parent.value)) parent.value.push(finished(child));
  else if (parent.name === "member" || parent.name === "value" || parent.name === "array") parent.value = finished(child);
}
function finished(element) {
  return element.value ?? element.text;
}

// src/disk/xva/index.ts
var maxOvaSize = 16 << 20;
function isXva(source) {
  try {
    const [first] = tarMembers(source);
    return first !== void 0 && /^(?:ova\.xml$|Ref:[^/]+\/\d)/.test(first.name);
  } catch {
    return false;
  }
}
async function openXva(source, warn) {
  const index = indexOf(source);
  const description = readDescription(source, index);
  const disk = rootDisk2(source, index, description, warn);
  const verify2 = await blockVerifier();
  const others = description.disks.filter(({ ref, userdevice }) => ref !== disk.ref && /^\d$/.test(userdevice ?? "")).map((other) => ({ letter: "abcdefghij"[Number(other.userdevice)], open: () => openOtherDisk(source, index, other, verify2) }));
  return { description, disk: openDisk(source, index, disk, verify2), others };
}
function openOtherDisk(archive, index, disk, verify2) {
  if (!index.readUntil(() => index.disk(disk.ref) !== void 0)) {
    throw new DiskError(`${disk.ref} of ${archive.name}`, "the archive has no blocks of this disk", "not-a-ddk");
  }
  return openDisk(archive, index, disk, verify2);
}
function readDescription(source, index) {
  if (!index.readUntil(() => index.ova !== void 0)) {
    throw new DiskError(
      source.name,
      "the archive has no ova.xml, so it is not an XVA; if the DDK is in it, unpack it first, with tar -xf",
      "not-a-ddk"
    );
  }
  const { offset, size } = index.ova;
  const place2 = `ova.xml of ${source.name}`;
  if (size > maxOvaSize) throw new DiskError(place2, `it has ${size} bytes; but the description of a machine has at most ${maxOvaSize}`);
  return parseXvaOva(bytesAt(source, offset, size).toString(), place2);
}
function rootDisk2(source, index, { disks }, warn) {
  const hasBlocks = ({ ref }) => index.readUntil(() => index.disk(ref) !== void 0);
  const attached = disks.find((disk) => disk.userdevice !== void 0 && hasBlocks(disk));
  if (attached) return attached;
  const others = disks.filter(hasBlocks);
  if (others.length === 0) {
    const described = disks.map(({ ref }) => ref).slice(0, 10);
    const found = [...index.refs].slice(0, 10);
    throw new DiskError(
      source.name,
      `the archive has no blocks of any disk that its ova.xml describes: it describes ${described.join(", ") || "none"}, and there are blocks of ${found.join(", ") || "none"}`,
      "not-a-ddk"
    );
  }
  const refs = others.map(({ ref }) => ref).join(", ");
  if (others.length > 1)
    throw new DiskError(source.name, `no disk is attached to the machine, and several have blocks: ${refs}`, "not-a-ddk");
  warn(`${source.name}: no disk is attached to the machine; the only one with blocks is used: ${refs}`);
  return others[0];
}
function openDisk(archive, index, { ref, virtualSize }, verify2) {
  const found = index.disk(ref);
  const { blocks } = found;
  const verified = /* @__PURE__ */ new Set();
  let checked = 0;
  const readUntil = (isFound) => {
    index.readUntil(isFound);
    for (; checked < blocks.length; checked++) checkPosition(archive, blocks[checked], virtualSize);
  };
  const verifyOnce = (number2) => {
    if (verified.has(number2)) return;
    verify2(archive, blocks[number2]);
    checkPadding(archive, blocks[number2], virtualSize);
    verified.add(number2);
  };
  const readSome = (into, at) => {
    readUntil(() => found.end > at);
    const number2 = lastAtOrBefore(blocks, at);
    const block = blocks[number2];
    const end = block ? block.start + block.size : 0;
    if (block && at < end) {
      verifyOnce(number2);
      const length4 = Math.min(into.length, end - at);
      archive.read(into.subarray(0, length4), block.offset + at - block.start);
      return length4;
    }
    const length3 = Math.min(into.length, (blocks[number2 + 1]?.start ?? virtualSize) - at);
    into.fill(0, 0, length3);
    return length3;
  };
  const disk = {
    name: `${ref} of ${archive.name}`,
    size: virtualSize,
    ref,
    read(into, offset) {
      checkRange(disk, offset, into.length);
      for (let done = 0; done < into.length; ) done += readSome(into.subarray(done), offset + done);
    },
    finish() {
      readUntil(() => false);
      for (const number2 of blocks.keys()) verifyOnce(number2);
    }
  };
  return disk;
}
function lastAtOrBefore(blocks, at) {
  let low = 0;
  let high = blocks.length;
  while (low < high) {
    const middle = low + high >>> 1;
    if (blocks[middle].start <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
function checkPosition(archive, { name, header: header4, start, size }, diskSize) {
  if (size === 0 || start < diskSize) return;
  throw new DiskError(
    `${name} of ${archive.name}, byte ${header4}`,
    `it begins at byte ${start} of the disk, which has ${diskSize} bytes; the archive is damaged`
  );
}
function checkPadding(archive, { name, header: header4, offset, start, size }, diskSize) {
  const excess = start + size - diskSize;
  if (excess <= 0) return;
  if (bytesAt(archive, offset + size - excess, excess).some((byte) => byte !== 0)) {
    throw new DiskError(
      `${name} of ${archive.name}, byte ${header4}`,
      `it goes ${excess} bytes beyond the end of the disk, which has ${diskSize} bytes; the archive is damaged`
    );
  }
}

// src/disk/search.ts
function asStored(node) {
  return { source: node.content(), compression: "none" };
}
var lookSize = 64 << 10;
var packedLookSize = 256 << 10;
async function findCandidates(tree, look2, depth3) {
  const files2 = [];
  for (const { path, node } of walk(tree, () => {
  }, depth3)) if (node.type === "file") files2.push({ path: pathText(path), node });
  const isOva = ({ path }) => /(?:^|\/)ova\.xml$/i.test(path);
  const found = files2.filter(isOva).map((file) => ({ ...file, holds: "ova.xml" }));
  const isChunk = ({ path }) => found.length > 0 && /(?:^|\/)chunk[-_]?[0-9a-f]*(?:\.gz)?$/i.test(path);
  const others = files2.filter((file) => !isOva(file) && !isChunk(file));
  for (const file of others) {
    const holds = await lookAt(file.node, look2);
    if (holds) found.push({ ...file, holds });
  }
  return found;
}
async function lookAt(node, look2) {
  try {
    const { source, compression } = look2(node);
    const start = await peekDecoded(compression, source, lookSize);
    const { format: format2 } = sniff(startOf2(start, source.name));
    if (format2 !== "gzip" && format2 !== "zstd") return holdingOf(startOf2(start, source.name));
    const packed = startOf2(await peekDecoded(compression, source, packedLookSize), source.name);
    return holdingOf(startOf2(await peekDecoded(format2, packed, lookSize), source.name));
  } catch (error) {
    if (error instanceof DiskError) return void 0;
    throw error;
  }
}
function holdingOf(start) {
  const { format: format2 } = sniff(start);
  if (format2 === "tar") return isXva(start) ? "xva" : void 0;
  if (format2 === "iso9660") return "iso";
  return format2 === "vhd" || format2 === "disk" ? "disk" : void 0;
}
function startOf2(bytes, name) {
  return {
    name,
    size: bytes.length,
    reaches: (end) => end <= bytes.length,
    read: (into, offset) => void into.set(bytes.subarray(offset, offset + into.length))
  };
}
function onlyOne(candidates, name) {
  if (candidates.length <= 1) return candidates[0];
  const paths2 = candidates.slice(0, 10).map(({ path }) => path);
  const more2 = candidates.length > paths2.length ? ", \u2026" : "";
  throw new DiskError(
    name,
    `${candidates.length} files in it may be the DDK: ${paths2.join(", ")}${more2}; give the right one itself, or, if it is an ova.xml, copy it with its chunks into a folder, and give that`,
    "not-a-ddk"
  );
}

// src/disk/spool/packed-file.ts
var unpackedLimit = 256 * 2 ** 30;

// src/disk/zip/directory.ts
var import_yauzl = __toESM(require_yauzl(), 1);
var maxEntries2 = 1e5;
var methods = {
  1: "Shrink",
  6: "Implode",
  9: "Deflate64",
  12: "bzip2",
  14: "LZMA",
  93: "zstd",
  95: "xz",
  98: "PPMd"
};
async function readDirectory(source) {
  const entries4 = [];
  try {
    const zip = await (0, import_yauzl.fromRandomAccessReaderPromise)(new SourceReader(source), source.size, { autoClose: false, lazyEntries: true });
    if (zip.entryCount > maxEntries2) throw new DiskError(source.name, `the zip has ${zip.entryCount} entries; the limit is ${maxEntries2}`);
    for await (const entry2 of zip.eachEntry()) {
      checkReadable3(entry2, source);
      const { fileDataStart: start } = await zip.readLocalFileHeaderPromise(entry2, { minimal: true });
      if (start + entry2.compressedSize > source.size) throw new Error(`${entry2.fileName} goes beyond the end of the file`);
      entries4.push({
        path: entry2.fileName,
        isDirectory: entry2.fileName.endsWith("/"),
        start,
        storedSize: entry2.compressedSize,
        compression: entry2.compressionMethod === 0 ? "none" : "deflate",
        expected: { size: entry2.uncompressedSize, crc32: entry2.crc32 >>> 0 }
      });
    }
  } catch (error) {
    if (error instanceof DiskError) throw error;
    const what = error.message.replace(/[.\s]+$/, "");
    throw new DiskError(source.name, `its zip directory can't be read: ${what}; it is damaged or incomplete; download it again`);
  }
  return entries4;
}
function checkReadable3(entry2, { name }) {
  const place2 = `${entry2.fileName} of ${name}`;
  if (entry2.isEncrypted())
    throw new DiskError(place2, "it is encrypted; unpack the zip with its password, and give the file itself", "encrypted");
  if (entry2.compressionMethod === 0 || entry2.compressionMethod === 8) return;
  const method = methods[entry2.compressionMethod] ?? `method ${entry2.compressionMethod}`;
  throw new DiskError(place2, `it is compressed with ${method}, which isn't supported; unpack it first: 7z x ${name}`, "unsupported");
}
var SourceReader = class extends import_yauzl.RandomAccessReader {
  #source;
  constructor(source) {
    super();
    this.#source = source;
  }
  read(buffer, offset, length3, position2, callback) {
    let failure = null;
    try {
      this.#source.read(buffer.subarray(offset, offset + length3), position2);
    } catch (error) {
      failure = error;
    }
    setImmediate(callback, failure);
  }
};

// src/disk/zip/index.ts
async function openZip(source, tempDir) {
  return treeOf(await readDirectory(source), source, tempDir);
}
var wayOut = "the zip is damaged or incomplete; download it again";
function treeOf(entries4, source, tempDir) {
  const children3 = /* @__PURE__ */ new Map();
  const files2 = /* @__PURE__ */ new Map();
  const contents = /* @__PURE__ */ new Map();
  let made = 0;
  const makeDirectory = () => {
    const node = { ...plainNode, type: "dir", ino: ++made, mode: 365, size: 0, content: () => notA("file") };
    children3.set(node, /* @__PURE__ */ new Map());
    return node;
  };
  const open3 = (node) => {
    const file = files2.get(node);
    const { size } = file.expected;
    if (size > unpackedLimit)
      throw new DiskError(file.name, `it unpacks to ${bytesText(size)}; the limit is ${bytesText(unpackedLimit)}`, "unsupported");
    for (const spool of contents.values()) spool.finish();
    const tooLarge = `it unpacks to more than the ${size} bytes that the zip's directory says`;
    return spoolFiles([file], file.name, { dir: tempDir, limit: size, tooLarge, wayOut, concurrency: 1 });
  };
  const makeFile = (packed) => {
    const node = {
      ...plainNode,
      type: "file",
      ino: ++made,
      mode: 292,
      size: packed.expected.size,
      content() {
        const content2 = contents.get(node) ?? open3(node);
        contents.set(node, content2);
        return content2;
      }
    };
    files2.set(node, packed);
    return node;
  };
  const root = makeDirectory();
  for (const { path, start, storedSize, compression, expected, isDirectory } of entries4) {
    const names = path.split("/").filter((name2) => name2 !== "" && name2 !== ".");
    const last = names.pop();
    if (last === void 0) continue;
    let dir = root;
    for (const name2 of isDirectory ? [...names, last] : names) {
      const next2 = children3.get(dir).get(name2) ?? makeDirectory();
      if (next2.type !== "dir") throw twice(source, path);
      children3.get(dir).set(name2, next2);
      dir = next2;
    }
    if (isDirectory) continue;
    if (children3.get(dir).has(last)) throw twice(source, path);
    const name = `${path} of ${source.name}`;
    children3.get(dir).set(last, makeFile({ name, source: slice(source, start, storedSize, name), compression, expected }));
  }
  return {
    root,
    *entries(dir) {
      for (const [name, node] of children3.get(dir)) yield { name: Buffer.from(name), node: () => node };
    },
    packed: (node) => files2.get(node),
    finish() {
      for (const content2 of contents.values()) content2.finish();
    },
    close() {
      for (const content2 of contents.values()) content2.close();
      contents.clear();
    }
  };
}
var plainNode = {
  uid: 0,
  gid: 0,
  nlink: 1,
  mtime: { seconds: 0, nanoseconds: 0 },
  target: () => notA("symlink"),
  xattrs: () => /* @__PURE__ */ new Map()
};
function notA(type2) {
  throw new Error(`it is no ${type2}`);
}
function twice(source, path) {
  return new DiskError(source.name, `the zip has ${path} twice; unpack it, and give the right file`);
}

// src/disk/input.ts
var maxPacking = 4;
async function openInput(path, options2) {
  const held = holder();
  const packedAs = [];
  try {
    const opening = { ...options2, held, packedAs };
    const { image, ...found } = isFolder(path) ? await openDdkFolder(path, opening) : await openContents(openFileOf(path, opening), opening);
    return { ...found, packedAs, ...image && { image: { ...image, finish: held.finish } }, close: held.close };
  } catch (error) {
    const cause = held.causeOf(error);
    held.close();
    throw cause;
  }
}
function notADdkIso(path, iso) {
  const what = iso && otherIso(iso);
  const looks = what === void 0 ? "" : `; it looks like ${what}`;
  const wayOut2 = "give the DDK's ISO, which is named like XenServer-6.5.0-DDK.iso";
  return new DiskError(path, `it is no DDK's ISO: neither an ova.xml nor an .xva is on it${looks}; ${wayOut2}`, "not-a-ddk");
}
function isFolder(path) {
  try {
    return (0, import_node_fs6.statSync)(path).isDirectory();
  } catch (error) {
    throw fileError(path, error);
  }
}
function openFileOf(path, { arrival, held }) {
  return held.add(arrival ? openArrivingFile(path, arrival) : openFile(path));
}
var folderDepth = 2;
async function openDdkFolder(path, opening) {
  const folder = opening.held.add(openFolder(path));
  const candidates = await findCandidates(folder, asStored, folderDepth);
  const ddk = onlyOne(candidates.filter(isOnIso), path);
  if (ddk) return { kind: "folder", ...await openCandidate(folder, ddk, path, opening) };
  const others = candidates.map((candidate) => candidate.path).slice(0, 3);
  const wayOut2 = others.length > 0 ? `give the file itself, e.g. ${others.join(" or ")}` : "give a folder that a DDK ISO was unpacked into";
  throw new DiskError(path, `there is no ova.xml and no .xva in it, or in the folders in it; ${wayOut2}`, "not-a-ddk");
}
function isOnIso({ holds }) {
  return holds === "ova.xml" || holds === "xva";
}
async function openContents(source, opening) {
  const { format: format2, description, refusal } = sniff(source);
  if (refusal !== void 0) throw new DiskError(source.name, refusal.why, refusal.kind);
  switch (format2) {
    case "tar":
      return { kind: "xva", ...await openDiskOfXva(source, opening) };
    case "iso9660":
      return openDdkIso(source, opening);
    case "gzip":
    case "zstd":
      return openContents(unpack3(source, format2, opening), opening);
    case "zip":
      addPacking(source, format2, opening);
      return openDdkZip(opening.held.add(await openZip(source, opening.tempDir)), source.name, opening);
    case "vhd":
    case "disk":
      return { kind: "file", image: { bytes: source } };
    default:
      throw new DiskError(source.name, `it is ${description}`, "unsupported");
  }
}
async function openDdkIso(source, opening) {
  const iso = openIso(source, opening.warn);
  const candidates = await findCandidates(iso, asStored);
  const ddk = onlyOne(candidates.filter(isOnIso), source.name);
  return { kind: "iso", iso, ...ddk && await openCandidate(iso, ddk, source.name, opening) };
}
async function openDdkZip(zip, name, opening) {
  const candidates = await findCandidates(zip, zip.packed);
  const ddk = onlyOne(
    candidates.filter(({ holds }) => holds !== "disk"),
    name
  );
  const found = ddk ?? onlyOne(candidates, name);
  if (!found) {
    verifyLargest(zip);
    throw new DiskError(name, "the zip contains no DDK: no ISO, no .xva, no ova.xml and no disk", "not-a-ddk");
  }
  if (found.holds !== "ova.xml") return openContents(found.node.content(), opening);
  return { kind: "zip", ...await openCandidate(zip, found, name, opening) };
}
function verifyLargest(zip) {
  const files2 = [...walk(zip, () => {
  })].filter(({ node }) => node.type === "file");
  files2.sort((a, b) => b.node.size - a.node.size)[0]?.node.content();
  zip.finish();
}
async function openCandidate(tree, { path, node, holds }, name, opening) {
  if (holds === "ova.xml") {
    const { image, others, ...appliance } = openAppliance(tree, { path, node }, name, opening);
    const otherDisks2 = others.map(({ letter, open: open3 }) => ({ letter, open: () => opening.held.add(open3()) }));
    return { ...appliance, image: opening.held.add(image), otherDisks: otherDisks2 };
  }
  const content2 = node.content();
  const { format: format2 } = sniff(content2);
  return openDiskOfXva(format2 === "gzip" || format2 === "zstd" ? unpack3(content2, format2, opening) : content2, opening);
}
async function openDiskOfXva(source, { warn, held }) {
  const { description, disk, others } = await openXva(source, warn);
  const use2 = (opened) => {
    held.add({ finish: opened.finish, close() {
    } });
    return { bytes: opened, diskSize: opened.size, finish: opened.finish };
  };
  const otherDisks2 = others.map(({ letter, open: open3 }) => ({ letter, open: () => use2(open3()) }));
  return { xva: description, bootLine: description.bootLine, image: use2(disk), otherDisks: otherDisks2 };
}
function unpack3(source, compression, opening) {
  addPacking(source, compression, opening);
  const file = { name: source.name, source, compression };
  const tooLarge = `it unpacks to more than ${bytesText(unpackedLimit)}`;
  const wayOut2 = "the file is damaged or incomplete; download it again";
  return opening.held.add(spoolFiles([file], `${source.name} (unpacked)`, { dir: opening.tempDir, limit: unpackedLimit, tooLarge, wayOut: wayOut2 }));
}
function addPacking(source, format2, { packedAs }) {
  packedAs.push(format2);
  if (packedAs.length > maxPacking)
    throw new DiskError(source.name, `it is packed more than ${maxPacking} times: ${packedAs.join(", ")}`, "unsupported");
}

// src/disk/partitions/gpt.ts
function readGpt(disk, mbr, warn) {
  if (!mbr) warn(`${disk.name}: the disk has a GPT but no protective MBR; the GPT is used`);
  const primary = readPrimary(disk);
  if (typeof primary !== "string") return { ...describeTable(disk, primary, warn), check: () => checkBackup(disk, primary, warn) };
  const backup = findBackup(disk, mbr ?? []);
  if (!backup)
    throw new DiskError(
      disk.name,
      `its partition table is a GPT, but ${primary}, and there is no valid backup at its end; the disk is cut short or damaged`
    );
  warn(`${disk.name}: its partition table is a GPT, but ${primary}; the backup at the disk's end is used`);
  return { ...describeTable(disk, backup, warn), check() {
  } };
}
function readPrimary(disk) {
  let wrong = "the header in sector 1 is missing";
  for (const sectorSize5 of gptSectorSizes) {
    const gpt = readGptAt(disk, sectorSize5, 1);
    if (typeof gpt === "object") return gpt;
    if (gpt) wrong = `the header at byte ${sectorSize5} is damaged (${gpt})`;
  }
  return wrong;
}
function findBackup(disk, mbr) {
  for (const lastSector of [
    ...mbr.map(
      ({ start, size }) => () => start + size - 1
    ),
    (sectorSize5) => Math.floor(disk.size / sectorSize5) - 1
  ]) {
    for (const sectorSize5 of gptSectorSizes) {
      const sector = lastSector(sectorSize5);
      const gpt = sector > 1 ? readGptAt(disk, sectorSize5, sector) : void 0;
      if (typeof gpt === "object") return gpt;
    }
  }
  return void 0;
}
function checkBackup(disk, primary, warn) {
  const backup = readGptAt(disk, primary.sectorSize, primary.alternate);
  const wrong = typeof backup === "string" ? `is damaged (${backup})` : !backup ? "is missing" : backup.diskGuid !== primary.diskGuid || !backup.array.equals(primary.array) ? "differs from the primary one" : void 0;
  if (wrong) warn(`${disk.name}: the backup GPT in sector ${primary.alternate} ${wrong}; the primary one is used`);
}
function describeTable(disk, gpt, warn) {
  const partitions = [];
  for (let number2 = 1; number2 * gpt.entrySize <= gpt.array.length; number2++) {
    const entry2 = gpt.array.subarray((number2 - 1) * gpt.entrySize, number2 * gpt.entrySize);
    if (entry2.subarray(0, 16).every((byte) => byte === 0)) continue;
    const start = Number(entry2.readBigUInt64LE(32)) * gpt.sectorSize;
    const size = (Number(entry2.readBigUInt64LE(40)) + 1) * gpt.sectorSize - start;
    if (!Number.isSafeInteger(start + size) || size <= 0) {
      warn(`${disk.name}: partition ${number2} of the GPT ends before it starts, or beyond any possible disk; it is ignored`);
      continue;
    }
    const type2 = guid(entry2, 0);
    const name = entry2.toString("utf16le", 56, 128).replace(/\0.*$/su, "");
    const bootable = (entry2.readUInt8(48) & 4) !== 0;
    const uuid2 = guid(entry2, 16).toLowerCase();
    partitions.push({ number: number2, start, size, type: type2, typeName: gptTypeName(type2), extended: false, name, uuid: uuid2, bootable });
  }
  return { scheme: "gpt", sectorSize: gpt.sectorSize, partitions };
}

// src/disk/partitions/table.ts
function checkPartitions(disk, table4, warn) {
  warnOfOverlaps(disk, table4.partitions, warn);
  const partitions = table4.partitions.map((fields7) => ({
    ...fields7,
    source: window(disk, fields7.start, fields7.size, `partition ${fields7.number} of ${disk.name}`)
  }));
  return {
    ...table4,
    partitions,
    check() {
      for (const { number: number2, start, size } of partitions) {
        if (start + size > disk.size) {
          warn(`${disk.name}: partition ${number2} ends at byte ${start + size}, but the disk ends at byte ${disk.size}`);
        }
      }
      table4.check();
    }
  };
}
function warnOfOverlaps(disk, partitions, warn) {
  const sorted = partitions.filter((partition) => !partition.extended).sort((a, b) => a.start - b.start);
  let previous;
  for (const partition of sorted) {
    if (previous && partition.start < previous.start + previous.size) {
      warn(`${disk.name}: partitions ${previous.number} and ${partition.number} overlap at byte ${partition.start}`);
    }
    if (!previous || partition.start + partition.size > previous.start + previous.size) previous = partition;
  }
}

// src/disk/partitions/index.ts
function readPartitions(disk, warn) {
  const mbr = parseMbr(peek(disk, 0, 512));
  if (mbr ? hasProtectiveEntry(mbr) : gptSectorSizes.some((sectorSize5) => hasGptSignature(disk, sectorSize5))) {
    return checkPartitions(disk, readGpt(disk, mbr, warn), warn);
  }
  if (mbr) return checkPartitions(disk, readMbrPartitions(disk, mbr, warn), warn);
  return unpartitioned(disk);
}
function unpartitioned(disk) {
  const whole2 = {
    number: 0,
    start: 0,
    get size() {
      return disk.size;
    },
    type: "",
    typeName: "whole disk",
    extended: false,
    name: "",
    uuid: "",
    bootable: false,
    source: disk
  };
  return { scheme: "none", sectorSize: 512, partitions: [whole2], check() {
  } };
}

// src/disk/vhd/bitmaps.ts
var maxKept = 4096;
function bitmapReader(source, map, footer) {
  const knownFull = new Uint8Array(map.count);
  const kept = /* @__PURE__ */ new Map();
  const littleEndian = footer.creator === "tap" && footer.creatorVersion.major === 0 && footer.creatorVersion.minor === 1;
  const sectors2 = map.blockSize / 512;
  return {
    of(block) {
      if (knownFull[block]) return "full";
      const known = kept.get(block);
      if (known) return known;
      const bitmap = map.isFull(block) ? void 0 : bytesAt(source, map.place(block), Math.ceil(sectors2 / 8));
      if (bitmap && littleEndian) for (const [index, byte] of bitmap.entries()) bitmap.writeUInt8(reversed(byte), index);
      if (!bitmap || isFull(bitmap, sectors2)) {
        knownFull[block] = 1;
        return "full";
      }
      if (kept.size >= maxKept) kept.delete(kept.keys().next().value);
      kept.set(block, bitmap);
      return bitmap;
    }
  };
}
function bit(bitmap, sector) {
  return (bitmap.readUInt8(sector >>> 3) & 128 >>> (sector & 7)) !== 0;
}
function isFull(bitmap, sectors2) {
  const wholeBytes = sectors2 >>> 3;
  for (let index = 0; index < wholeBytes; index++) if (bitmap[index] !== 255) return false;
  for (let sector = wholeBytes * 8; sector < sectors2; sector++) if (!bit(bitmap, sector)) return false;
  return true;
}
function reversed(byte) {
  let result = 0;
  for (let index = 0; index < 8; index++) result |= (byte >>> index & 1) << 7 - index;
  return result;
}

// src/disk/vhd/batmap.ts
var cookie = "tdbatmap";
var maxBytes4 = 1 << 21;
function readBatmap(source, footer, header4, warn) {
  const { major, minor } = footer.creatorVersion;
  if (footer.creator !== "tap" || major * 65536 + minor < 65537) return void 0;
  const start = header4.tableOffset + Math.ceil(header4.maxTableEntries * 4 / 512) * 512;
  const distrust = (why) => {
    warn(`${source.name}, byte ${start}: ${why}; the batmap of the VHD is ignored, and only the bitmaps of its blocks are used`);
    return void 0;
  };
  const fields7 = peek(source, start, 512);
  if (fields7?.toString("latin1", 0, 8) !== cookie) return minor === 1 && major === 1 ? void 0 : distrust(`"${cookie}" is missing`);
  const offset = Number(fields7.readBigUInt64BE(8));
  const size = fields7.readUInt32BE(16) * 512;
  const blocks = Math.ceil(footer.currentSize / header4.blockSize);
  if (!Number.isSafeInteger(offset) || size > maxBytes4 || size * 8 < blocks) return distrust(`its size of ${size} bytes is impossible`);
  const bits2 = peek(source, offset, size);
  if (!bits2) return distrust("it lies past the end of the file");
  if (fields7.readUInt32BE(24) !== checksum2(bits2, fields7.readUInt32BE(20) === 65537)) return distrust("its checksum is wrong");
  return {
    start: Math.min(start, offset),
    end: Math.max(start + 512, offset + size),
    isFull: (block) => (bits2.readUInt8(block >>> 3) & 128 >>> (block & 7)) !== 0
  };
}
function checksum2(bits2, signed) {
  let sum = 0;
  for (const byte of bits2) sum += signed && byte > 127 ? byte - 256 : byte;
  return ~sum >>> 0;
}

// src/disk/vhd/header.ts
var headerSize5 = 1024;
var cookie2 = "cxsparse";
var maxBlockSize = 1 << 21;
function readHeader(source, offset, warn) {
  const place2 = `${source.name}, byte ${offset}`;
  if (!Number.isSafeInteger(offset)) throw damage(source, "the footer", "it has no valid position of the dynamic disk header", "VHD");
  const bytes = bytesAt(source, offset, headerSize5);
  if (bytes.toString("latin1", 0, 8) !== cookie2) throw damage(source, offset, `the header of a dynamic VHD ("${cookie2}") is missing`, "VHD");
  if (bytes.readUInt32BE(36) !== checksumWithout(bytes, 36))
    warn(`${place2}: the checksum of the VHD header is wrong; its fields are used anyway`);
  const blockSize = bytes.readUInt32BE(32);
  if (blockSize < 512 || blockSize > maxBlockSize || (blockSize & blockSize - 1) !== 0) {
    throw new DiskError(
      place2,
      `the VHD has blocks of ${blockSize} bytes; only powers of two from 512 to ${maxBlockSize} can be read`,
      "unsupported"
    );
  }
  const tableOffset = Number(bytes.readBigUInt64BE(16));
  if (!Number.isSafeInteger(tableOffset))
    throw damage(source, offset, "the VHD header has no valid position of the block allocation table", "VHD");
  return { tableOffset, maxTableEntries: bytes.readUInt32BE(28), blockSize, parentName: parentName(bytes.subarray(64, 576)) };
}
function parentName(field3) {
  const bytes = Buffer.from(field3);
  if (bytes.readUInt8(0) === 0) bytes.swap16();
  return bytes.toString("utf16le").replace(/\0.*$/su, "");
}

// src/disk/vhd/block-map.ts
var unallocated = 4294967295;
var maxBlocks = 1 << 22;
function readBlockMap(source, footer, header4, warn) {
  const { blockSize, tableOffset, maxTableEntries } = header4;
  const count = Math.ceil(footer.currentSize / blockSize);
  if (count > maxTableEntries) {
    const what = `the block allocation table has ${maxTableEntries} entries, but a disk of ${footer.currentSize} bytes needs ${count}`;
    throw damage(source, tableOffset, what, "VHD");
  }
  if (count > maxBlocks) throw new DiskError(source.name, `the VHD has ${count} blocks; at most ${maxBlocks} can be read`, "unsupported");
  const table4 = new Uint32Array(bytesAt(source, tableOffset, count * 4).swap32().buffer);
  const batmap = readBatmap(source, footer, header4, warn);
  const bitmapSize = roundUp(Math.ceil(blockSize / 512 / 8), 512);
  const tables = [
    { what: "the footer copy", start: 0, end: footerSize },
    { what: "the header", start: footer.dataOffset, end: footer.dataOffset + headerSize5 },
    { what: "the block allocation table", start: tableOffset, end: tableOffset + count * 4 },
    ...batmap ? [{ what: "the batmap", start: batmap.start, end: batmap.end }] : []
  ];
  const allocated = checkOverlaps(table4, bitmapSize + blockSize, tables, (what) => damage(source, tableOffset, what, "VHD"));
  return {
    blockSize,
    count,
    allocated,
    batmap: batmap !== void 0,
    bitmapSize,
    place(block) {
      const sector = table4[block];
      return sector === unallocated ? void 0 : sector * 512;
    },
    isFull: (block) => batmap?.isFull(block) ?? false
  };
}
function roundUp(value, unit2) {
  return Math.ceil(value / unit2) * unit2;
}
function checkOverlaps(table4, size, tables, damaged2) {
  const sectors2 = table4.filter((sector) => sector !== unallocated).sort();
  const owner = (sector) => `block ${table4.indexOf(sector)} of the VHD lies at byte ${sector * 512}`;
  for (const [index, sector] of sectors2.entries()) {
    const area = tables.find(({ start, end }) => sector * 512 < end && start < sector * 512 + size);
    if (area) throw damaged2(`${owner(sector)}, where ${area.what} is`);
    const next2 = sectors2[index + 1];
    if (next2 !== void 0 && next2 * 512 < sector * 512 + size) {
      const other = next2 === sector ? table4.indexOf(sector, table4.indexOf(sector) + 1) : table4.indexOf(next2);
      throw damaged2(`${owner(sector)}, where block ${other} is as well`);
    }
  }
  return sectors2.length;
}

// src/disk/vhd/info.ts
function describeFooter({ creator, creatorVersion, uuid: uuid2, originalSize: originalSize2, currentSize, geometrySize }) {
  return { creator: `${creator} ${creatorVersion.major}.${creatorVersion.minor}`, uuid: uuid2, originalSize: originalSize2, currentSize, geometrySize };
}

// src/disk/vhd/dynamic.ts
function openDynamic(source, footerBytes, footer, warn) {
  const header4 = readHeader(source, footer.dataOffset, warn);
  if (footer.type === "differencing") {
    throw new DiskError(
      source.name,
      `it is a differencing VHD, which contains only the differences from its parent "${header4.parentName}"; merge it with its parent first`,
      "unsupported"
    );
  }
  const map = readBlockMap(source, footer, header4, warn);
  const bitmaps = bitmapReader(source, map, footer);
  function readBlock(block, into, within) {
    const place2 = map.place(block);
    if (place2 === void 0) {
      into.fill(0);
      return;
    }
    const data = place2 + map.bitmapSize;
    const bitmap = bitmaps.of(block);
    if (bitmap === "full") {
      source.read(into, data + within);
      return;
    }
    for (const { from, to, used } of sectorRuns(bitmap, within, within + into.length)) {
      const piece2 = into.subarray(from - within, to - within);
      if (used) source.read(piece2, data + from);
      else piece2.fill(0);
    }
  }
  const disk = {
    name: source.name,
    size: footer.currentSize,
    info: {
      type: "dynamic",
      ...describeFooter(footer),
      blockSize: map.blockSize,
      blocks: map.count,
      allocatedBlocks: map.allocated,
      batmap: map.batmap
    },
    read(into, offset) {
      checkRange(disk, offset, into.length);
      for (let done = 0; done < into.length; ) {
        const block = Math.floor((offset + done) / map.blockSize);
        const within = offset + done - block * map.blockSize;
        const length3 = Math.min(map.blockSize - within, into.length - done);
        readBlock(block, into.subarray(done, done + length3), within);
        done += length3;
      }
    },
    check() {
      checkBounds(source, map, footer.currentSize);
      const end = endFooter(source);
      if (!end) warn(`${source.name}: the VHD footer at the end is missing; the file is cut short, or other data follows it`);
      else if (!end.bytes.equals(footerBytes))
        warn(`${source.name}: the VHD footer at byte ${end.offset} differs from its copy at byte 0, which is used`);
    }
  };
  return disk;
}
function* sectorRuns(bitmap, start, end) {
  for (let from = start; from < end; ) {
    let sector = Math.floor(from / 512);
    const used = bit(bitmap, sector);
    do
      sector++;
    while (sector * 512 < end && bit(bitmap, sector) === used);
    const to = Math.min(sector * 512, end);
    yield { from, to, used };
    from = to;
  }
}
function checkBounds(source, map, diskSize) {
  for (let block = 0; block < map.count; block++) {
    const place2 = map.place(block);
    if (place2 === void 0) continue;
    const end = place2 + map.bitmapSize + Math.min(map.blockSize, diskSize - block * map.blockSize);
    if (end > source.size) {
      throw new DiskError(
        source.name,
        `block ${block} of the VHD ends at byte ${end}, but the file ends at byte ${source.size}; it is cut short, or the block allocation table is damaged`
      );
    }
  }
}

// src/disk/vhd/fixed.ts
function fixedDisk(source, footer, footerOffset, warn) {
  if (footer.currentSize !== footerOffset) {
    warn(`${source.name}: the VHD footer says that the disk has ${footer.currentSize} bytes, but ${footerOffset} bytes are before it`);
  }
  const disk = slice(source, 0, Math.min(footer.currentSize, footerOffset));
  return { ...disk, info: { type: "fixed", ...describeFooter(footer) }, check() {
  } };
}

// src/disk/vhd/index.ts
function openVhd(source, warn) {
  const start = peek(source, 0, footerSize);
  if (start && hasFooterCookie(start)) {
    const footer2 = parseFooter(start, `${source.name}, byte 0`, warn);
    if (footer2.type === "fixed") throw damage(source, 0, "there is the footer of a fixed VHD, which has one at its end only", "VHD");
    return openDynamic(source, start, footer2, warn);
  }
  const found = endFooter(source);
  if (!found) throw new DiskError(source.name, 'it is not a VHD: neither its start nor its end has the cookie "conectix"', "not-a-ddk");
  const footer = parseFooter(found.bytes, `${source.name}, byte ${found.offset}`, warn);
  if (footer.type === "fixed") return fixedDisk(source, footer, found.offset, warn);
  warn(`${source.name}: the copy of the VHD footer at byte 0 is missing; the footer at byte ${found.offset} is used`);
  return openDynamic(source, found.bytes, footer, warn);
}

// src/disk/volumes.ts
function diskVolumes(disk, warn, otherDisks2) {
  if (!otherDisks2) return volumesOf([disk], [], warn);
  const warnings = [];
  const alone = volumesOf([disk], [], (sentence) => warnings.push(sentence));
  const all = once(() => {
    const disks = [disk];
    const errors = [];
    for (const other of otherDisks2()) {
      if (other instanceof DiskError) errors.push(other);
      else disks.push(other);
    }
    return volumesOf(disks, errors, warn);
  });
  const lvm = once(() => {
    const { groups } = alone.lvm();
    const isWhole2 = groups.every(({ physicalVolumes }) => physicalVolumes.every(({ place: place2 }) => place2 !== void 0));
    if (!isWhole2) return all().lvm();
    for (const sentence of warnings) warn(sentence);
    return alone.lvm();
  });
  return { ...alone, ...volumesOfLvm(lvm), lvm, withOtherDisks: all };
}
function volumesOf(disks, errors, warn) {
  const partitions = disks.flatMap(
    ({ table: table4, letter }) => table4.partitions.filter(({ extended }) => !extended).map(({ number: number2, uuid: uuid2, name, source }) => {
      return { place: source.name, source, number: number2, uuid: uuid2, name, ...letter !== void 0 && { disk: letter } };
    })
  );
  const lvm = once(() => readLvm(partitions.map(({ source }) => source).filter(isPhysicalVolume), disks[0].name, warn));
  const { logicalVolumes, problems } = volumesOfLvm(lvm);
  return {
    partitions,
    isContainer: ({ source }) => !(source instanceof DiskError) && isPhysicalVolume(source),
    logicalVolumes,
    problems: () => [...problems(), ...errors],
    lvm
  };
}
function volumesOfLvm(lvm) {
  return {
    logicalVolumes: once(
      () => lvm().groups.flatMap(
        (group) => group.logicalVolumes.filter(({ isVisible }) => isVisible).map(({ name, place: place2, source }) => ({ place: place2, source, logical: { group: group.name, name } }))
      )
    ),
    problems: () => lvm().problems.map(({ error }) => error)
  };
}
function isPhysicalVolume(source) {
  try {
    return hasLabel(source);
  } catch (error) {
    if (error instanceof DiskError) return false;
    throw error;
  }
}
function once(make) {
  let made;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

// src/disk/disk.ts
function openDisk2(image, warn, others = []) {
  const { bytes, diskSize } = image;
  const { format: format2, refusal } = sniff(bytes);
  if (refusal !== void 0) throw new DiskError(bytes.name, refusal.why, refusal.kind);
  const isVhd = format2 === "vhd" || diskSize === void 0 && endsAsFixedVhd(bytes);
  const otherDisks2 = others.length > 0 ? () => others.map((other) => openOther(other, warn)) : void 0;
  return isVhd ? vhdDisk(bytes, warn, otherDisks2) : rawDisk(bytes, diskSize, warn, otherDisks2);
}
function openOther({ letter, open: open3 }, warn) {
  try {
    const { bytes, table: table4 } = openDisk2(open3(), warn);
    return { name: bytes.name, table: table4, letter };
  } catch (error) {
    if (error instanceof DiskError) return error;
    throw error;
  }
}
function vhdDisk(bytes, warn, others) {
  const vhd = openVhd(bytes, warn);
  const table4 = readPartitions(vhd, warn);
  return {
    format: `${vhd.info.type} VHD`,
    vhd: vhd.info,
    bytes: vhd,
    table: table4,
    volumes: diskVolumes({ name: vhd.name, table: table4 }, warn, others),
    check() {
      vhd.check();
      table4.check();
    }
  };
}
function rawDisk(bytes, size, warn, others) {
  const disk = size === void 0 ? bytes : window(bytes, 0, size, bytes.name);
  const table4 = readPartitions(disk, warn);
  return {
    format: "raw",
    bytes: disk,
    table: table4,
    volumes: diskVolumes({ name: disk.name, table: table4 }, warn, others),
    check() {
      table4.check();
      const found = endFooter(bytes)?.offset ?? bytes.size;
      if (size !== void 0 && found !== size) {
        throw new DiskError(
          bytes.name,
          `it has ${found} bytes, but ova.xml says that the disk has ${size}; a part of it is missing or damaged`
        );
      }
    }
  };
}

// src/disk/root/device.ts
var links = [
  ["/dev/disk/by-uuid/", "uuid"],
  ["/dev/disk/by-label/", "label"],
  ["/dev/disk/by-partuuid/", "partuuid"],
  ["/dev/disk/by-partlabel/", "partlabel"]
];
function parseDevice(text3) {
  const { key, value } = /^(?<key>UUID|LABEL|PARTUUID|PARTLABEL)=(?<quote>["']?)(?<value>.+)\k<quote>$/.exec(text3)?.groups ?? {};
  if (key && value) return { kind: key.toLowerCase(), value };
  for (const [prefix2, kind] of links) if (text3.startsWith(prefix2)) return { kind, value: withoutUdevEscapes(text3.slice(prefix2.length)) };
  const partition = /^\/dev\/(?:(?:xvd|sd|hd|vd)([a-z]+)|(?:nvme|mmcblk)(\d+)(?:n\d+)?p?)(\d*)$/.exec(text3);
  if (partition) return { kind: "partition", disk: partition[1] ?? partition[2], number: Number(partition[3]) };
  const mapped = /^\/dev\/(?:mapper\/|disk\/by-id\/dm-name-)([^/]+)$/.exec(text3);
  if (mapped) return { kind: "logical", mapperName: withoutUdevEscapes(mapped[1]) };
  const logical = /^\/dev\/([^/]+)\/([^/]+)$/.exec(text3);
  if (logical) return { kind: "logical", mapperName: mapperName(logical[1], logical[2]) };
  return { kind: "unknown" };
}
function withoutUdevEscapes(name) {
  return name.replace(/\\x([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
}
function mapperName(group, volume) {
  return [group, volume].map((name) => name.replaceAll("-", "--")).join("-");
}
function isVolume(device, { number: number2, uuid: uuid2, name, logical }) {
  switch (device.kind) {
    case "partition":
      return number2 === device.number;
    case "partuuid":
      return uuid2 !== void 0 && uuid2 !== "" && uuid2 === device.value.toLowerCase();
    case "partlabel":
      return name !== void 0 && name !== "" && Buffer.from(name).toString("latin1") === device.value;
    case "logical":
      return logical !== void 0 && mapperName(logical.group, logical.name) === device.mapperName;
    default:
      return false;
  }
}
function isFileSystem(device, { label, uuid: uuid2 }) {
  if (device.kind === "label") return label !== "" && Buffer.from(label).toString("latin1") === device.value;
  return device.kind === "uuid" && uuid2 !== "" && uuid2.toLowerCase() === device.value.toLowerCase();
}

// src/disk/filesystem/mountable-tree.ts
function mountableTree(base2) {
  const trees = [base2];
  const mounted = /* @__PURE__ */ new Map();
  const originals = /* @__PURE__ */ new WeakMap();
  const adopt = (node, dev) => {
    if (dev === 0) return node;
    const adopted = withDevice(node, dev);
    if (node.type === "dir") originals.set(adopted, node);
    return adopted;
  };
  const topmost = (node) => {
    let top = node;
    if (node.type === "dir") for (let over = mounted.get(fileKey(top)); over; over = mounted.get(fileKey(top))) top = over;
    return top;
  };
  return {
    get root() {
      return topmost(base2.root);
    },
    *entries(dir) {
      const { dev = 0 } = dir;
      for (const { name, node } of trees[dev].entries(originals.get(dir) ?? dir)) yield { name, node: () => topmost(adopt(node(), dev)) };
    },
    mount(dir, other) {
      mounted.set(fileKey(dir), adopt(other.root, trees.length));
      trees.push(other);
    }
  };
}
function withDevice(node, dev) {
  const { type: type2, ino, mode, uid, gid, nlink, mtime, size, rdev } = node;
  return {
    type: type2,
    ino,
    dev,
    mode,
    uid,
    gid,
    nlink,
    mtime,
    size,
    ...rdev && { rdev },
    content: () => node.content(),
    target: () => node.target(),
    xattrs: () => node.xattrs()
  };
}

// src/disk/root/fstab.ts
var maxLines = 200;
function parseFstab(text3) {
  const lines = [];
  const damaged2 = [];
  for (const [index, whole2] of text3.split("\n").entries()) {
    const line = { number: index + 1, text: whole2.trim() };
    if (line.text === "" || line.text.startsWith("#")) continue;
    if (lines.length + damaged2.length >= maxLines) {
      damaged2.push({ ...line, why: `it is one of more than ${maxLines} lines; this one and those after it are ignored` });
      break;
    }
    const [spec, path, type2, options2 = "defaults"] = line.text.split(/[ \t\r]+/).map(withoutEscapes);
    if (!spec || !path || !type2) damaged2.push({ ...line, why: "it has fewer than three fields" });
    else if (/[\0\n]/.test(spec + path)) damaged2.push({ ...line, why: "it has a byte that no path can have" });
    else if (path.split("/").includes("..")) damaged2.push({ ...line, why: `its mount point has ".." in it` });
    else lines.push({ ...line, spec, path: normalized2(path), type: type2, options: options2.split(",") });
  }
  return { lines, damaged: damaged2 };
}
function withoutEscapes(field3) {
  return field3.replace(/\\([0-3][0-7]{2})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)));
}
function normalized2(path) {
  if (!path.startsWith("/")) return path;
  return `/${path.split("/").filter((name) => name !== "" && name !== ".").join("/")}`;
}
var systemDirectories = ["bin", "boot", "etc", "lib", "lib32", "lib64", "opt", "root", "sbin", "usr", "var"];
var otherPaths = ["/dev", "/home", "/media", "/mnt", "/proc", "/run", "/sys", "/tmp", "/var/tmp", "/var/run", "/var/lock"];
var networkTypes = [
  "9p",
  "afs",
  "ceph",
  "cifs",
  "coda",
  "davfs",
  "gfs",
  "gfs2",
  "glusterfs",
  "lustre",
  "ncpfs",
  "nfs",
  "nfs4",
  "ocfs2",
  "smbfs",
  "smb3"
];
var kernelTypes = [
  "autofs",
  "binfmt_misc",
  "bpf",
  "cgroup",
  "cgroup2",
  "configfs",
  "debugfs",
  "devfs",
  "devpts",
  "devtmpfs",
  "efivarfs",
  "fusectl",
  "hugetlbfs",
  "mqueue",
  "nfsd",
  "proc",
  "pstore",
  "ramfs",
  "rpc_pipefs",
  "securityfs",
  "selinuxfs",
  "sysfs",
  "tmpfs",
  "tracefs",
  "usbdevfs",
  "usbfs",
  "xenfs"
];
function planFor({ spec, path, type: type2, options: options2 }) {
  if (path === "/") return { kind: "root" };
  const isSystem = systemDirectories.includes(path.split("/")[1] ?? "");
  const leave = (why, matters = isSystem) => ({ kind: "leave-out", why, isSystem: matters });
  if (type2 === "swap") return leave("it is swap", false);
  if (!path.startsWith("/")) return leave("it has no mount point", false);
  if (kernelTypes.includes(type2)) return leave("its files exist only in a running system", false);
  if (otherPaths.some((other) => path === other || path.startsWith(`${other}/`)))
    return leave(`${path} isn't part of the installed system`, false);
  if (networkTypes.includes(type2) || type2.startsWith("fuse.") || options2.includes("_netdev") || /^\/\/|^[^/]+:\//.test(spec)) {
    return leave("it is mounted from the network");
  }
  if (options2.includes("bind") || options2.includes("rbind")) return leave("it is a bind mount");
  if (options2.includes("noauto")) return leave("it isn't mounted at boot (noauto)");
  if (!isSystem) return leave(`${path} isn't one of the directories of an installed system`, true);
  return { kind: "mount" };
}

// src/disk/root/mounts.ts
var fstab = "/etc/fstab";
var maxBytes5 = 64 << 10;
function mountAll(root, volumes, open3) {
  const base2 = root.fileSystem;
  const problems = [];
  const leftOut = [];
  const mounts = [];
  const text3 = readFstab(base2, root.volume.place, problems);
  if (text3 === void 0) return { tree: base2, mounts, problems, leftOut };
  const { lines, damaged: damaged2 } = parseFstab(text3);
  const plans = lines.map((line) => ({ line, plan: planFor(line) }));
  const rootDevice = plans.find(({ plan }) => plan.kind === "root")?.line.spec;
  const find = deviceFinder(root, rootDevice, volumes, open3);
  const tree = mountableTree(base2);
  for (const line of damaged2) problems.push(ignored(line, line.why));
  for (const { line, plan } of plans) {
    if (plan.kind !== "leave-out") continue;
    leftOut.push({ line, why: plan.why });
    if (plan.isSystem) problems.push(lacking(line, plan.why));
  }
  const wanted = plans.filter(({ plan }) => plan.kind === "mount").map(({ line }) => line);
  for (const line of wanted.toSorted((a, b) => depth2(a.path) - depth2(b.path))) {
    const mount = mountLine(line, tree, mounts, find);
    if (typeof mount === "string") problems.push(lacking(line, mount));
    else mounts.push(mount);
  }
  problems.sort((a, b) => a.line - b.line);
  return { tree: mounts.length === 0 ? base2 : tree, mounts, problems, leftOut };
}
function readFstab(root, place2, problems) {
  const problem = (what) => problems.push({ line: 0, path: "", sentence: `${place2}: ${fstab} ${what}` });
  try {
    const node = resolve(root, fstab);
    if (node?.type !== "file") return void 0;
    const content2 = node.content();
    if (content2.size > maxBytes5) problem(`has ${content2.size} bytes; only the first ${maxBytes5} are used`);
    return bytesAt(content2, 0, Math.min(content2.size, maxBytes5)).toString("latin1");
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
    problem(`can't be read, so nothing is mounted that it may name: ${error.message}`);
    return void 0;
  }
}
function depth2(path) {
  return path.split("/").length;
}
function mountLine(line, tree, mounts, find) {
  const before = mounts.find((other) => other.line.path === line.path);
  if (before) return `line ${before.line.number} has the same mount point`;
  const found = find(line.spec);
  if (typeof found === "string") return found;
  const { fileSystem, volume, error, content: content2 } = found;
  if (!fileSystem) return error?.message ?? `${volume.place} contains ${content2}, which can't be read`;
  try {
    const dir = resolve(tree, line.path);
    if (dir?.type !== "dir") return `there is no directory ${pathText(Buffer.from(line.path, "latin1"))}`;
    tree.mount(dir, fileSystem);
    return { line, opened: found, fileSystem };
  } catch (error2) {
    if (error2 instanceof DiskError) return error2.message;
    throw error2;
  }
}
function deviceFinder(root, rootDevice, volumes, open3) {
  const known = rootDevice === void 0 ? void 0 : parseDevice(rootDevice);
  const rootDisk3 = known?.kind === "partition" ? known.disk : void 0;
  return (spec) => {
    const device = parseDevice(spec);
    if (device.kind === "unknown") return "its first field isn't the name of a disk's volume";
    const [found, looked] = findOnDisks(device, rootDisk3, volumes, open3);
    const [only, ...others] = found;
    if (!only) return nothingFound(device, rootDisk3, looked, open3);
    if (others.length > 0) return `${found.length} volumes have this name: ${found.map(({ volume }) => volume.place).join(" and ")}`;
    if (only.volume.place === root.volume.place) return "it names the root filesystem itself";
    return only;
  };
}
function findOnDisks(device, rootDisk3, own, open3) {
  const found = findVolumes(device, rootDisk3, own, open3);
  if (found.length > 0 || !own.withOtherDisks) return [found, own];
  const all = own.withOtherDisks();
  return [findVolumes(device, rootDisk3, all, open3), all];
}
function findVolumes(device, rootDisk3, volumes, open3) {
  const named = (candidates) => candidates.filter((volume) => isVolume(device, volume)).map(open3);
  switch (device.kind) {
    case "partition":
      return named(volumes.partitions.filter(({ disk }) => disk === (isOnRootDisk(device, rootDisk3) ? void 0 : device.disk)));
    case "partuuid":
    case "partlabel":
      return named(volumes.partitions);
    case "logical":
      return named(volumes.logicalVolumes());
    default:
      return everything(volumes).map(open3).filter(({ fileSystem }) => fileSystem && isFileSystem(device, fileSystem.info));
  }
}
function isOnRootDisk({ disk }, rootDisk3) {
  return rootDisk3 === void 0 ? disk === "a" || disk === "0" : disk === rootDisk3;
}
function everything(volumes) {
  return [...volumes.partitions.filter((volume) => !volumes.isContainer(volume)), ...volumes.logicalVolumes()];
}
function nothingFound(device, rootDisk3, volumes, open3) {
  if (device.kind === "partition" && !isOnRootDisk(device, rootDisk3) && !volumes.partitions.some(({ disk }) => disk === device.disk)) {
    return `it names another disk than that of the root${volumes.problems().map(({ message: message2 }) => `; ${message2}`).join("")}`;
  }
  if (device.kind !== "uuid" && device.kind !== "label") {
    const problems = device.kind === "logical" ? volumes.problems().map(({ message: message2 }) => `; ${message2}`) : [];
    return `the disk has no such volume${problems.join("")}`;
  }
  const others = everything(volumes).map(open3).flatMap(({ volume, fileSystem, error, content: content2 }) => fileSystem ? [] : [error?.message ?? `${volume.place} contains ${content2}`]);
  const rest = [...others, ...volumes.problems().map(({ message: message2 }) => message2)];
  const what = device.kind === "uuid" ? "UUID" : "label";
  return `no filesystem that can be read has this ${what}${rest.length > 0 ? ` (${rest.join("; ")})` : ""}`;
}
function lacking(line, why) {
  const path = pathText(Buffer.from(line.path, "latin1"));
  return {
    line: line.number,
    path: line.path,
    sentence: `${nameOf2(line)}: what it mounts at ${path} is missing from the image, because ${why}`
  };
}
function ignored(line, why) {
  return { line: line.number, path: "", sentence: `${nameOf2(line)}: it is ignored, because ${why}` };
}
function nameOf2({ number: number2, text: text3 }) {
  const whole2 = pathText(Buffer.from(text3, "latin1")).replace(/[ \t]+/g, " ");
  return `${fstab}, line ${number2} (${whole2.length > 200 ? `${whole2.slice(0, 200)}\u2026` : whole2})`;
}

// src/disk/root/volume.ts
function volumeOpener() {
  const known = /* @__PURE__ */ new Map();
  return (volume) => {
    const opened = known.get(volume) ?? openVolume(volume);
    known.set(volume, opened);
    return opened;
  };
}
function openVolume(volume) {
  const { source } = volume;
  const waiting = [];
  let pass;
  const use2 = (warn) => {
    if (pass) return;
    pass = warn;
    for (const sentence of waiting.splice(0)) warn(sentence);
  };
  if (source instanceof DiskError) return { volume, error: source, use: use2 };
  try {
    const fileSystem = openFileSystem(source, (sentence) => pass ? pass(sentence) : waiting.push(sentence));
    if (fileSystem) return { volume, fileSystem, use: use2 };
    const content2 = identifyVolume(source);
    return { volume, content: content2?.name ?? "an unknown format", isEncrypted: content2?.isEncrypted === true, use: use2 };
  } catch (error) {
    if (error instanceof DiskError) return { volume, error, use: use2 };
    throw error;
  }
}

// src/disk/root/index.ts
function findRoot(volumes, bootLine, warn) {
  const name = rootOnBootLine(bootLine ?? "");
  const hint = name === void 0 ? { kind: "unknown" } : parseDevice(Buffer.from(name).toString("latin1"));
  const open3 = volumeOpener();
  const readable2 = [];
  const others = [];
  const first = namedVolume(volumes, hint);
  for (const volume of inOrder2(volumes, first)) {
    const found = look(volume, volumes, open3);
    if (!("mounted" in found)) others.push(found);
    else if (found.lacks === void 0 && volume === first) return use(found, volumes, open3, warn);
    else readable2.push(found);
  }
  const problems = [...others.flatMap(({ error }) => error ?? []), ...volumes.problems()];
  const fitting = readable2.filter(({ lacks }) => lacks === void 0);
  const named = fitting.filter(({ opened, fileSystem }) => isVolume(hint, opened.volume) || isFileSystem(hint, fileSystem.info));
  const [only, ...more2] = named.length > 0 ? named : fitting.length > 0 ? fitting : readable2;
  if (only && more2.length === 0 && (only.lacks === void 0 || problems.length === 0)) {
    warnOfOthers(others, only, hint, warn);
    return { ...use(only, volumes, open3, warn), unreadable: others.filter(mayBeRoot).map(describeOther) };
  }
  if (readable2.length === 0 && problems.length === 1 && others.length + volumes.problems().length === 1) throw problems[0];
  const kind = problems[0]?.kind ?? (others.some(({ isEncrypted }) => isEncrypted) ? "encrypted" : "not-a-ddk");
  const findings = [...readable2.map(describe7), ...others.map(describeOther), ...volumes.problems().map(({ message: message2 }) => message2)];
  throw new DiskError("no root filesystem was found", complaint(fitting.length, named.length, findings), kind);
}
function warnOfOthers(others, { mounted }, hint, warn) {
  for (const { volume, error } of others) {
    if (!error || mounted.problems.some(({ sentence }) => sentence.includes(error.message))) continue;
    if (!volume.logical || isVolume(hint, volume)) warn(error.message);
  }
}
function notARoot(place2, lacks, unreadable) {
  const others = unreadable.length > 0 ? `; it may be elsewhere: ${unreadable.join("; ")}` : "";
  return new DiskError(
    place2,
    `it isn't the root filesystem of a DDK: ${lacks}${others}`,
    unreadable.length > 0 ? "unsupported" : "not-a-ddk"
  );
}
function namedVolume(volumes, device) {
  const candidates = device.kind === "logical" ? volumes.logicalVolumes() : volumes.partitions;
  const [only, ...more2] = candidates.filter((volume) => isVolume(device, volume));
  return only && more2.length === 0 && !volumes.isContainer(only) ? only : void 0;
}
function* inOrder2(volumes, first) {
  if (first) yield first;
  for (const volume of volumes.partitions) if (volume !== first && !volumes.isContainer(volume)) yield volume;
  for (const volume of volumes.logicalVolumes()) if (volume !== first) yield volume;
}
function look(volume, volumes, open3) {
  const opened = open3(volume);
  const { fileSystem } = opened;
  if (!fileSystem) return opened;
  try {
    const mounted = mountAll(opened, volumes, open3);
    return { opened, fileSystem, mounted, lacks: whatLacks(mounted) };
  } catch (error) {
    if (error instanceof DiskError) return { volume, error, use: opened.use };
    throw error;
  }
}
function whatLacks({ tree, problems }) {
  if (!["/etc/redhat-release", "/etc/os-release"].some((path) => resolve(tree, path)?.type === "file")) {
    return "it has neither /etc/redhat-release nor /etc/os-release";
  }
  const usr = resolve(tree, "/usr");
  if (usr?.type !== "dir") return "it has no directory /usr";
  for (const { name } of tree.entries(usr)) if (name.toString("latin1") !== "lost+found") return void 0;
  const problem = problems.find(({ path }) => path === "/usr");
  return `its /usr is empty${problem ? `; ${problem.sentence}` : ""}`;
}
function use({ opened, fileSystem, mounted, lacks }, volumes, open3, warn) {
  const { tree, mounts, problems, leftOut } = mounted;
  for (const used of [opened, ...mounts.map((mount) => mount.opened)]) used.use(warn);
  for (const { sentence } of problems) warn(sentence);
  return {
    volume: opened.volume,
    fileSystem,
    tree,
    mounts,
    leftOut,
    ...lacks !== void 0 && { lacks },
    check() {
      if (lacks !== void 0) return;
      for (const other of otherRoots(opened.volume, volumes, open3)) {
        warn(`${other.place} has the files of a root as well; ${opened.volume.place} is used, because the boot line names it`);
      }
    }
  };
}
function* otherRoots(root, volumes, open3) {
  for (const volume of inOrder2(volumes, void 0)) {
    if (volume.place === root.place) continue;
    const found = look(volume, volumes, open3);
    if ("mounted" in found && found.lacks === void 0) yield volume;
  }
}
function complaint(fitting, named, findings) {
  if (findings.length === 0) return "the disk has no partitions";
  const list = findings.join("; ");
  if (fitting < 2) return list;
  return `${fitting} filesystems could be the root, and the boot line names ${named > 1 ? "several" : "none"} of them (${list})`;
}
function describe7({ opened, fileSystem, lacks }) {
  const { type: type2, label } = fileSystem.info;
  const verdict = lacks === void 0 ? "with the files of a root" : `without the files of a root: ${lacks}`;
  return `${opened.volume.place}: ${type2}${label && ` "${label}"`}, ${verdict}`;
}
function describeOther({ volume, error, content: content2 }) {
  if (error) return error.message;
  return `${volume.place}: ${content2 === "an unknown format" ? content2 : `${content2}, which can't be read`}`;
}
function mayBeRoot({ content: content2 }) {
  return content2 !== void 0 && content2 !== "an unknown format" && !/swap|journal/.test(content2);
}

// src/disk/open.ts
async function openRoot(path, options2) {
  const input = await openInput(path, options2);
  try {
    return input.image ? rootInImage(input, options2) : isoAlone(input, path);
  } catch (error) {
    const cause = causeOf(error, input.image);
    input.close();
    throw cause;
  }
}
function rootInImage(input, { warn }) {
  const image = input.image;
  const disk = openDisk2(image, warn, input.otherDisks);
  const root = findRoot(disk.volumes, input.bootLine, warn);
  const { volume, fileSystem, tree, mounts, lacks, unreadable = [] } = root;
  const all = [fileSystem, ...mounts.map((mount) => mount.fileSystem)].map(({ info }) => info);
  return {
    input,
    disk,
    place: volume.place,
    tree,
    type: fileSystem.info.type,
    size: all.reduce((sum, { size }) => sum + size, 0),
    used: all.reduce((sum, { size, free }) => sum + size - free, 0),
    ...lacks !== void 0 && { lacks },
    unreadable,
    finish() {
      image.finish();
      disk.check();
      root.check();
    },
    causeOf: (error) => causeOf(error, image),
    close: input.close
  };
}
function causeOf(error, image) {
  if (!(error instanceof DiskError)) return error;
  try {
    image?.finish();
    return error;
  } catch (cause) {
    return cause;
  }
}
function isoAlone(input, path) {
  const iso = input.iso;
  const { type: type2, size, free } = iso.info;
  return {
    input,
    place: path,
    tree: iso,
    type: type2,
    size,
    used: size - free,
    lacks: "it is an ISO without an appliance",
    unreadable: [],
    finish() {
    },
    causeOf: (error) => error,
    close: input.close
  };
}

// src/disk/filesystem/small-file.ts
var maxTextSize2 = 64 << 10;
function readText(root, path) {
  return readStart(root, path, maxTextSize2)?.toString("utf8");
}
function readStart(root, path, length3) {
  const node = resolve(root, path);
  if (node?.type !== "file") return void 0;
  const content2 = node.content();
  return bytesAt(content2, 0, Math.min(length3, content2.size));
}

// src/disk/root/architecture.ts
var programs = ["/bin/bash", "/bin/sh", "/usr/bin/gcc", "/usr/bin/make", "/usr/bin/env", "/bin/rpm", "/usr/bin/rpm", "/sbin/init"];
function elfArchitecture(root) {
  for (const program of programs) {
    const header4 = readStart(root, program, 20);
    if (header4?.length !== 20 || header4.toString("latin1", 0, 4) !== "\x7FELF") continue;
    const [wordSize, machine] = [header4.readUInt8(4), header4.readUInt16LE(18)];
    if (wordSize === 1 && machine === 3) return "i686";
    if (wordSize === 2 && machine === 62) return "x86_64";
  }
  return void 0;
}
function platformArchitecture(root) {
  const platform = readText(root, "/etc/rpm/platform")?.trim() ?? "";
  if (/^(i[3-6]86|athlon)-/.test(platform)) return "i686";
  return /^(x86_64|amd64|ia32e)-/.test(platform) ? "x86_64" : void 0;
}

// src/disk/root/kernel-version.ts
function findKernelVersion(root, warn) {
  const modules = resolve(root, "/lib/modules");
  const all = modules?.type === "dir" ? directories(root, modules) : [];
  const built = all.filter(({ node }) => hasEntry(root, node, "build")).map(({ name }) => name);
  if (built.length === 0) {
    const names = all.map(({ name }) => name).join(", ");
    warn(`no kernel headers: ${names ? `no directory of /lib/modules (${names}) has a "build" link` : "/lib/modules has no kernel"}`);
    return void 0;
  }
  const best = bestFlavour(built).sort(compareVersions);
  const newest = best.at(-1);
  if (best.length > 1) warn(`/lib/modules has headers for several kernels (${best.join(", ")}); the newest, ${newest}, is used`);
  return newest;
}
function directories(root, dir) {
  const found = [];
  for (const entry2 of root.entries(dir)) {
    const node = entry2.node();
    if (node.type === "dir") found.push({ name: pathText(entry2.name), node });
  }
  return found;
}
function hasEntry(root, dir, name) {
  for (const entry2 of root.entries(dir)) if (entry2.name.toString("latin1") === name) return true;
  return false;
}
function bestFlavour(names) {
  const xen = names.filter((name) => name.endsWith("xen"));
  if (xen.length > 0) return xen;
  const others = names.filter((name) => !name.endsWith("kdump"));
  return others.length > 0 ? others : names;
}
function compareVersions(a, b) {
  const parts = (text3) => text3.match(/\d+|[a-z]+/gi) ?? [];
  const left = parts(a);
  const right = parts(b);
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const order = compareParts(left[index], right[index]);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}
function compareParts(a, b) {
  const numbers = [a, b].map((part) => /^\d/.test(part));
  if (numbers[0] !== numbers[1]) return numbers[0] ? 1 : -1;
  if (numbers[0]) return Number(a) - Number(b);
  return a < b ? -1 : a > b ? 1 : 0;
}

// src/disk/root/identity.ts
function isPlain(value) {
  return /^[A-Za-z0-9._+~-]+$/.test(value);
}
function identify(root, warn) {
  const release = findRelease(root);
  const kernelVersion = findKernelVersion(root, warn);
  checkPlain("/etc/redhat-release or /etc/os-release", "version", release.version);
  checkPlain("/etc/redhat-release or /etc/os-release", "build", release.build);
  checkPlain("/lib/modules", "version of the kernel", kernelVersion);
  return { ...release, kernelVersion, architecture: findArchitecture(root, warn) };
}
function checkPlain(place2, what, value) {
  if (value === void 0 || isPlain(value)) return;
  throw new DiskError(
    place2,
    `the ${what} is ${JSON.stringify(value)}; only letters, digits and . _ + ~ - are allowed, because anything else could be a command`
  );
}
function findRelease(root) {
  const releases = [parseRedhatRelease(readText(root, "/etc/redhat-release")), parseOsRelease(readText(root, "/etc/os-release"))];
  return releases.find((release) => release?.build) ?? releases.find((release) => release && !/CentOS/i.test(release.product ?? "")) ?? releases.find((release) => release) ?? { product: void 0, version: void 0, build: void 0 };
}
function parseRedhatRelease(text3) {
  const [, product, version2] = /^(.+?) release (\S+)/m.exec(text3 ?? "") ?? [];
  return product ? { product, ...splitBuild(version2) } : void 0;
}
function parseOsRelease(text3) {
  const value = (key) => text3?.match(new RegExp(`^${key}=(["']?)(.*)\\1\\s*$`, "m"))?.[2];
  const product = value("NAME");
  return product ? { product, ...splitBuild(value("VERSION") ?? value("VERSION_ID")) } : void 0;
}
function splitBuild(text3 = "") {
  const [, version2, build] = /^(\d[\w.]*)(?:-(\w[\w.]*))?/.exec(text3) ?? [];
  return { version: version2, build };
}
function findArchitecture(root, warn) {
  const programs2 = elfArchitecture(root);
  const platform = platformArchitecture(root);
  if (programs2 && platform && programs2 !== platform) {
    warn(`/etc/rpm/platform says ${platform}, but the programs are ${programs2}; using ${programs2}`);
  }
  return programs2 ?? platform;
}

// src/disk/root/rpm-database/hash-file.ts
var UnreadableDatabase = class extends Error {
};
var hashMagic = 398689;
var metaSize = 512;
var pageHeaderSize = 26;
var pageType = { free: 0, unsortedHash: 2, overflow: 7, hashMeta: 8, hash: 13 };
var itemType = { inPage: 1, inOverflowPages: 3 };
var referenceSize = 12;
var noPage = 0;
var maxStart = 64 << 10;
var [maxPages, maxPairs] = [65536, 65536];
function* hashValues(source, isWanted) {
  const file = openHashFile(source);
  const references = [];
  let pairs = 0;
  for (const page of hashPages(file)) {
    for (const [key, item] of pairsIn(page, file)) {
      check(++pairs <= maxPairs, "it has too many pairs");
      if (!isWanted(key)) continue;
      if (item[0] === itemType.inPage) yield valueInPage(item.subarray(1));
      else references.push(parseReference(item, file));
    }
  }
  yield* valuesInOverflowPages(file, references);
}
function openHashFile(source) {
  check(source.size >= metaSize, "it is too short");
  const meta = Buffer.alloc(metaSize);
  source.read(meta, 0);
  const isLittle = meta.readUInt32LE(12) === hashMagic;
  check(isLittle || meta.readUInt32BE(12) === hashMagic, "it isn't a hash");
  const uint16 = (bytes, at) => isLittle ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at);
  const uint32 = (bytes, at) => isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
  const [version2, pageSize, lastPage, lastBucket] = [16, 20, 32, 72].map((at) => uint32(meta, at));
  check(meta[25] === pageType.hashMeta && uint32(meta, 8) === 0, "its first page isn't the meta page of a hash");
  check(version2 >= 7 && version2 <= 10, "its version is another one");
  check(pageSize >= 512 && pageSize <= 65536 && (pageSize & pageSize - 1) === 0, "its page size is impossible");
  check(meta[24] === 0 && meta[26] === 0, "it is encrypted, or has checksums or partitions");
  check((lastPage + 1) * pageSize <= source.size, "it is cut short");
  check(lastBucket < lastPage, "it has fewer pages than buckets");
  const buffer = Buffer.allocUnsafeSlow(pageSize);
  let pagesLeft = Math.min(lastPage, maxPages);
  const readPage = (number2, previous) => {
    check(number2 !== noPage && number2 <= lastPage, "a list leads to a page that it lacks");
    check(pagesLeft-- > 0, "its lists have more pages than there are, or too many");
    source.read(buffer, number2 * pageSize);
    const type2 = buffer[25];
    check(type2 === pageType.free || uint32(buffer, 8) === number2, "a page has the number of another one");
    check(uint32(buffer, 12) === previous, "a page is in another list");
    return { bytes: buffer, type: type2, next: uint32(buffer, 16) };
  };
  return { pageSize, buckets: firstPages(meta, lastBucket, uint32), uint16, uint32, readPage };
}
function* firstPages(meta, lastBucket, uint32) {
  for (let bucket = 0; bucket <= lastBucket; bucket++) {
    const bits2 = 32 - Math.clz32(bucket);
    yield bucket + uint32(meta, 96 + 4 * bits2);
  }
}
function* hashPages({ buckets, readPage }) {
  for (const first of buckets) {
    let [number2, previous] = [first, noPage];
    do {
      const { bytes, type: type2, next: next2 } = readPage(number2, previous);
      if (type2 === pageType.free) break;
      check(type2 === pageType.hash || type2 === pageType.unsortedHash, "a bucket has a page of another type");
      yield bytes;
      previous = number2;
      number2 = next2;
    } while (number2 !== noPage);
  }
}
function* pairsIn(page, { uint16 }) {
  const count = uint16(page, 20);
  const offsetsEnd = pageHeaderSize + 2 * count;
  check(count % 2 === 0 && offsetsEnd <= page.length, "a page has an impossible number of items");
  let end = page.length;
  const itemAt = (index) => {
    const start = uint16(page, pageHeaderSize + 2 * index);
    check(start >= offsetsEnd && start < end, "an item isn't where it can be");
    const item = page.subarray(start, end);
    end = start;
    return item;
  };
  for (let index = 0; index < count; index += 2) {
    const key = itemAt(index);
    check(key[0] === itemType.inPage, "a key has another form");
    yield [key.subarray(1), itemAt(index + 1)];
  }
}
function valueInPage(bytes) {
  return {
    size: bytes.length,
    start(length3) {
      check(length3 <= bytes.length, "a value is too short");
      return bytes;
    }
  };
}
function parseReference(item, { uint32 }) {
  check(item[0] === itemType.inOverflowPages && item.length === referenceSize, "a value has another form");
  return { firstPage: uint32(item, 4), size: uint32(item, 8) };
}
function* valuesInOverflowPages({ pageSize, uint16, readPage }, references) {
  const bytes = Buffer.allocUnsafeSlow(maxStart + pageSize);
  references.sort((a, b) => a.firstPage - b.firstPage);
  let last = noPage;
  for (const { size, firstPage } of references) {
    check(firstPage !== last, "two values begin in the same page");
    last = firstPage;
    let read = 0;
    let [number2, previous] = [firstPage, noPage];
    yield {
      size,
      start(length3) {
        check(length3 <= Math.min(size, maxStart), "a value is too short, or too much of it is wanted");
        while (read < length3) {
          const page = readPage(number2, previous);
          const contentSize = uint16(page.bytes, 22);
          check(page.type === pageType.overflow, "a value has a page of another type");
          check(contentSize > 0 && contentSize <= pageSize - pageHeaderSize, "an overflow page has an impossible length");
          page.bytes.copy(bytes, read, pageHeaderSize, pageHeaderSize + contentSize);
          read += contentSize;
          previous = number2;
          number2 = page.next;
        }
        check(read <= size, "a value is longer than its pair says");
        return bytes.subarray(0, read);
      }
    };
  }
}
function check(isSo, what) {
  if (!isSo) throw new UnreadableDatabase(what);
}

// src/disk/root/rpm-database/package-header.ts
var introSize = 8;
var entrySize2 = 16;
var nameTag = 1e3;
var stringType = 6;
function hasName(header4, name) {
  const intro = header4.start(introSize);
  const [entries4, dataSize] = [intro.readUInt32BE(0), intro.readUInt32BE(4)];
  const dataStart2 = introSize + entries4 * entrySize2;
  const end = dataStart2 + dataSize;
  if (end > header4.size) throw new UnreadableDatabase("a header is longer than its value");
  const nameStart = dataStart2 + nameOffset(header4.start(dataStart2), dataStart2);
  const nameEnd = nameStart + name.length + 1;
  if (nameStart >= end) throw new UnreadableDatabase("a name lies outside its header");
  return nameEnd <= end && header4.start(nameEnd).toString("latin1", nameStart, nameEnd) === `${name}\0`;
}
function nameOffset(index, end) {
  for (let at = introSize; at < end; at += entrySize2) {
    if (index.readUInt32BE(at) === nameTag && index.readUInt32BE(at + 4) === stringType) return index.readUInt32BE(at + 8);
  }
  throw new UnreadableDatabase("a header has no name");
}

// src/disk/root/rpm-database/index.ts
var keyPackage = "gpg-pubkey";
var paths = ["/var/lib/rpm/Packages", "/usr/lib/sysimage/rpm/Packages"];
var maxSize2 = 512 << 20;
function countPackages(root) {
  for (const path of paths) {
    const node = resolve(root, path);
    if (node?.type === "file") return node.size <= maxSize2 ? countIn(node.content()) : void 0;
  }
  return void 0;
}
function countIn(database) {
  let count = 0;
  try {
    for (const header4 of hashValues(database, isPackage)) if (!hasName(header4, keyPackage)) count++;
  } catch (error) {
    if (error instanceof UnreadableDatabase) return void 0;
    throw error;
  }
  return count === 0 ? void 0 : count;
}
function isPackage(key) {
  if (key.length !== 4) throw new UnreadableDatabase("a key isn't the number of a package");
  return key.readUInt32LE(0) !== 0;
}

// src/disk/root/userland.ts
function findUserland(root) {
  const glibc = findGlibc(root);
  const parts = [findCentos(root), glibc && `glibc ${glibc}`].filter((part) => part !== void 0);
  return parts.length === 0 ? void 0 : parts.join(", ");
}
function findCentos(root) {
  const texts = ["/etc/centos-release", "/etc/redhat-release"].map((path) => readText(root, path) ?? "");
  const [, name, version2] = texts.map((text3) => /^(CentOS[\w ]*?) release ([\w.]{1,20})/m.exec(text3)).find((found) => found) ?? [];
  return name && `${name} ${version2}`;
}
function findGlibc(root) {
  for (const path of ["/lib64", "/lib"]) {
    const folder = resolve(root, path);
    if (folder?.type !== "dir") continue;
    for (const { name } of root.entries(folder)) {
      const version2 = /^libc-(\d[\d.]{0,9})\.so$/.exec(pathText(name))?.[1];
      if (version2 !== void 0) return version2;
    }
  }
  return void 0;
}

// src/host/system-error.ts
var failed = {
  mkdir: "no folder can be made there",
  mkdtemp: "no folder can be made there",
  open: "it can't be opened",
  access: "it can't be reached",
  stat: "it can't be reached",
  lstat: "it can't be reached",
  statfs: "it can't be reached",
  read: "it can't be read",
  readlink: "it can't be read",
  scandir: "it can't be read",
  write: "it can't be written",
  fsync: "it can't be written",
  ftruncate: "it can't be written",
  copyfile: "it can't be copied",
  link: "it can't be given another name",
  rename: "it can't be renamed",
  symlink: "no link can be made there",
  rm: "it can't be removed",
  rmdir: "it can't be removed",
  unlink: "it can't be removed"
};
function sentenceOf(error) {
  if (typeof error !== "object" || error === null || !("message" in error)) return `it failed: ${String(error)}`;
  const { errno, syscall, path, message: message2 } = error;
  if (errno === void 0 || syscall === void 0) return message2;
  const what = failed[syscall] ?? (syscall.startsWith("spawn") ? "it can't be started" : `${syscall} failed`);
  const place2 = path === void 0 ? "a file" : path.replace(/X{6}$/, "");
  return `${place2}: ${what} (${systemMessage(error)})`;
}

// src/image/config/labels.ts
var labelPrefix = "io.github.xenserver-ddk-action";
var keyLabel = `${labelPrefix}.key`;

// src/image/config/config.ts
function imageTime(seconds) {
  return Math.min(Math.max(0, Math.floor(seconds) || 0), 253402300799);
}

// src/image/tar/acl.ts
var tags2 = /* @__PURE__ */ new Map([
  [1, { name: "user", named: false }],
  [2, { name: "user", named: true }],
  [4, { name: "group", named: false }],
  [8, { name: "group", named: true }],
  [16, { name: "mask", named: false }],
  [32, { name: "other", named: false }]
]);
function aclText(value) {
  if (value.length < 4 || value.length % 8 !== 4 || value.readUInt32LE(0) !== 2) return void 0;
  let text3 = "";
  for (let at = 4; at < value.length; at += 8) {
    const tag2 = tags2.get(value.readUInt16LE(at));
    const permissions = value.readUInt16LE(at + 2);
    if (!tag2 || permissions > 7) return void 0;
    const letters = [..."rwx"].map((letter, bit2) => (permissions & 4 >> bit2) !== 0 ? letter : "-").join("");
    text3 += `${tag2.name}:${tag2.named ? value.readUInt32LE(at + 4) : ""}:${letters}
`;
  }
  return text3;
}

// src/image/tar/header.ts
var typeflags = { file: "0", link: "1", symlink: "2", char: "3", block: "4", dir: "5", fifo: "6", pax: "x" };
function tarHeader(member) {
  const records2 = paxRecords(member);
  if (records2.length === 0) return ustarHeader(member);
  const body = Buffer.concat(records2);
  const pax = ustarHeader({ path: Buffer.from("PaxHeader"), type: "pax", mode: 420, uid: 0, gid: 0, size: body.length, mtime: 0 });
  return Buffer.concat([pax, body, Buffer.alloc(tarPadding(body.length)), ustarHeader(member)]);
}
var octal11 = 8 ** 11 - 1;
var octal7 = 8 ** 7 - 1;
var nameLength = 100;
var prefixLength = 155;
function paxRecords(member) {
  const records2 = [];
  const add = (keyword, value) => records2.push([Buffer.from(keyword), typeof value === "number" ? Buffer.from(String(value)) : value]);
  if (!ustarName(member.path)) add("path", member.path);
  if (member.linkname && member.linkname.length > nameLength) add("linkpath", member.linkname);
  if (member.size > octal11) add("size", member.size);
  if (member.mtime > octal11) add("mtime", member.mtime);
  if (member.uid > octal7) add("uid", member.uid);
  if (member.gid > octal7) add("gid", member.gid);
  for (const [name, value] of member.xattrs ?? []) {
    records2.push([Buffer.concat([Buffer.from("SCHILY.xattr."), name]), value]);
    const acl = aclKeywords.get(name.toString("latin1"));
    if (acl) add(acl, Buffer.from(aclText(value) ?? ""));
  }
  return records2.sort(([a], [b]) => Buffer.compare(a, b)).map(([keyword, value]) => paxRecord(keyword, value));
}
var aclKeywords = /* @__PURE__ */ new Map([
  ["system.posix_acl_access", "SCHILY.acl.access"],
  ["system.posix_acl_default", "SCHILY.acl.default"]
]);
function paxRecord(keyword, value) {
  const rest = keyword.length + value.length + " =\n".length;
  let length3 = rest + String(rest).length;
  if (String(length3).length > String(rest).length) length3++;
  return Buffer.concat([Buffer.from(`${length3} `), keyword, Buffer.from("="), value, Buffer.from("\n")]);
}
function ustarName(path) {
  if (path.length <= nameLength) return { name: path, prefix: Buffer.alloc(0) };
  const slash = path.indexOf("/", path.length - nameLength - 1);
  if (slash === -1 || slash > prefixLength || slash === path.length - 1) return void 0;
  return { name: path.subarray(slash + 1), prefix: path.subarray(0, slash) };
}
function ustarHeader(member) {
  const header4 = Buffer.alloc(tarBlockSize);
  const { name, prefix: prefix2 } = ustarName(member.path) ?? { name: member.path.subarray(0, nameLength), prefix: Buffer.alloc(0) };
  name.copy(header4, 0);
  number(header4, 100, 8, member.mode);
  number(header4, 108, 8, member.uid);
  number(header4, 116, 8, member.gid);
  number(header4, 124, 12, member.size);
  number(header4, 136, 12, member.mtime);
  header4.write(typeflags[member.type], 156, "latin1");
  member.linkname?.copy(header4, 157, 0, nameLength);
  header4.write("ustar\x0000", 257, "latin1");
  number(header4, 329, 8, member.device?.major ?? 0);
  number(header4, 337, 8, member.device?.minor ?? 0);
  prefix2.copy(header4, 345);
  header4.write(`${tarChecksum(header4).toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return header4;
}
function number(header4, at, width, value) {
  if (value <= (width === 8 ? octal7 : octal11)) {
    header4.write(value.toString(8).padStart(width - 1, "0"), at, "latin1");
    return;
  }
  header4.writeBigUInt64BE(BigInt(value), at + width - 8);
  header4[at] |= 128;
}

// src/image/tar/at-path.ts
function atPath(path, use2) {
  try {
    return use2();
  } catch (error) {
    const place2 = `/${pathText(path)}`;
    if (error instanceof DiskError && !error.message.startsWith(`${place2}: `)) throw new DiskError(place2, error.message, error.kind);
    throw error;
  }
}

// src/image/tar/layer-xattrs.ts
var maxValue = 1 << 16;
var maxTotal = (1 << 20) - (1 << 14);
var storedAcls = ["trusted.SGI_ACL_FILE", "trusted.SGI_ACL_DEFAULT"];
function layerXattrs({ path, node }, drop) {
  const kept = [];
  let total = 0;
  for (const [text3, value] of node.xattrs()) {
    if (storedAcls.includes(text3)) continue;
    const why = reasonToDrop(text3, value, node.type);
    if (why) {
      drop(why);
      continue;
    }
    const name = textBytes(text3);
    total += name.length + value.length;
    if (value.length > maxValue || total > maxTotal) {
      throw new DiskError(
        `/${pathText(path)}`,
        `its extended attributes (${pathText(name)}, ${value.length} bytes) are longer than Linux can set`,
        "unsupported"
      );
    }
    kept.push([name, value]);
  }
  return kept;
}
function reasonToDrop(name, value, type2) {
  if (name === "security.selinux") return "selinux";
  if (name === "security.ima" || name === "security.evm") return "integrity";
  if (name.startsWith("trusted.")) return "trusted";
  if (name.startsWith("user.overlay.")) return "overlay";
  if (name === "security.capability") return isCapability(value) ? void 0 : "damaged";
  if (name === "system.posix_acl_access" || name === "system.posix_acl_default") return aclText(value) === void 0 ? "damaged" : void 0;
  if (name.startsWith("user.") && !name.includes("=") && (type2 === "file" || type2 === "dir")) return void 0;
  return "unknown";
}
function isCapability(value) {
  if (value.length < 4) return false;
  const revision = value.readUInt8(3);
  return revision === 2 && value.length === 20 || revision === 3 && value.length === 24;
}

// src/image/tar/tally.ts
function tally(sentences2) {
  const found = /* @__PURE__ */ new Map();
  return {
    add(kind, path) {
      const seen = found.get(kind);
      if (seen) seen.count++;
      else found.set(kind, { count: 1, first: `/${pathText(path)}` });
    },
    say(warn) {
      for (const kind of Object.keys(sentences2)) {
        const seen = found.get(kind);
        if (seen) warn(`${sentences2[kind]}: ${seen.count === 1 ? seen.first : `${seen.count} times, first at ${seen.first}`}`);
      }
    }
  };
}

// src/image/tar/zero-limit.ts
var defaultZeroLimit = 8 * 2 ** 30;
var unit = 4096;
var zeros2 = Buffer.alloc(unit);
var worthNaming = 64 << 20;
function zeroLimit(maxZeroBytes, filesystemSize) {
  let found = 0;
  const large = [];
  return (path, content2) => {
    let inFile = 0;
    const check2 = (more2) => {
      if (found + more2 <= maxZeroBytes) return;
      const named = [...large, { path, zeros: inFile + more2 }].sort((a, b) => b.zeros - a.zeros).slice(0, 5);
      const files2 = named.map((file) => `/${pathText(file.path)} (${bytesText(file.zeros)})`);
      throw new DiskError(
        `/${pathText(path)}`,
        `with this file of ${bytesText(content2.size)}, the image would contain more than ${bytesText(maxZeroBytes)} of zeros, since an image has no holes; most are in ${files2.join(", ")}; raise the limit with zero-limit, in GiB, if there is room for them`,
        "unsupported"
      );
    };
    check2(Math.max(0, content2.size - filesystemSize));
    return {
      name: content2.name,
      size: content2.size,
      read(into, offset) {
        content2.read(into, offset);
        const more2 = zeroBytesIn(into);
        check2(more2);
        found += more2;
        inFile += more2;
        if (offset + into.length === content2.size && inFile >= worthNaming) large.push({ path, zeros: inFile });
      }
    };
  };
}
function zeroBytesIn(bytes) {
  let found = 0;
  for (let at = 0; at + unit <= bytes.length; at += unit) {
    if (bytes[at] === 0 && bytes[at + unit - 1] === 0 && Buffer.compare(zeros2, bytes.subarray(at, at + unit)) === 0) found += unit;
  }
  return found;
}

// src/image/tar/layer-policy.ts
var sentences = {
  socket: "sockets are left out, because tar can't store them",
  zeroDevice: "character devices 0:0 are left out, because container engines treat them as deleted files",
  early: "times before 1970 are set to 1970-01-01, as container engines do",
  manyXattrs: "more than 4 KiB of extended attributes can fail to load where the engine keeps its images on ext4",
  selinux: "SELinux labels (security.selinux) are left out, because they belong to the original machine",
  integrity: "integrity signatures (security.ima, security.evm) are left out, because they are valid on one machine only",
  trusted: "trusted.* attributes are left out, because container engines use them themselves",
  overlay: "user.overlay.* attributes are left out, because container engines use them themselves",
  damaged: "invalid capabilities or access lists (security.capability, system.posix_acl_*) are left out, because Linux would reject them",
  unknown: "extended attributes that container engines do not keep are left out"
};
function* layerEntries(entries4, policy, warn) {
  const counts = tally(sentences);
  const limited = zeroLimit(policy.maxZeroBytes ?? defaultZeroLimit, policy.filesystemSize ?? Number.MAX_SAFE_INTEGER);
  for (const entry2 of entries4) {
    const { path, node } = entry2;
    checkName3(path);
    if (node.type === "socket") {
      counts.add("socket", path);
      continue;
    }
    if (node.type === "char" && node.rdev?.major === 0 && node.rdev.minor === 0) {
      counts.add("zeroDevice", path);
      continue;
    }
    checkOwner(entry2);
    if (node.mtime.seconds < 0) counts.add("early", path);
    const xattrs = atPath(path, () => layerXattrs(entry2, (why) => counts.add(why, path)));
    if (xattrs.reduce((sum, [, value]) => sum + value.length, 0) > 4096) counts.add("manyXattrs", path);
    yield { path, node, type: node.type, xattrs, content: () => limited(path, contentOf(entry2)), target: () => targetOf(entry2) };
  }
  counts.say(warn);
}
var whiteoutPrefix = Buffer.from(".wh.");
function checkName3(path) {
  const name = path.lastIndexOf("/") + 1;
  if (!path.subarray(name, name + 4).equals(whiteoutPrefix)) return;
  throw new DiskError(
    `/${pathText(path)}`,
    "a name that begins with .wh. would delete another file of the image, so this filesystem can't become an image; rename the file",
    "unsupported"
  );
}
function contentOf({ path, node }) {
  const content2 = atPath(path, () => node.content());
  if (content2.size !== node.size)
    throw new DiskError(`/${pathText(path)}`, `its content has ${content2.size} bytes, but its inode says ${node.size}`);
  return { name: content2.name, size: content2.size, read: (into, offset) => atPath(path, () => content2.read(into, offset)) };
}
function targetOf({ path, node }) {
  const target = atPath(path, () => node.target());
  if (target.length === 0 || target.length > 4095 || target.includes(0)) {
    throw new DiskError(`/${pathText(path)}`, `its target of ${target.length} bytes is not allowed by Linux`);
  }
  return target;
}
function checkOwner({ path, node }) {
  for (const [what, id2] of [["user", node.uid], ["group", node.gid]]) {
    if (id2 >= 4294967295) throw new DiskError(`/${pathText(path)}`, `it belongs to ${what} ${id2}, which Linux can't set`, "unsupported");
  }
}

// src/image/tar/tar.ts
var defaultPieceSize = 4 << 20;
function* tarPieces(entries4, options2) {
  const { pieceSize: pieceSize2 = defaultPieceSize, allocate, warn } = options2;
  const summary2 = { members: 0, contentSize: 0, size: 0, highestIds: { uid: 0, gid: 0 } };
  let piece2;
  let used = 0;
  for (const part of tarParts(layerEntries(entries4, options2, warn), summary2)) {
    for (let offset = 0; offset < part.size; ) {
      piece2 ??= allocate(pieceSize2);
      const length3 = Math.min(pieceSize2 - used, part.size - offset);
      part.read(piece2.subarray(used, used + length3), offset);
      used += length3;
      offset += length3;
      summary2.size += length3;
      if (used < pieceSize2) continue;
      yield piece2;
      piece2 = void 0;
      used = 0;
    }
  }
  if (piece2) yield piece2.subarray(0, used);
  return summary2;
}
var zeros3 = Buffer.alloc(2 * tarBlockSize);
function* tarParts(entries4, summary2) {
  const firstNames = /* @__PURE__ */ new Map();
  for (const entry2 of entries4) {
    const { path, node } = entry2;
    const key = fileKey(node);
    const first = firstNames.get(key);
    if (!first && node.type !== "dir" && node.nlink !== 1) firstNames.set(key, path);
    const member = first ? linkTo(first, entry2) : describe8(entry2);
    summary2.members++;
    summary2.highestIds.uid = Math.max(summary2.highestIds.uid, node.uid);
    summary2.highestIds.gid = Math.max(summary2.highestIds.gid, node.gid);
    yield memorySource(tarHeader(member), "header");
    if (member.size === 0) continue;
    summary2.contentSize += member.size;
    yield entry2.content();
    yield memorySource(zeros3.subarray(0, tarPadding(member.size)), "padding");
  }
  yield memorySource(zeros3, "end");
}
function linkTo(first, entry2) {
  return { ...describe8(entry2), type: "link", size: 0, linkname: first };
}
function describe8({ path, node, type: type2, xattrs, target }) {
  return {
    path: type2 === "dir" ? Buffer.concat([path, Buffer.from("/")]) : path,
    type: type2,
    mode: node.mode,
    uid: node.uid,
    gid: node.gid,
    size: type2 === "file" ? node.size : 0,
    mtime: Math.max(0, node.mtime.seconds),
    xattrs,
    ...type2 === "symlink" && { linkname: target() },
    ...node.rdev && { device: node.rdev }
  };
}

// src/image/environment/kernel-build.ts
var places = ["include/generated/compile.h", "include/linux/compile.h", "include/generated/utsversion.h"];
function kernelBuild(root, kernelVersion) {
  for (const place2 of places) {
    const text3 = readText(root, `/lib/modules/${kernelVersion}/build/${place2}`);
    const [, version2] = /^#define UTS_VERSION "([ -~]+)"$/m.exec(text3 ?? "") ?? [];
    if (version2) return version2;
  }
  return "#1 SMP";
}

// src/image/environment/personality.ts
var commands = [["/usr/bin/linux32"], ["/usr/bin/setarch", "i686"], ["/bin/linux32"], ["/bin/setarch", "i686"]];
function personalityCommand(root) {
  return commands.find(([program]) => {
    const node = resolve(root, program);
    return node?.type === "file" && (node.mode & 73) !== 0;
  });
}

// src/image/environment/place.ts
function placeFile(root, file, mtime) {
  const names = file.path.split("/").filter((name) => name !== "");
  const fileName = names.pop();
  const dir = `/${names.join("/")}`;
  const way = existing(root, names);
  if (!way) return { obstacle: `${dir} is not a directory that can be written to` };
  const entries4 = [...way.trail];
  const below = (name) => Buffer.concat([...entries4.length > 0 ? [entries4.at(-1).path, Buffer.from("/")] : [], Buffer.from(name)]);
  if (way.missing.length === 0 && childNode(root, entries4.at(-1)?.node ?? root.root, fileName)) {
    return { obstacle: `the DDK has its own ${file.path}` };
  }
  for (const name of way.missing) entries4.push({ path: below(name), node: newNode("dir", 493, mtime) });
  return { entries: [...entries4, { path: below(fileName), node: newNode("file", file.mode, mtime, file.text) }] };
}
function existing(root, names) {
  for (let depth3 = names.length; depth3 >= 0; depth3--) {
    const trail = resolveTrail(root, names.slice(0, depth3).join("/"));
    if (!trail) continue;
    const dir = trail.at(-1)?.node ?? root.root;
    const missing = names.slice(depth3);
    return dir.type !== "dir" || missing[0] && childNode(root, dir, missing[0]) ? void 0 : { trail, missing };
  }
  return void 0;
}
var nextNumber = -1;
function newNode(type2, mode, mtime, text3 = "") {
  const content2 = Buffer.from(text3);
  return {
    type: type2,
    ino: nextNumber--,
    mode,
    uid: 0,
    gid: 0,
    nlink: 1,
    mtime: { seconds: mtime, nanoseconds: 0 },
    size: content2.length,
    content: () => memorySource(content2, "new file"),
    target: () => Buffer.alloc(0),
    xattrs: () => /* @__PURE__ */ new Map()
  };
}

// src/image/environment/uname.ts
var import_node_fs7 = require("node:fs");

// src/host/shell-quote.ts
function shellQuote(text3) {
  return `'${text3.replaceAll("'", "'\\''")}'`;
}

// src/image/environment/uname.ts
var machines = {
  x86_64: { machine: "x86_64", processor: "x86_64", platform: "x86_64" },
  i686: { machine: "i686", processor: "i686", platform: "i386" }
};
function unameScript({ release, version: version2, architecture }) {
  const answers = { release, version: version2, ...machines[architecture] };
  return (0, import_node_fs7.readFileSync)(template, "utf8").replace(/'@(\w+)@'/g, (_, name) => shellQuote(answers[name]));
}
var template = new URL("./uname.sh", importMetaUrl);

// src/image/environment/variables.ts
function ddkVariables({ version: version2, build, kernelVersion }) {
  const variables = [
    ["XENSERVER_VERSION", version2],
    ["XENSERVER_BUILD", build],
    ["DDK_KERNEL_VERSION", kernelVersion]
  ];
  return variables.flatMap(([name, value]) => value ? [[name, value]] : []);
}
function profileScript(variables) {
  const lines = variables.map(([name, value]) => `${name}=${shellQuote(value)}
export ${name}
`);
  return `# Which DDK this image was made of.
${lines.join("")}`;
}

// src/image/environment/environment.ts
function buildEnvironment(root, identity, created, warn) {
  const variables = ddkVariables(identity);
  const { kernelVersion = "", architecture = "x86_64" } = identity;
  const version2 = kernelVersion && kernelBuild(root, kernelVersion);
  const uname = { path: "/usr/local/bin/uname", mode: 493, text: unameScript({ release: kernelVersion, version: version2, architecture }) };
  const profile = { path: "/etc/profile.d/xenserver-ddk.sh", mode: 420, text: profileScript(variables) };
  const files2 = [[uname, "so none is added, and uname may report the host machine"]];
  if (variables.length > 0) files2.push([profile, "so login shells may lack the variables that identify the DDK"]);
  return {
    layer: tarOf(place(root, files2, created, warn)),
    env: variables.map(([name, value]) => `${name}=${value}`),
    entrypoint: architecture === "i686" ? entrypoint32(root, warn) : []
  };
}
function place(root, files2, mtime, warn) {
  const entries4 = /* @__PURE__ */ new Map();
  for (const [file, ifItCannotBe] of files2) {
    const placed = placeFile(root, file, mtime);
    if ("obstacle" in placed) warn(`${placed.obstacle}, ${ifItCannotBe}`);
    else for (const entry2 of placed.entries) entries4.set(entry2.path.toString("latin1"), entry2);
  }
  return [...entries4.values()].sort((a, b) => Buffer.compare(a.path, b.path));
}
function tarOf(entries4) {
  const pieces2 = [...tarPieces(entries4, { allocate: (size) => new Uint8Array(size), warn: () => {
  }, pieceSize: 64 << 10 })];
  return new Uint8Array(Buffer.concat(pieces2));
}
function entrypoint32(root, warn) {
  const command = personalityCommand(root);
  if (!command) {
    warn(
      'the root filesystem is 32-bit and has neither linux32 nor setarch, so programs that ask the kernel itself see an x86_64 machine; tell builds their target, as in "rpmbuild --target i686"'
    );
  }
  return command ?? [];
}

// src/image/tar-thread.ts
var maxPieces = 6;
async function sendTar(port, task) {
  const post = (message2, transfer = []) => port.postMessage(message2, transfer);
  const warn = (text3) => post({ kind: "warning", text: text3 });
  try {
    const root = await openRoot(task.input, { tempDir: task.tempDir, arrival: task.arrival, warn });
    try {
      const found = describe9(root, task, warn);
      const addition = task.uname === "ddk" && {
        environment: buildEnvironment(root.tree, found.identity, imageTime(found.created), warn)
      };
      post({ kind: "found", found, ...addition });
      const memory = sharedMemory(port);
      const limits6 = task.maxZeroBytes !== void 0 && { maxZeroBytes: task.maxZeroBytes };
      const note = (text3) => post({ kind: "note", text: text3 });
      const pieces2 = tarPieces(walk(root.tree), { warn: note, allocate: memory.take, filesystemSize: root.size, ...limits6 });
      let next2 = pieces2.next();
      for (; !next2.done; next2 = pieces2.next()) {
        post({ kind: "piece", piece: next2.value }, [next2.value.buffer]);
        await memory.available();
      }
      const packages = countPackages(root.tree);
      root.finish();
      post({ kind: "done", summary: next2.value, packages });
    } catch (error) {
      throw root.causeOf(error);
    } finally {
      root.close();
    }
  } catch (error) {
    const stack = error?.stack ?? "";
    post({ kind: "failed", message: sentenceOf(error), stack, ...error instanceof DiskError && { errorKind: error.kind } });
  }
  port.close();
}
function describe9(root, task, warn) {
  if (!root.disk) throw notADdkIso(task.input, root.input.iso);
  const { tree, input, place: place2, type: type2, used, lacks, unreadable } = root;
  if (lacks !== void 0) throw notARoot(place2, lacks, unreadable);
  const created = input.iso?.iso.created?.seconds ?? releaseTime(root);
  return { identity: identify(tree, warn), place: place2, type: type2, used, created, userland: findUserland(tree) };
}
function releaseTime({ tree }) {
  const release = resolve(tree, "/etc/redhat-release") ?? resolve(tree, "/etc/os-release");
  return release?.mtime.seconds ?? 0;
}
function sharedMemory(port) {
  const free = [];
  let made = 0;
  port.on("message", (buffer) => free.push(buffer));
  return {
    take(size) {
      const buffer = free.pop();
      if (buffer) return new Uint8Array(buffer, 0, size);
      made++;
      return new Uint8Array(size);
    },
    async available() {
      while (free.length === 0 && made >= maxPieces) await (0, import_node_events.once)(port, "message");
    }
  };
}

// src/image/convert-worker.ts
void sendTar(import_node_worker_threads2.parentPort, import_node_worker_threads2.workerData);
