/** What somebody sees whose key no coordinator has put in the list yet: the words to read out. */

import type { JSX } from "preact";
import { base64 } from "../crypto";
import { t } from "../shared/i18n";
import { Notice } from "../shared/ui";
import { useWords } from "./people/screen";
import type { Open } from "./session";

export function NotAdmitted({ open }: { readonly open: Open }): JSX.Element {
  const words = useWords({ kem: base64(open.keys.kem.public), sign: base64(open.keys.sign.public) });
  return (
    <Notice kind="warn" testId="not-admitted">
      {open.over
        ? t("The list of members is out of date. A coordinator must sign a new one.")
        : t("A coordinator has not admitted your key yet. Until then nothing is sealed to you.")}{" "}
      {words === "" ? null : (
        <>
          {t("Read these six words to a coordinator:")} <strong dir="ltr" data-testid="my-words">{words}</strong>
        </>
      )}
    </Notice>
  );
}
