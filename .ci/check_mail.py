#!/usr/bin/env python3
"""Reads the .eml files of a folder with Python's own parser and lists what is
wrong with them: a second opinion, from code that shares nothing with ours.

usage: check_mail.py FOLDER
"""

import re
import sys
from collections import Counter, defaultdict
from email import message_from_bytes, policy
from pathlib import Path
from urllib.parse import urlsplit

EVERY_MAIL = ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version"]
ISSUE_MAIL = ["List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "Precedence", "Feedback-ID"]


def check_headers(mail):
    wanted = EVERY_MAIL if mail["Auto-Submitted"] else EVERY_MAIL + ISSUE_MAIL
    for name in wanted:
        values = mail.get_all(name, [])
        if len(values) != 1 or not str(values[0]).strip():
            yield f"{name}: {len(values)} of them, want one"
    for name, value in mail.items():
        for defect in getattr(value, "defects", ()):
            yield f"{name}: {type(defect).__name__} {defect}"
    for name in ("From", "To"):
        if mail[name] is not None and len(mail[name].addresses) != 1:
            yield f"{name}: {len(mail[name].addresses)} addresses, want one"
    for name in ("Cc", "Bcc", "User-Agent", "X-Mailer"):
        if name in mail:
            yield f"{name}: must not be there"
    if mail["Date"] is not None and mail["Date"].datetime is None:
        yield f"Date: {mail['Date']!r} is no date"


def check_parts(mail):
    types = [part.get_content_type() for part in mail.walk()]
    if types != ["multipart/alternative", "text/plain", "text/html"]:
        yield f"parts {types}, want a text and an HTML alternative"
    for part in mail.walk():
        kind = part.get_content_type()
        if not part.is_multipart():
            if not body(part).strip():
                yield f"{kind}: empty"
            if "\ufffd" in body(part):
                yield f"{kind}: bytes that are not {part.get_content_charset()}"
        # Some defects show only once the content has been decoded.
        for defect in part.defects:
            yield f"{kind}: {type(defect).__name__} {defect}"


def body(part):
    return part.get_content() if part.get_content_maintype() == "text" else ""


def recipient(mail):
    return mail["To"].addresses[0].addr_spec if mail["To"] is not None and mail["To"].addresses else ""


def token(mail):
    """The last element of the one-click address: who unsubscribes by it."""
    match = re.search(r"<(https?://[^>]+)>", re.sub(r"\s", "", str(mail["List-Unsubscribe"] or "")))
    return urlsplit(match[1]).path.rsplit("/", 1)[-1] if match else ""


def path_elements(text):
    return {element for url in re.findall(r"https?://[^\s\"'<>)]+", text) for element in urlsplit(url).path.split("/")}


def check_tokens(mails):
    """One token a recipient, one recipient a token, and no one else's in the body."""
    recipients, tokens = defaultdict(set), defaultdict(set)
    for mail in mails.values():
        if token(mail):
            recipients[token(mail)].add(recipient(mail))
            tokens[recipient(mail)].add(token(mail))
    for name, mail in mails.items():
        own = token(mail)
        if not own:
            if not mail["Auto-Submitted"]:
                yield name, "no unsubscribe token"
            continue
        if len(recipients[own]) > 1:
            yield name, f"token shared by {sorted(recipients[own])}"
        if len(tokens[recipient(mail)]) > 1:
            yield name, f"{recipient(mail)} has several tokens"
        for part in mail.walk():
            if part.is_multipart():
                continue
            found = path_elements(body(part)) & recipients.keys()
            if found != {own}:
                yield name, f"{part.get_content_type()}: tokens {sorted(found)}, want {own} alone"


def check_message_ids(mails):
    for message_id, count in Counter(str(mail["Message-ID"]) for mail in mails.values()).items():
        if count > 1:
            yield "", f"Message-ID {message_id} occurs {count} times"


def check(folder):
    files = sorted(Path(folder).glob("*.eml"))
    if not files:
        yield folder, "no .eml file"
    mails = {file.name: message_from_bytes(file.read_bytes(), policy=policy.default) for file in files}
    for name, mail in mails.items():
        for problem in (*check_headers(mail), *check_parts(mail)):
            yield name, problem
    yield from check_tokens(mails)
    yield from check_message_ids(mails)


def main(arguments):
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    problems = list(check(arguments[0]))
    for name, problem in problems:
        print(f"{name}: {problem}" if name else problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
