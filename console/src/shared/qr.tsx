/** A QR code drawn here, as one path; nothing is asked of anyone. */

import qrcode from "qrcode-generator";
import type { JSX } from "preact";

const QUIET = 4;

/** One move and one square a dark cell. */
function cells(text: string): { path: string; size: number } {
  const code = qrcode(0, "M");
  code.addData(text);
  code.make();
  const count = code.getModuleCount();
  let path = "";
  for (let row = 0; row < count; row++) {
    for (let column = 0; column < count; column++) {
      if (code.isDark(row, column)) path += `M${column + QUIET} ${row + QUIET}h1v1h-1z`;
    }
  }
  return { path, size: count + 2 * QUIET };
}

export function QrCode(props: { readonly text: string; readonly label: string }): JSX.Element {
  const { path, size } = cells(props.text);
  return (
    <svg class="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={props.label} data-testid="qr">
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
