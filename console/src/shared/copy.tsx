/** A button that copies, and says that it did. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { t } from "./i18n";
import { Button } from "./ui";

export function Copy(props: { readonly text: string; readonly testId: string }): JSX.Element {
  const [state, setState] = useState<"" | "done" | "failed">("");
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(props.text);
      setState("done");
    } catch {
      setState("failed");
    }
  };
  return (
    <>
      <Button testId={props.testId} onClick={() => void copy()}>
        {state === "done" ? t("Copied") : t("Copy")}
      </Button>
      <span class="visually-hidden" role="status">
        {state === "done" ? t("Copied") : state === "failed" ? t("Copying did not work. Select it and copy it by hand.") : ""}
      </span>
    </>
  );
}
