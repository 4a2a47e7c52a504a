// What the browser adds to pages that work without it: saving as one types, tables, uploads.
// Every module is named here, also those that only others use: a browser asks for all of them at once then.

import "./answers.js";
import "./attempt.js";
import "./changes.js";
import "./conflict.js";
import "./controls.js";
import "./dom.js";
import "./findings.js";
import "./journal.js";
import "./key.js";
import "./save_state.js";
import "./saving.js";
import "./session.js";
import "./upload_memory.js";
import "./upload_parts.js";
import "./upload_request.js";
import "./upload_view.js";
import "./versions.js";
import "./words.js";
import { prepareAnnouncements } from "./announce.js";
import { showConditional } from "./conditions.js";
import { showCounters } from "./counters.js";
import { Editor } from "./editor.js";
import { submitOnce } from "./once.js";
import { onRowButton } from "./tables.js";
import { takeUploads } from "./upload.js";

takeUploads();
prepareAnnouncements();
submitOnce();
document.addEventListener("click", onRowButton);

/** @type {HTMLFormElement | null} */
const form = document.querySelector("form[data-editor]");
if (form) new Editor(form);
showCounters();
for (const name of ["input", "change"]) document.addEventListener(name, showConditional);
showConditional();
