"""Each message that docs/troubleshooting.md quotes is one that the sources can give."""

import re

from blocks import ROOT

PAGE = (ROOT / "docs" / "troubleshooting.md").read_text()


def quoted():
    """The messages: what the first column of the tables that have causes quotes."""
    found = []
    for part in PAGE.split("| message | cause | cure |\n")[1:]:
        for row in part.partition("\n\n")[0].splitlines()[1:]:
            found += re.findall(r"`([^`]+)`", row.split(" | ")[0])
    return found


def sources():
    """All text that may be a message: strings, joined where a line of C or Python breaks them, without placeholders."""
    texts = []
    for folder, endings in (("src", (".c", ".h", ".def", ".py")), ("python", (".c", ".h", ".py"))):
        for file in (ROOT / folder).rglob("*"):
            if file.suffix in endings:
                text = file.read_text(errors="replace")
                texts.append(re.sub(r'"\s*\n\s*f?"', "", text).replace("`", ""))
    return "\n".join(texts)


def test_every_quoted_message_exists():
    messages, text = quoted(), sources()
    assert len(messages) > 30
    missing = []
    for message in messages:
        for piece in message.split("…"):
            piece = piece.strip(" ,;:.()")
            if len(piece) > 3 and piece not in text:
                missing.append(f"{message}: no source says {piece!r}")
    assert not missing, "\n".join(missing)
