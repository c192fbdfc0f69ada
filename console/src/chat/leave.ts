/** Quick exit: at once, without a question; the page before is not the chat. */

import type { Phone } from "./phone";
import { newId } from "./phone";
import { send } from "./stream";

const NEUTRAL = "/blank.html";

/** Replace this page by an empty one, so that Back leads nowhere. */
export function goNeutral(phone: Phone): void {
  phone.wipe();
  document.title = "Notes";
  document.body.replaceChildren();
  history.replaceState(null, "", NEUTRAL); // should the next line fail for want of a network
  location.replace(NEUTRAL);
}

/** Tell the bot (it deletes what it can), and go. Nothing is waited for. */
export function leaveNow(phone: Phone): void {
  void send(phone.secret(), { id: newId(), kind: "text", text: "00" });
  goNeutral(phone);
}
