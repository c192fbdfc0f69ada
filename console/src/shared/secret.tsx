/** An authenticator's secret: in fours, as it is easier to type, and copied without the spaces. */

import type { JSX } from "preact";
import { Copy } from "./copy";

export function Secret({ text, testId }: { readonly text: string; readonly testId: string }): JSX.Element {
  return (
    <p class="secret" dir="ltr">
      <code data-testid={testId}>{text.replace(/(.{4})(?=.)/gu, "$1 ")}</code>
      <Copy text={text} testId={`${testId}-copy`} />
    </p>
  );
}
