// The public page about the end of a contract: times in the reader's zone, also in pieces that arrive later.
import { show } from "./times.js";

show(document);
document.addEventListener("htmx:afterSwap", () => show(document));
