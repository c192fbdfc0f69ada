/** Entry of `/chat`. */

import "../shared/base.css";
import "./chat.css";
import { render } from "preact";
import { browserLocale, learn } from "../shared/i18n";
import { Chat } from "./app";
import { Phone, phoneName } from "./phone";

const place = document.getElementById("app");
if (place) {
  await learn(browserLocale());
  place.replaceChildren();
  render(<Chat phone={new Phone(phoneName(location.search))} />, place);
}
