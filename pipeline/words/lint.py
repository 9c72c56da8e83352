"""What generated text must never say, because a measurement cannot say it.

Here belong the patterns in both languages and the check. The sentences belong to the modules
beside.
"""

from __future__ import annotations

import re
from typing import Final

BANNED: Final = (
    r"\bproves?\b",
    r"\bproven\b",
    r"\bconfirms\b",
    r"\bconfirm(ed)? that\b",
    r"\bshows? that\b",
    r"\bno activity\b",
    r"\bdespite (the )?clouds?\b",
    r"\bclearly shows?\b",
    r"\bundoubtedly\b",
    r"입증",
    r"증명",
    r"확인되었",
    r"확인됐",
    r"활동(이)? 없",
    r"구름에도 불구하고",
    r"틀림없",
)
"""Patterns that say more than a measurement can, whatever stands around them."""

SIGNIFICANT: Final = re.compile(r"\bsignificant(ly)?\b|유의(미)?(한|하게)", re.IGNORECASE)
SUPPORT: Final = (r"95 ?%", r"p ?[=<]", r"\d+ (shifted|other) windows|이동 창 \d+개")
"""What must stand in a text that calls anything significant: an interval, a p-value, its basis."""

LIKELIHOOD: Final = re.compile(
    r"\b(almost certain|very likely|likely|unlikely|even chance|remote)\b", re.IGNORECASE
)
CONFIDENCE: Final = re.compile(r"\b(high|moderate|low) confidence\b", re.IGNORECASE)


def lint(text: str) -> tuple[str, ...]:
    """What is wrong with a generated text; nothing if all is well.

    Example:
        >>> lint("This proves the claim")
        ('proves',)
        >>> lint("A significant rise")
        ('significant without interval, p-value and windows',)
        >>> lint("It is likely with high confidence.")
        ('likelihood and confidence in one sentence',)
    """
    found = [match.group(0) for one in BANNED if (match := re.search(one, text, re.IGNORECASE))]
    if SIGNIFICANT.search(text) and not all(re.search(one, text) for one in SUPPORT):
        found.append("significant without interval, p-value and windows")
    # ICD 203: a word of likelihood and one of confidence are never mixed.
    for sentence in re.split(r"(?<=[.!?])\s", text):
        without = re.sub(r"more likely|less likely", "", sentence)
        if LIKELIHOOD.search(without) and CONFIDENCE.search(sentence):
            found.append("likelihood and confidence in one sentence")
    return tuple(found)
