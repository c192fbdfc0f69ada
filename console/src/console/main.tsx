/** Entry of `/console`. */

import "../shared/base.css";
import "./console.css";
import { render } from "preact";
import { browserLocale, learn } from "../shared/i18n";
import { App } from "./app";
import { rememberedLocale } from "./language";

const place = document.getElementById("app");
if (place) {
  await learn(rememberedLocale(browserLocale()));
  render(<App />, place);
}
