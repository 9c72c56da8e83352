"""Sentences about measurements, in English and Korean, and the list of words they must not hold.

Here belongs text that follows from an assessment or a zone and is printed as it stands: on the
page, in tables, in a dossier. The subject of a sentence is always the measurement, never people.
Which answer holds is decided in ``assess``; layout belongs to ``report`` and ``terminal``.
"""

from pipeline.words.claims import claim_sentence
from pipeline.words.lint import lint
from pipeline.words.tongue import ENGLISH, KOREAN, TONGUES, Tongue
from pipeline.words.zones import zone_sentence, zone_sentences

__all__ = [
    "ENGLISH",
    "KOREAN",
    "TONGUES",
    "Tongue",
    "claim_sentence",
    "lint",
    "zone_sentence",
    "zone_sentences",
]
