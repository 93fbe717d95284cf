"""The verdict: what a check came to. Not enough to judge is a value of its own."""

from enum import StrEnum


class Verdict(StrEnum):
    PASS = "Pass"
    FAIL = "Fail"
    INCONCLUSIVE = "Inconclusive"
