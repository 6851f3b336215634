"""Looks at the mails that a real server delivered, with other libraries than those that wrote them:
Python's own `email` reads them, dkimpy verifies their signatures.

    check.py MAILDIR EXPECTED

EXPECTED is a JSON object: `recipients` (address: name), `record_name` and `record` (the DKIM record
that `timeattack check` says to publish), `image` (the inline picture as base64), `unsubscribe` (what
each link begins with). Exits 1 and says what is wrong with which mail.
"""

import base64
import email
import email.header
import email.policy
import email.utils
import html.parser
import json
import pathlib
import sys

import dkim

# RFC 5322 §3.6 and RFC 8058 §3.1: each of these exactly once.
ONCE = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Feedback-ID",
    "X-Timeattack-Delivery",
    "DKIM-Signature",
]
# RFC 8058 §4: these must be covered by the signature.
SIGNED = ["from", "to", "subject", "date", "message-id", "list-unsubscribe", "list-unsubscribe-post"]


def faults_of(raw: bytes, expected: dict) -> list[str]:
    faults = []
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    faults += [f"parsed with a defect: {defect!r}" for part in mail.walk() for defect in part.defects]
    for name in ONCE:
        if len(mail.get_all(name, [])) != 1:
            faults.append(f"{name} is there {len(mail.get_all(name, []))} times")
    if faults:
        return faults

    if not dkim.verify(raw, dnsfunc=record_of(expected)):
        faults.append("its DKIM signature does not verify")
    tags = dkim.util.parse_tag_value(mail["DKIM-Signature"].encode())
    covered = [name.strip().lower() for name in tags[b"h"].decode().split(":")]
    faults += [f"{name} is not signed" for name in SIGNED if name not in covered]
    if b"l" in tags:
        faults.append("the signature covers a part of the body only")
    # What was changed must not verify: a check that cannot fail proves nothing.
    if dkim.verify(raw.replace(b"Subject: ", b"Subject: x", 1), dnsfunc=record_of(expected)):
        faults.append("a forged subject verifies")

    addressed, to = recipient_of(raw)
    name = expected["recipients"].get(to)
    if name is None:
        return faults + [f"nobody wanted a mail to {to}"]
    if addressed != name:
        faults.append(f"it is addressed to {addressed!r}, not {name!r}")
    if mail["List-Unsubscribe-Post"] != "List-Unsubscribe=One-Click":
        faults.append("no one-click unsubscribing")
    urls = [url.strip(" <>") for url in mail["List-Unsubscribe"].split(",")]
    if not urls[0].startswith(expected["unsubscribe"]) or not urls[-1].startswith("mailto:"):
        faults.append(f"List-Unsubscribe is {urls}")

    text, page = mail.get_body(["plain"]), mail.get_body(["html"])
    if text is None or page is None:
        return faults + ["it has no text or no HTML"]
    reader = Reader()
    reader.feed(page.get_content())
    if name not in text.get_content() or name not in "".join(reader.texts):
        faults.append(f"it does not call {name!r} by name")
    if urls[0] not in text.get_content() or reader.links != [urls[0]]:
        faults.append(f"its links lead to {reader.links}")
    if not reader.tags <= {"style", "p", "img", "a"}:
        faults.append(f"a name became a tag: {reader.tags}")
    shape = [part.get_content_type() for part in mail.walk()]
    if shape != ["multipart/related", "multipart/alternative", "text/plain", "text/html", "image/png"]:
        faults.append(f"its parts are {shape}")
    images = [part for part in mail.walk() if part.get_content_maintype() == "image"]
    for image in images:
        if f"cid:{image['Content-ID'].strip('<>')}" not in reader.pictures:
            faults.append("its picture is shown nowhere")
        if image.get_content() != base64.b64decode(expected["image"]):
            faults.append("its picture is another")
    return faults


class Reader(html.parser.HTMLParser):
    """What somebody sees who opens the HTML."""

    def __init__(self):
        super().__init__()
        self.texts, self.links, self.pictures, self.tags = [], [], [], set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        attrs = dict(attrs)
        if tag == "a":
            self.links.append(attrs.get("href"))
        if tag == "img":
            self.pictures.append(attrs.get("src"))

    def handle_data(self, data):
        self.texts.append(data)


def recipient_of(raw: bytes) -> tuple[str, str]:
    """Name and address. By the older interface: the newer one leaves a space too many between encoded
    words (RFC 2047 §6.2 wants none)."""
    name, address = email.utils.parseaddr(email.message_from_bytes(raw)["To"])
    return str(email.header.make_header(email.header.decode_header(name))), address


def record_of(expected: dict):
    """DNS as the domain's owner would have set it."""

    def lookup(name: bytes, timeout: int = 5) -> bytes | None:
        asked = name.decode().rstrip(".")
        return expected["record"].encode() if asked == expected["record_name"] else None

    return lookup


def main() -> int:
    maildir, expected = pathlib.Path(sys.argv[1]), json.loads(pathlib.Path(sys.argv[2]).read_text())
    files = sorted((maildir / "new").iterdir())
    wrong = 0
    seen: dict[str, str] = {}
    ids: set[str] = set()
    for file in files:
        raw = file.read_bytes()
        for fault in faults_of(raw, expected):
            print(f"{file.name}: {fault}", file=sys.stderr)
            wrong += 1
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        _, to = recipient_of(raw)
        if to in seen:
            print(f"{to} got two mails: {seen[to]} and {file.name}", file=sys.stderr)
            wrong += 1
        seen[to] = file.name
        ids.add(mail["Message-ID"])
    for missing in expected["recipients"].keys() - seen.keys():
        print(f"{missing} got no mail", file=sys.stderr)
        wrong += 1
    if len(ids) != len(files):
        print("some mails share a Message-ID", file=sys.stderr)
        wrong += 1
    print(f"{len(files)} mails looked at, {wrong} faults")
    return 1 if wrong or not files else 0


if __name__ == "__main__":
    sys.exit(main())
